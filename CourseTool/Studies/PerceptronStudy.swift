import CourseCommandLine
import Networks
import Pictures

/// Shows Rosenblatt's rule: its line turns until it separates, or for ever.
enum PerceptronStudy: Study {
  static let name = "perceptron"
  static let abstract =
    "Rosenblatt's perceptron: its line turns until it separates, or for ever."
  static let explanation = """
    The perceptron of task 0.8 learns two blobs, at three distances, and XOR, two moons and two circles, at
    most 200 epochs (--epochs) each. Where a line separates the classes, the number of updates stays below
    the bound (R/margin)², here with the margin of the line that it found. The animation shows the line after
    each update.
    """
  static let isAnimated = true

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let count = settings.examples ?? 100
    let limit = settings.epochs ?? 200
    var table = StudyTable(columns: ["data", "converged", "epochs", "updates", "bound"])
    var data = StudyTable(columns: ["data", "epochs", "updates", "mistakes in the last epoch"])
    let sets: [(name: String, data: Dataset)] = [
      ("blobs (noise 0.4)", try blobs(count, noise: 0.4, seed: settings.seed)),
      ("blobs (noise 0.8)", try blobs(count, noise: 0.8, seed: settings.seed)),
      ("blobs (noise 1.2)", try blobs(count, noise: 1.2, seed: settings.seed)),
      ("xor", try .xor(count: count, seed: settings.seed)),
      ("moons", try .moons(count: count, seed: settings.seed)),
      ("circles", try .circles(count: count, seed: settings.seed)),
    ]
    let progress = session.progress("learning", total: sets.count)
    defer { progress.clear() }
    for set in sets {
      if Interruption.isRequested { throw Interruption.status }
      var perceptron = Perceptron(inputCount: 2)
      let labels = set.data.targets.classIndices
      let training = perceptron.fit(set.data.features, labels: labels, epochLimit: limit)
      table.rows.append([
        .text(set.name), .text(training.hasConverged ? "yes" : "no"), .count(training.epochs),
        .count(training.updates),
        training.hasConverged
          ? .number(bound(perceptron, set.data), digits: 0) : .missing("no line separates"),
      ])
      data.rows.append([
        .text(set.name), .count(training.epochs), .count(training.updates),
        .count(training.mistakes),
      ])
      progress.advance()
      session.report("\(set.name): \(training)")
    }
    let (film, end) = try frames(of: sets[2].data, epochLimit: limit)
    return StudyResult(
      table: table, data: data, picture: end, animation: Animation(film, secondsPerFrame: 0.15),
      conclusion:
        "Where a line separates the classes, the rule finds one, within the bound. On the other "
        + "data it never ends: each example that it puts right puts others wrong.")
  }

  /// Two blobs beside the origin, so that the line has to turn and to move.
  private static func blobs(_ count: Int, noise: Float, seed: UInt64) throws -> Dataset {
    let data = try Dataset.blobs(count: count, noise: noise, seed: seed)
    return try Dataset(
      name: data.name, features: data.features + [4, 3], targets: data.targets)
  }

  /// (R/margin)², for examples with a 1 appended for the bias, and the margin of the line that was found.
  private static func bound(_ perceptron: Perceptron, _ data: Dataset) -> Double {
    let weights = Tensor(perceptron.weights + [perceptron.bias])
    let x = Tensor(concatenating: [data.features, Tensor(ones: [data.count, 1])], axis: 1)
    let signs = Tensor(data.targets.classIndices.map { $0 == 1 ? 1 : -1 })
    let margin = (x.matmul(weights) * signs).min() / square(weights).sum().squareRoot()
    return Double(square(x).sum(axis: 1).max() / (margin * margin))
  }

  /// The line after each of its first updates and after more and more of the later ones, and the last line.
  private static func frames(
    of data: Dataset, epochLimit: Int
  ) throws -> (film: [Figure], end: Figure) {
    let boundary = try DecisionBoundary(of: data, resolution: 100)
    let rows = (0..<data.count).map { data.features.slice(axis: 0, at: $0).scalars }
    let labels = data.targets.classIndices
    var trial = Perceptron(inputCount: 2)
    let total = trial.fit(data.features, labels: labels, epochLimit: epochLimit).updates
    let shown = BoundaryRecorder.epochs(of: total, frameLimit: 60)
    var perceptron = Perceptron(inputCount: 2)
    var film: [Figure] = []
    var updates = 0
    for epoch in 1...epochLimit where updates < total {
      for (row, label) in zip(rows, labels) where perceptron.learn(row, label: label) {
        updates += 1
        guard shown.contains(updates - 1) else { continue }
        film.append(
          try boundary.figure(
            of: perceptron, title: "Perceptron: epoch \(epoch), update \(updates)"))
      }
    }
    let end = try boundary.figure(
      of: perceptron, title: "Perceptron after \(updates) updates")
    return (film + [end], end)
  }
}
