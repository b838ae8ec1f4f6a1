import Shared

// Of losses of images in which each pixel has a class: scores are [N, C, H, W], targets N sequences of H · W classes.

/// The softmax of each pixel over the channels, `[N, C, ...]`.
func softmaxOfChannels(_ scores: Tensor) -> Tensor {
  let exponentials = exp(scores - scores.max(axis: 1, keepDims: true))
  return exponentials / exponentials.sum(axis: 1, keepDims: true)
}

/// Stops unless there is a class for each pixel, in range or ignored.
func requirePixels(_ scores: Tensor, _ target: Target, of loss: String) {
  guard scores.rank == 4, case .classSequences(let labels, let length) = target,
    length == scores.shape[2] * scores.shape[3], labels.count == scores.shape[0] * length
  else {
    stop(
      "\(loss).forward",
      expected: "scores [N, C, H, W] and N sequences of H · W classes, one for each pixel",
      received: "scores \(scores.shape) and \(target.summary)")
  }
  let highest = scores.shape[1] - 1
  if let wrong = labels.first(where: { $0 < Target.ignored || $0 > highest }) {
    stop(
      "\(loss).forward", expected: "classes from 0 to \(highest), or \(Target.ignored)",
      received: "\(wrong)")
  }
}

/// Throws when the targets are no images of the network's size, or a class is out of range.
func checkPixels(outputShape: [Int], target: Target, of loss: String) throws {
  guard outputShape.count == 3, case .classSequences(let labels, let length) = target,
    length == outputShape[1] * outputShape[2]
  else {
    throw CourseError(
      .shapeMismatch, "\(loss): targets that do not fit the network",
      expected: "an output [C, H, W] and sequences of H · W classes, one for each pixel",
      received: "an output \(outputShape) and \(target.summary)",
      remedy: "Let the network return images as large as the masks, with a channel for each class.")
  }
  if let wrong = labels.firstIndex(where: { $0 < Target.ignored || $0 >= outputShape[0] }) {
    let (row, column) = (wrong % length / outputShape[2], wrong % outputShape[2])
    throw CourseError(
      .invalidData, "label out of range",
      expected: "0 to \(outputShape[0] - 1), since the network has \(outputShape[0]) channels, or "
        + "\(Target.ignored) for a pixel to ignore",
      received: "\(labels[wrong])",
      location: "example \(wrong / length), row \(row), column \(column)",
      remedy: "Correct the label, or give the last layer as many channels as there are classes.")
  }
}

/// Takes the channel with the largest score for the answer of a pixel.
func countPixels(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
  guard case .classSequences(let labels, _) = target else { return }
  let predicted = output.argmax(axis: 1)
  let asked = labels.indices.filter { labels[$0] != Target.ignored }
  matrix.update(predicted: asked.map { predicted[$0] }, actual: asked.map { labels[$0] })
}
