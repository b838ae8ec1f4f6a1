import CourseCommandLine
import Networks
import Pictures

/// Compares recurrent networks on a long-range dependency.
enum AddingProblemStudy: Study {
  static let name = "adding-problem"
  static let abstract = "Elman network, LSTM and GRU: which one remembers over 100 steps?"
  static let explanation = """
    In each sequence of numbers two are marked, and the target is their sum. Three networks with one
    recurrent and one dense layer are trained with Adam, with gradients clipped to norm 1. A constant
    prediction of 1 has a mean squared error of 0.167; an error below 0.01 on test sequences counts as
    solved.
    """

  static let guessing = 1.0 / 6
  static let solved = 0.01

  /// Ends a run when the problem is clearly solved.
  private struct StopWhenSolved: TrainingCallback {
    mutating func epochEnded(
      _ report: EpochReport, network: inout NeuralNetwork
    ) throws -> TrainingControl {
      (report.validation?.loss ?? 1) < AddingProblemStudy.solved / 10 ? .stop : .proceed
    }
  }

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let length = settings.length ?? 100
    let count = settings.examples ?? 2500
    let epochs = settings.epochs ?? 50
    let train = try Dataset.addingProblem(count: count, length: length, seed: settings.seed)
    let validation = try Dataset.addingProblem(
      count: min(500, count), length: length, seed: settings.seed &+ 1_000_003)
    let test = try Dataset.addingProblem(
      count: min(1000, count), length: length, seed: settings.seed &+ 2_000_003)

    session = session.expecting(RecurrentCell.allCases.count)
    var table = StudyTable(columns: [
      "network", "parameters", "epochs", "sequences seen", "test error", "solved", "seconds",
    ])
    var data = StudyTable(columns: ["network", "epoch", "sequences seen", "validation error"])
    var figure = Figure(
      title: "The adding problem of length \(length)", x: .init("training sequences seen"),
      y: .init("mean squared error", scale: .logarithmic))
    var seen = 0
    for cell in RecurrentCell.allCases {
      var network = try NeuralNetwork.recurrent(
        inputShape: [length, 2], cell: cell, hiddenSizes: [48], outputSize: 1,
        loss: MeanSquaredErrorLoss(), optimizer: Adam(learningRate: 0.01), seed: settings.seed)
      let start = ContinuousClock.now
      let outcome = try session.train(cell.title, &network) { network, callbacks in
        try network.fit(
          train, validation: validation,
          options: TrainingOptions(epochs: epochs, batchSize: min(50, count), clipping: .norm(1)),
          callbacks: callbacks + [StopWhenSolved()])
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      let history = network.progress?.history.epochs ?? []
      let error = outcome == .diverged ? nil : try network.evaluate(test).loss
      seen = max(seen, history.count * count)
      table.rows.append([
        .text(cell.title), .count(network.parameterCount), .count(history.count),
        .count(history.count * count),
        error.map { .number($0, digits: 4) } ?? .missing("diverged"),
        .text((error ?? 1) < solved ? "yes" : "no"), .number(seconds, digits: 1),
      ])
      let curve = history.compactMap { epoch in
        epoch.validation.map { (x: Double((epoch.epoch + 1) * count), y: $0.loss) }
      }
      data.rows += curve.enumerated().map { place, point in
        [
          .text(cell.title), .count(place + 1), .count(Int(point.x)), .number(point.y, digits: 6),
        ]
      }
      figure.marks.append(.line(cell.title, curve))
      session.keep(data)
      session.report(
        "\(cell.title): test error \(error.map { fixed($0, 4) } ?? "diverged") after "
          + "\(counted(history.count, "epoch")), \(durationText(seconds))")
    }
    figure.marks.append(
      .line("always 1", [(0, guessing), (Double(seen), guessing)], isReference: true))
    let winners = table.rows.filter { $0[5] == .text("yes") }.map { $0[0].text }
    return StudyResult(
      table: table, data: data, picture: figure,
      conclusion: winners.isEmpty
        ? "No network solved length \(length) within the given epochs."
        : "Solved by: \(winners.joined(separator: ", ")). (A constant prediction of 1 has an error of 0.167.)"
    )
  }
}

extension RecurrentCell {
  /// The name in texts.
  var title: String {
    switch self {
    case .elman: "Elman"
    case .lstm: "LSTM"
    case .gru: "GRU"
    }
  }
}
