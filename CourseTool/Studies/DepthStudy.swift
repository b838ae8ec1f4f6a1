import CourseCommandLine
import ExplorationNetworks
import Foundation
import Pictures

/// Shows why deep networks need shortcuts.
enum DepthStudy: Study {
  static let name = "depth"
  static let abstract = "Networks of 8, 20 and 32 layers, with shortcuts and without."
  static let explanation = """
    Convolutional networks of 8, 20 and 32 layers with batch normalisation (task 5.1) are trained on the
    bundled digits, for 8 epochs with batches of 64: plain, and with a shortcut around every two layers.
    The picture shows the training loss by epoch, and before training the norm of the gradient of each
    convolution's weights.
    """

  static let depths = [8, 20, 32]

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let repeats = settings.repeats ?? 1
    let epochs = settings.epochs ?? 8
    session = session.expecting(2 * depths.count * repeats)
    var table = StudyTable(columns: [
      "layers", "plain: train loss", "plain: test accuracy", "residual: train loss",
      "residual: test accuracy",
    ])
    var data = StudyTable(columns: ["layers", "shortcuts", "seed", "epoch", "train loss"])
    var rows = depths.map { [StudyTable.Cell.count($0)] }
    var (losses, gradients): ([Figure], [Figure]) = ([], [])
    var (allLosses, allGradients): ([Double], [Double]) = ([], [])
    // Of the plain networks and of the residual ones, by depth.
    var (finalLosses, ratios): ([[Double]], [[Double]]) = ([[], []], [[], []])
    for (kind, shortcuts) in [false, true].enumerated() {
      let title = shortcuts ? "residual" : "plain"
      var loss = Figure(
        title: "Loss, \(title)", x: .epochs, y: .init("training loss", scale: .logarithmic))
      var norms = Figure(
        title: "Gradients, \(title)", x: .init("convolution, from the input"),
        y: .init("gradient norm before training", scale: .logarithmic))
      for (place, depth) in depths.enumerated() {
        var runs: [Run] = []
        for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
          let run = try Run(
            depth: depth, shortcuts: shortcuts, epochs: epochs, examples: settings.examples,
            seed: seed, session: &session)
          runs.append(run)
          for (epoch, loss) in run.losses.enumerated() {
            data.rows.append([
              .count(depth), .text(shortcuts ? "yes" : "no"), .count(Int(seed)), .count(epoch + 1),
              .number(loss, digits: 4),
            ])
          }
          session.keep(data)
        }
        func mean(_ values: (Run) -> Double) -> Double {
          runs.reduce(0) { $0 + values($1) } / Double(repeats)
        }
        func points(_ values: (Run) -> [Double]) -> [(x: Double, y: Double)] {
          // A run that diverged has fewer epochs.
          (0..<(runs.map { values($0).count }.min() ?? 0)).map { index in
            (Double(index + 1), mean { values($0)[index] })
          }
        }
        let last = mean { $0.losses.count == epochs ? $0.losses[epochs - 1] : .nan }
        finalLosses[kind].append(last)
        let accuracy = mean(\.accuracy)
        rows[place] += [
          last.isNaN ? .missing("diverged") : .number(last, digits: 4),
          .number(accuracy, digits: 4),
        ]
        session.report(
          "\(depth) layers, \(title): training loss \(fixed(last, 4)), test accuracy "
            + fixed(accuracy, 4))
        loss.marks.append(.line("\(depth) layers", points(\.losses)))
        norms.marks.append(.line("\(depth) layers", points(\.gradients)))
        allLosses += points(\.losses).map(\.y)
        allGradients += points(\.gradients).map(\.y)
        ratios[kind].append(mean { $0.gradients[0] / $0.gradients[$0.gradients.count - 1] })
      }
      losses.append(loss)
      gradients.append(norms)
    }
    table.rows = rows
    // One scale for both, so that they can be compared.
    func share(_ values: [Double], _ figures: inout [Figure]) {
      let shown = values.filter { $0 > 0 && $0.isFinite }
      guard let least = shown.min(), let most = shown.max(), least < most else { return }
      for index in figures.indices { figures[index].y.range = least...most }
    }
    share(allLosses, &losses)
    share(allGradients, &gradients)
    func change(_ losses: [Double]) -> String {
      "\(fixed(losses[0], 4)) to \(fixed(losses[losses.count - 1], 4))"
    }
    func ratio(_ ratios: [Double]) -> String { fixed(ratios[ratios.count - 1], 1) }
    return StudyResult(
      table: table, data: data, picture: Panels(losses + gradients, columns: 2),
      conclusion:
        "From \(depths[0]) to \(depths[depths.count - 1]) layers the training loss changes from "
        + "\(change(finalLosses[0])) without shortcuts, and from \(change(finalLosses[1])) with them. Before "
        + "training, the gradient of the first convolution of the deepest network is \(ratio(ratios[0])) times "
        + "that of the last one without shortcuts, and \(ratio(ratios[1])) times with them.")
  }

  /// One training.
  private struct Run {
    /// The training loss of each epoch.
    var losses: [Double]
    /// The norm of the gradient of each convolution on a batch, before training.
    var gradients: [Double]
    /// On the test part, after the last epoch.
    var accuracy: Double

    init(
      depth: Int, shortcuts: Bool, epochs: Int, examples: Int?, seed: UInt64,
      session: inout StudySession
    ) throws {
      let parts = try DigitsForStudies(examples: examples, seed: seed)
      func images(_ data: Dataset) throws -> Dataset {
        try Dataset(
          name: data.name, features: data.features.reshaped(to: [-1, 1, 8, 8]),
          targets: data.targets, classNames: data.classNames)
      }
      let train = try images(parts.train)
      var network = try NeuralNetwork.resNet(
        inputShape: [1, 8, 8], depth: depth, widths: [16, 32, 64], shortcuts: shortcuts,
        optimizer: Momentum(learningRate: 0.05), seed: seed)
      network.preprocessing = try .standardizingAll(train)
      gradients = Self.gradients(of: network, on: train.batch(at: 0..<min(64, train.count)))
      _ = try session.train("\(depth) layers\(shortcuts ? ", residual" : "")", &network) {
        network, callbacks in
        try network.fit(
          train,
          options: TrainingOptions(epochs: epochs, batchSize: parts.batchSize(upTo: 64)),
          callbacks: callbacks)
      }
      losses = network.progress?.history.epochs.map { Double($0.training.loss) } ?? []
      accuracy = try network.evaluate(images(parts.test)).accuracy ?? 0
    }

    /// The norm of the gradient of each 3 x 3 convolution, from the input on, before training.
    private static func gradients(of network: NeuralNetwork, on batch: TrainingBatch) -> [Double] {
      var (network, loss) = (network, SoftmaxCrossEntropyLoss())
      let features = network.preprocessing?(batch.features) ?? batch.features
      _ = loss.forward(network.forward(features), target: batch.targets)
      network.backward(loss.backward())
      var norms: [Double] = []
      network.visitParameters { _, parameter in
        // Not the projections of the shortcuts.
        guard parameter.value.shape.suffix(2) == [3, 3], let gradient = parameter.gradient else {
          return
        }
        norms.append(Double(square(gradient).sum()).squareRoot())
      }
      return norms
    }
  }
}
