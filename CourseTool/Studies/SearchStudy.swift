import CourseCommandLine
import Foundation
import Networks
import Pictures

/// Compares searches without gradients with gradient descent.
enum SearchStudy: Study {
  static let name = "search"
  static let abstract = "Random search, random adjustments and gradient descent on one problem."
  static let explanation = """
    A linear model has to fit 400 examples (task 0.5 of First Principles). Random search draws weights and
    keeps the best; random adjustments keep a small random step where the loss falls; gradient descent
    follows the gradient. Each evaluates the loss 1000 times (--epochs), for 2 to 2000 weights, with three
    seeds. The table shows the final loss, as a fraction of the loss at the start.
    """

  private static let sizes = [2, 10, 50, 200, 2000]
  private static let methods = ["random search", "random adjustments", "gradient descent"]

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let evaluations = settings.epochs ?? 1000
    let repeats = settings.repeats ?? 3
    let exampleCount = settings.examples ?? 400
    var table = StudyTable(columns: ["weights"] + methods)
    var data = StudyTable(columns: ["weights", "method", "evaluations", "relative loss"])
    var figure = Figure(
      title: "Loss over evaluations", x: .init("evaluations of the loss", scale: .logarithmic),
      y: .init("loss, relative to the start", scale: .logarithmic))
    // In weights: a run takes about as long as it has weights.
    let progress = session.progress(
      "searching", total: repeats * methods.count * sizes.reduce(0, +))
    defer { progress.clear() }
    for size in sizes {
      let curves = try methods.map { method in
        // The mean over the seeds, of logarithms: a single lucky seed must not decide.
        var sums = [Double](repeating: 0, count: evaluations)
        for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
          if Interruption.isRequested { throw Interruption.status }
          let problem = LinearLeastSquares(
            exampleCount: exampleCount, weightCount: size, seed: seed)
          let losses = run(method, on: problem, evaluations: evaluations, seed: seed)
          for (place, loss) in losses.enumerated() {
            sums[place] += log10(max(Double(loss / losses[0]), 1e-12)) / Double(repeats)
          }
          progress.advance(by: size)
        }
        return sums.map { pow(10, $0) }
      }
      table.rows.append(
        [.count(size)] + curves.map { .text(String(format: "%.2g", $0[evaluations - 1])) })
      for (method, curve) in zip(methods, curves) {
        let places = logarithmicPlaces(evaluations)
        data.rows += places.map {
          [.count(size), .text(method), .count($0 + 1), .number(curve[$0], digits: 9)]
        }
        guard size == sizes[0] || size == sizes[sizes.count - 1] else { continue }
        figure.marks.append(
          .line(
            "\(method), \(size) weights", places.map { (Double($0 + 1), curve[$0]) },
            hasMarkers: false))
      }
      session.keep(data)
      session.report(
        "\(size) weights: "
          + zip(methods, curves).map { method, curve in
            "\(method) \(String(format: "%.2g", curve[evaluations - 1]))"
          }.joined(separator: ", "))
    }
    let last = table.rows[table.rows.count - 1].map(\.text)
    return StudyResult(
      table: table, data: data, picture: figure,
      conclusion:
        "With 2 weights a lucky draw is enough. With \(last[0]), random search is still at "
        + "\(last[1]) of the loss it began with and random adjustments at \(last[2]): the share of the "
        + "directions that lead downhill far enough falls with every weight. The gradient names the best "
        + "direction for all weights at once, at the price of about two evaluations, and is at \(last[3])."
    )
  }

  private static func run(
    _ method: String, on problem: LinearLeastSquares, evaluations: Int, seed: UInt64
  ) -> [Float] {
    let size = Float(problem.weightCount)
    let ratio = (size / Float(problem.targets.count)).squareRoot()
    switch method {
    case methods[0]: return problem.randomSearch(evaluations: evaluations, seed: seed).losses
    case methods[1]:
      // Steps of the same length, however many weights share it.
      return problem.randomAdjustments(
        evaluations: evaluations, stepSize: 0.5 / size.squareRoot(), seed: seed
      ).losses
    default:
      // Below 2 / (the largest curvature), which for random features is 2 (1 + √(D / N))².
      return problem.gradientDescent(
        evaluations: evaluations, learningRate: 0.8 / ((1 + ratio) * (1 + ratio))
      ).losses
    }
  }

  /// About forty places, at equal distances on a logarithmic axis.
  private static func logarithmicPlaces(_ count: Int) -> [Int] {
    let places = (0...40).map { Int(pow(Double(count), Double($0) / 40).rounded()) - 1 }
    return Set(places.map { max(0, min($0, count - 1)) }).sorted()
  }
}
