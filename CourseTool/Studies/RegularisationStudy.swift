import CourseCommandLine
import Foundation
import Networks
import Pictures

/// Compares regularisation methods on few examples.
enum RegularisationStudy: Study {
  static let name = "regularisation-study"
  static let abstract =
    "L1, L2, dropout, batch normalisation and early stopping on few examples."
  static let explanation = """
    A network with two hidden layers of 256 units is trained on 300 of the bundled digits, one in five of
    them with a wrong label (--noise): few enough to memorise, wrong labels included. Adam, 100 epochs,
    five seeds. For each regularisation method alone, the table shows the training accuracy, the test
    accuracy and the gap between them. Strengths were chosen on the validation part, with other seeds.
    """

  /// A regularisation method.
  private struct Method {
    let name: String
    var penalty: (any Penalty)?
    var dropout: Float = 0
    var batchNorm = false
    var stopsEarly = false
  }

  private static var methods: [Method] {
    [
      Method(name: "none"),
      Method(name: "L1", penalty: L1(0.004)),
      Method(name: "L2", penalty: L2(0.05)),
      Method(name: "dropout", dropout: 0.7),
      Method(name: "batch norm", batchNorm: true),
      Method(name: "early stopping", stopsEarly: true),
    ]
  }

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let repeats = settings.repeats ?? 5
    let noise = settings.noise ?? 0.2
    session = session.expecting(methods.count * repeats)
    var table = StudyTable(columns: ["method", "training", "test", "gap", "test loss", "epochs"])
    var data = StudyTable(columns: [
      "method", "seed", "training accuracy", "validation accuracy", "test accuracy", "test loss",
      "epochs",
    ])
    var (training, tests): ([Double], [Double]) = ([], [])
    for method in methods {
      var sums = [0.0, 0, 0, 0]
      for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
        let parts = try DigitsForStudies(
          examples: settings.examples ?? 300, noise: noise, seed: seed)
        var network = try DigitsForStudies.network(
          hiddenSizes: [256, 256], batchNorm: method.batchNorm, dropout: method.dropout,
          optimizer: Adam(learningRate: 0.001), seed: seed)
        network.preprocessing = try .standardizingAll(parts.train)
        network.penalty = method.penalty
        let outcome = try session.train(method.name, &network) { network, callbacks in
          try network.fit(
            parts.train, validation: method.stopsEarly ? parts.validation : nil,
            options: TrainingOptions(
              epochs: settings.epochs ?? 100, batchSize: parts.batchSize(upTo: 25)),
            callbacks: callbacks + (method.stopsEarly ? [EarlyStopping(patience: 10)] : []))
        }
        guard outcome == .finished else {
          throw CourseError(
            .diverged, "training with \(method.name) diverged", location: "seed \(seed)")
        }
        // The penalty is part of the training objective, not of the test loss.
        network.penalty = nil
        let (train, test) = (
          try network.evaluate(parts.train), try network.evaluate(parts.test)
        )
        let validation = try network.evaluate(parts.validation).accuracy ?? 0
        let epochs = network.progress?.epoch ?? 0
        let values = [train.accuracy ?? 0, test.accuracy ?? 0, test.loss, Double(epochs)]
        for place in sums.indices { sums[place] += values[place] / Double(repeats) }
        data.rows.append([
          .text(method.name), .count(Int(seed)), .number(values[0], digits: 4),
          .number(validation, digits: 4),
          .number(values[1], digits: 4), .number(values[2], digits: 4), .count(epochs),
        ])
        session.keep(data)
      }
      table.rows.append([
        .text(method.name), .number(sums[0], digits: 4), .number(sums[1], digits: 4),
        .number(sums[0] - sums[1], digits: 4), .number(sums[2], digits: 3),
        .number(sums[3], digits: 0),
      ])
      training.append(sums[0])
      tests.append(sums[1])
      session.report(
        "\(method.name): training \(fixed(sums[0], 4)), test \(fixed(sums[1], 4))")
    }
    var figure = Figure(
      title: "Few examples: training and test accuracy",
      x: .init(categories: methods.map(\.name)), y: .init("accuracy", range: 0...1))
    figure.marks = [.bars("training", training, digits: 3), .bars("test", tests, digits: 3)]
    let best = tests.indices.max { tests[$0] < tests[$1] } ?? 0
    return StudyResult(
      table: table, data: data, picture: figure,
      conclusion: "Mean of \(counted(repeats, "seed")). Best test accuracy: \(methods[best].name), "
        + "\(fixed(tests[best], 4)); without regularisation \(fixed(tests[0], 4)).")
  }
}
