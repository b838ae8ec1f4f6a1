import CourseCommandLine
import Shared

extension NeuralNetwork {
  /// Evaluates the network, and shows the progress on a stream; `nil` for none.
  package func evaluate(
    _ data: Dataset, _ title: String = "evaluating", keepingPredictions: Bool = false,
    showing stream: TextStream?
  ) throws -> Evaluation {
    let unit = ["examples", "sequences", "images"][min(max(outputShape.count - 1, 0), 2)]
    let progress = ProgressLine(title, total: data.count, unit: unit, on: stream)
    defer { progress.clear() }
    return try evaluate(data, keepingPredictions: keepingPredictions) { progress.show($0) }
  }
}
