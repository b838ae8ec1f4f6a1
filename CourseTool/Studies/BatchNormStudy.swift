import CourseCommandLine
import Foundation
import Networks
import Pictures

/// Compares learning rates with and without batch normalisation.
enum BatchNormStudy: Study {
  static let name = "batchnorm-study"
  static let abstract = "Learning rates from 1e-4 to 1, with and without batch normalisation."
  static let explanation = """
    A network with eight hidden layers of 64 units and ReLU is trained on the bundled digits by plain
    gradient descent, for 20 epochs with batches of 32: with and without batch normalisation before each
    ReLU, at nine learning rates, with three seeds each. The table shows the test accuracy.
    """

  static let learningRates: [Float] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1]

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let repeats = settings.repeats ?? 3
    session = session.expecting(learningRates.count * 2 * repeats)
    var table = StudyTable(columns: ["learning rate", "without", "with batch norm"])
    var data = StudyTable(columns: [
      "learning rate", "batch norm", "seed", "diverged", "train loss", "test accuracy",
    ])
    var curves: [[(x: Double, y: Double)]] = [[], []]
    for rate in learningRates {
      var cells: [StudyTable.Cell] = [.text(shortNumber(rate))]
      for (place, hasBatchNorm) in [false, true].enumerated() {
        var accuracies: [Double] = []
        var diverged = 0
        for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
          let parts = try DigitsForStudies(examples: settings.examples, seed: seed)
          var network = try DigitsForStudies.network(
            hiddenSizes: [Int](repeating: 64, count: 8), batchNorm: hasBatchNorm,
            optimizer: SGD(learningRate: rate), seed: seed)
          network.preprocessing = try .standardizingAll(parts.train)
          let title = "rate \(shortNumber(rate)) \(hasBatchNorm ? "with" : "without") batch norm"
          let outcome = try session.train(title, &network) { network, callbacks in
            try network.fit(
              parts.train,
              options: TrainingOptions(
                epochs: settings.epochs ?? 20, batchSize: parts.batchSize(upTo: 32)),
              callbacks: callbacks)
          }
          let isFinite = outcome == .finished
          // A diverged network predicts no better than chance.
          let accuracy = isFinite ? try network.evaluate(parts.test).accuracy ?? 0 : nil
          let loss = network.progress?.history.epochs.last?.training.loss
          accuracies.append(accuracy ?? 0.1)
          diverged += isFinite ? 0 : 1
          data.rows.append([
            .number(Double(rate), digits: 4), .text(hasBatchNorm ? "yes" : "no"),
            .count(Int(seed)), .text(isFinite ? "no" : "yes"),
            isFinite ? loss.map { .number($0, digits: 4) } ?? .missing("-") : .missing("-"),
            accuracy.map { .number($0, digits: 4) } ?? .missing("diverged"),
          ])
          session.keep(data)
        }
        let mean = accuracies.reduce(0, +) / Double(repeats)
        cells.append(diverged == repeats ? .missing("diverged") : .number(mean, digits: 4))
        curves[place].append((Double(rate), mean))
      }
      table.rows.append(cells)
      session.report(
        "rate \(cells[0].text): \(cells[1].text) without, \(cells[2].text) with batch norm")
    }
    var figure = Figure(
      title: "Batch norm and the learning rate", x: .init("learning rate", scale: .logarithmic),
      y: .init("test accuracy after \(settings.epochs ?? 20) epochs", range: 0...1))
    figure.marks = [
      .line("without batch norm", curves[0]), .line("with batch norm", curves[1]),
      .line("chance", [(1e-4, 0.1), (1, 0.1)], isReference: true),
    ]
    func good(_ curve: [(x: Double, y: Double)]) -> String {
      let rates = curve.filter { $0.y >= 0.95 }.map { shortNumber(Float($0.x)) }
      return rates.isEmpty ? "none" : rates.joined(separator: ", ")
    }
    return StudyResult(
      table: table, data: data, picture: figure,
      conclusion:
        "Learning rates with a test accuracy of at least 0.95: without batch normalisation "
        + "\(good(curves[0])); with it \(good(curves[1])). A diverged run counts as 0.1."
    )
  }
}

/// The bundled digits for studies: a training part of any size, and always the same test part.
struct DigitsForStudies {
  let train: Dataset
  let validation: Dataset
  let test: Dataset

  /// - Parameters:
  ///   - examples: the number of training examples; `nil` for 70 % of all
  ///   - noise: the fraction of wrong training labels
  init(examples: Int?, noise: Double = 0, seed: UInt64) throws {
    let parts = try Dataset.digits.split(seed: seed)
    if let examples {
      guard examples <= parts.train.count else {
        throw UsageError("'--examples' can be at most \(parts.train.count) of the bundled digits")
      }
      guard examples >= 2 else {
        throw UsageError(
          "'--examples' must be at least 2: one example has no variance for batch normalisation")
      }
      train = try Self.mislabelled(
        parts.train.subset(
          RandomKey(seed: seed).folded("few").permutation(of: parts.train.count).prefix(examples)
            .sorted()), share: noise, seed: seed)
    } else {
      train = try Self.mislabelled(parts.train, share: noise, seed: seed)
    }
    validation = parts.validation
    test = parts.test
  }

  /// The largest batch size up to `limit` that leaves no last batch of one example, which has no variance for
  /// batch normalisation.
  func batchSize(upTo limit: Int) -> Int {
    let count = train.count
    return (2...min(limit, count)).last { count % $0 != 1 } ?? count
  }

  /// The same examples with a fraction of their labels replaced by another class.
  private static func mislabelled(
    _ data: Dataset, share: Double, seed: UInt64
  ) throws -> Dataset {
    guard share > 0, let classCount = data.classCount else { return data }
    var labels = data.targets.classIndices
    let key = RandomKey(seed: seed).folded("mislabelled")
    var draws = key.folded("labels").generator
    let wrong = Int((Double(data.count) * share).rounded())
    for place in key.permutation(of: data.count).prefix(wrong) {
      let shift = 1 + Int(draws.next() % UInt64(classCount - 1))
      labels[place] = (labels[place] + shift) % classCount
    }
    return try Dataset(
      name: data.name, features: data.features, targets: .classes(labels),
      classNames: data.classNames)
  }

  /// A multilayer perceptron for the digits, with the layers to compare.
  static func network(
    hiddenSizes: [Int], batchNorm: Bool = false, dropout: Float = 0, optimizer: any Optimizer,
    seed: UInt64
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [64], loss: SoftmaxCrossEntropyLoss(), optimizer: optimizer, seed: seed)
    for size in hiddenSizes {
      try network.append(Dense(inputSize: network.outputShape[0], outputSize: size))
      if batchNorm { try network.append(BatchNorm(channels: size)) }
      try network.append(ReLU())
      if dropout > 0 { try network.append(Dropout(rate: dropout)) }
    }
    try network.append(Dense(inputSize: network.outputShape[0], outputSize: 10))
    return network
  }
}
