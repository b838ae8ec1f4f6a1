import CourseCommandLine
import Networks
import Pictures

/// Shows gradient descent on one sigmoid neuron.
enum NeuronStudy: Study {
  static let name = "neuron"
  static let abstract =
    "Gradient descent on one sigmoid neuron: cost, accuracy and its line."
  static let explanation = """
    The BinaryClassifier of task 0.9, one neuron with a sigmoid, learns two blobs, two moons and XOR by
    gradient descent on all examples at once, 200 epochs (--epochs). Its boundary is a straight line, so two
    moons are learnt in part and XOR not at all. The animation shows the line on the two moons.
    """
  static let isAnimated = true

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let count = settings.examples ?? 200
    let epochs = settings.epochs ?? 200
    var table = StudyTable(columns: ["data", "cost at first", "cost", "accuracy"])
    var data = StudyTable(columns: ["data", "epoch", "cost", "accuracy"])
    var figure = Figure(
      title: "One neuron: cost over epochs", x: .epochs, y: .init("cost", range: 0...0.8))
    let sets: [(name: String, data: Dataset)] = [
      ("blobs", try .blobs(count: count, seed: settings.seed)),
      ("moons", try .moons(count: count, seed: settings.seed)),
      ("xor", try .xor(count: count, seed: settings.seed)),
    ]
    let progress = session.progress("learning", total: sets.count)
    defer { progress.clear() }
    for set in sets {
      if Interruption.isRequested { throw Interruption.status }
      var neuron = BinaryClassifier(inputCount: 2)
      let scores = neuron.fit(
        set.data.features, labels: set.data.targets.classIndices, epochs: epochs)
      table.rows.append([
        .text(set.name), .number(Double(scores.first?.cost ?? .nan), digits: 4),
        .number(Double(scores.last?.cost ?? .nan), digits: 4),
        .number(Double(scores.last?.accuracy ?? .nan), digits: 4),
      ])
      data.rows += scores.enumerated().map { epoch, score in
        [
          .text(set.name), .count(epoch), .number(Double(score.cost), digits: 6),
          .number(Double(score.accuracy), digits: 6),
        ]
      }
      figure.marks.append(
        .line(
          set.name, scores.enumerated().map { (Double($0.offset), Double($0.element.cost)) },
          hasMarkers: false))
      progress.advance()
      session.keep(data)
    }
    return StudyResult(
      table: table, data: data, picture: figure,
      animation: Animation(try frames(of: sets[1].data, epochs: epochs)),
      conclusion:
        "A neuron draws a straight line: enough for the blobs, nearly for the moons, and no better "
        + "than guessing on XOR, where it stays at a cost of about ln 2 = 0.6931. Hidden units bend the line: "
        + "'course train moons'.")
  }

  /// The boundary while the neuron learns: many frames at first, when it moves most.
  private static func frames(of data: Dataset, epochs: Int) throws -> [Figure] {
    let boundary = try DecisionBoundary(of: data, resolution: 80)
    let labels = data.targets.classIndices
    let shown = BoundaryRecorder.epochs(of: epochs, frameLimit: 40)
    var neuron = BinaryClassifier(inputCount: 2)
    var film: [Figure] = []
    for epoch in 0..<epochs {
      // The last: a body that is not written yet returns one score only.
      guard let score = neuron.fit(data.features, labels: labels, epochs: 1).last,
        shown.contains(epoch)
      else { continue }
      film.append(
        try boundary.figure(
          of: neuron,
          title:
            "Epoch \(epoch + 1), cost \(fixed(score.cost, 3)), accuracy \(fixed(score.accuracy, 3))"
        ))
    }
    return film
  }
}
