import Foundation
import Networks

extension Figure {
  /// The loss after each epoch, on the training data and, where there are any, on the validation data, with the
  /// best epoch marked.
  ///
  ///     try Figure.loss(of: network.progress!.history).write(to: URL(filePath: "loss.svg"))
  public static func loss(of history: TrainingHistory) -> Figure {
    curves(
      of: history, title: "Loss", value: \.loss, isBetter: <,
      // A loss falls by powers of ten; one that is 0 or below has no logarithm.
      scale: history.epochs.allSatisfy {
        $0.training.loss > 0 && ($0.validation?.loss ?? 1) > 0
      } ? .logarithmic : .linear)
  }

  /// The accuracy after each epoch; `nil` when the network does not classify.
  public static func accuracy(of history: TrainingHistory) -> Figure? {
    metric("accuracy", of: history)
  }

  /// A metric after each epoch, such as "mean IoU"; `nil` where none of this name was measured.
  ///
  /// The best epoch is marked where it is known whether larger values are better.
  public static func metric(_ name: String, of history: TrainingHistory) -> Figure? {
    guard history.epochs.contains(where: { $0.training.metrics[name] != nil }) else { return nil }
    // Those of a task have its name in front.
    let shares = ["accuracy", "mean IoU", "mean IoU without background"]
    let isBetter: ((Double, Double) -> Bool)? =
      (shares + ["R2"]).contains(where: name.hasSuffix)
      ? (>) : ["RMSE", "MAE"].contains(where: name.hasSuffix) ? (<) : nil
    var figure = curves(
      of: history, title: name.prefix(1).uppercased() + name.dropFirst(), label: name,
      value: { $0.metrics[name] ?? .nan }, isBetter: isBetter, scale: .linear)
    if shares.contains(where: name.hasSuffix) { figure.y.limits = 0...1 }
    return figure
  }

  /// A figure of each number that a training measured: the loss, of a text the perplexity, and the metrics.
  /// - Parameter perplexity: that of scores on a text; `nil` for other data
  public static func curves(
    of history: TrainingHistory, perplexity: ((Scores) -> Double)? = nil
  ) -> [Figure] {
    let metrics = Set(history.epochs.flatMap(\.training.metrics.keys)).sorted()
    let perplexities = perplexity.map {
      curves(of: history, title: "Perplexity", value: $0, isBetter: <, scale: .linear)
    }
    return [.loss(of: history)] + (perplexities.map { [$0] } ?? [])
      + metrics.compactMap { .metric($0, of: history) }
  }

  /// The learning rate of each epoch.
  public static func learningRate(of history: TrainingHistory) -> Figure {
    let rates = history.epochs.map { Double($0.learningRate) }
    var figure = Figure(
      title: "Learning rate", x: .epochs,
      y: .init("learning rate", range: 0...max(1.1 * (rates.max() ?? 1), 1e-12)))
    figure.marks = [
      .line("", zip(history.epochs, rates).map { (Double($0.epoch + 1), $1) })
    ]
    return figure
  }

  private static func curves(
    of history: TrainingHistory, title: String, label: String? = nil, value: (Scores) -> Double,
    isBetter: ((Double, Double) -> Bool)?, scale: Scale
  ) -> Figure {
    var figure = Figure(
      title: title, x: .epochs, y: .init(label ?? title.lowercased(), scale: scale))
    let epochs = history.epochs
    func points(_ scores: (EpochReport) -> Scores?) -> [(x: Double, y: Double)] {
      epochs.compactMap { epoch in
        scores(epoch).map { (x: Double(epoch.epoch + 1), y: value($0)) }
      }
    }
    let training = points(\.training)
    let validation = points(\.validation)
    figure.marks = [.line("training", training)]
    if !validation.isEmpty { figure.marks.append(.line("validation", validation)) }
    let judged = (validation.isEmpty ? training : validation).filter { $0.y.isFinite }
    if let isBetter, let best = judged.min(by: { isBetter($0.y, $1.y) }) {
      figure.marks.append(
        .points("best: epoch \(Int(best.x))", [best], color: .series(2)))
    }
    return figure
  }
}

extension Figure {
  /// The loss over the learning rate in a range test, with the suggested rate marked.
  public static func learningRateRangeTest(_ test: LearningRateRangeTest) -> Figure {
    let points = zip(test.rates, test.losses).map { (x: Double($0), y: $1) }
    // The last losses may be larger by powers of ten than all that matters.
    let top = 1.5 * (test.losses.first ?? 1)
    let isPositive = test.losses.allSatisfy { $0 > 0 }
    let least = test.losses.min() ?? 0
    var figure = Figure(
      title: "Range test of the learning rate",
      x: .init("learning rate", scale: .logarithmic),
      y: .init(
        "loss", scale: isPositive ? .logarithmic : .linear,
        range: least < top ? least...top : nil))
    figure.marks = [.line("loss", points, hasMarkers: false)]
    if let place = test.rates.indices.min(by: {
      abs(log(test.rates[$0] / test.learningRate)) < abs(log(test.rates[$1] / test.learningRate))
    }) {
      figure.marks.append(
        .points("falls fastest: \(test.learningRate)", [points[place]], color: .series(2)))
    }
    return figure
  }
}

extension Panels {
  /// The loss after each epoch and the other numbers that were measured, side by side.
  /// - Parameters:
  ///   - perplexity: that of scores on a text; `nil` for other data
  ///   - rangeTest: the test that found the learning rate; its figure follows
  public static func curves(
    of history: TrainingHistory, perplexity: ((Scores) -> Double)? = nil,
    rangeTest: LearningRateRangeTest? = nil
  ) -> Panels {
    Panels(
      Figure.curves(of: history, perplexity: perplexity)
        + (rangeTest.map { [.learningRateRangeTest($0)] } ?? []), columns: 2)
  }
}
