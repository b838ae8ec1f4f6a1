import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks

/// The trained network in a file.
func savedNetwork(_ path: String) throws -> NeuralNetwork {
  try NeuralNetwork(contentsOf: URL(filePath: path), adding: NeuralNetwork.explorationTypes)
}

/// Whether a file is a safetensors file by its content: the length of a header, and the header's brace.
func isSavedNetwork(_ path: String) -> Bool {
  guard let file = FileHandle(forReadingAtPath: path),
    let start = try? file.read(upToCount: 9), start.count == 9
  else { return false }
  return start.last == UInt8(ascii: "{") && start.dropFirst(4).prefix(4).allSatisfy { $0 == 0 }
}

extension NeuralNetwork {
  /// Throws for a network that predicts numbers or several labels, where classes are drawn or listed.
  func requireClasses(_ path: String) throws {
    try requireInputsAlone(path)
    guard (try? encoder()) == nil else {
      throw CourseError(
        .invalidArgument, "the network was pretrained without labels and names no classes",
        expected: "a classifier", received: "an encoder of images", location: path,
        remedy:
          "See what its representation shows of the classes with 'course evaluate \(shellQuoted(path))'."
      )
    }
    if preparation?.labels != nil {
      throw CourseError(
        .invalidArgument, "the network does not choose between classes", expected: "a classifier",
        received: "a network that gives each example several labels", location: path,
        remedy: "See the scores of each label with 'course evaluate \(shellQuoted(path))'.")
    }
    guard outputShape.count < 3 else {
      throw CourseError(
        .invalidArgument, "the network names a class for each pixel, not for the image",
        expected: "a classifier", received: "outputs of shape \(outputShape)", location: path,
        remedy:
          "Draw its worst masks with 'course evaluate \(shellQuoted(path)) --mistakes worst.png'.")
    }
    guard preparation?.predictsNumbers ?? false else { return }
    throw CourseError(
      .invalidArgument, "the network does not classify", expected: "a classifier",
      received: "a network that predicts numbers", location: path,
      remedy: "Draw its predictions with 'course plot scatter \(shellQuoted(path))'.")
  }

  /// Throws for a detector, which answers for given boxes, with a remedy.
  func requireInputsAlone(_ path: String) throws {
    guard !sideInputShapes.isEmpty else { return }
    throw CourseError(
      .invalidArgument, "the network answers for boxes in an image, not for the image",
      expected: "a network that needs the image alone",
      received: "one that also needs \(sideInputShapes.keys.sorted().joined(separator: ", "))",
      location: path,
      remedy: "Draw its boxes with 'course predict \(shellQuoted(path)) IMAGE --sheet found.png'.")
  }
}
