import Foundation
import Shared

/// A trained `fastRCNN` at work: from images and proposals to boxes, classes and scores.
///
/// For each proposal the network returns the probability of each class and an offset for each. Of the proposals whose
/// probability of a class is at least `minimumScore`, moved by their offsets and cut to the image, non-maximum suppression
/// keeps the best one for each thing, class by class.
///
///     let detector = try Detector(network)
///     for detection in try detector.detect(in: data)[0] {
///       print(data.classNames[detection.label], detection.score, detection.box)
///     }
public struct Detector: Sendable {
  /// The network.
  public let network: NeuralNetwork
  /// The names of the classes, without the background.
  public let classNames: [String]
  /// The least probability of a detection.
  public var minimumScore: Float = 0.05
  /// The overlap of two boxes of a class above which the worse one is dropped.
  public var overlap: Float = 0.3
  /// The most detections of an image.
  public var limit = 100
  /// Whether boxes are moved by their offsets; otherwise they are the proposals themselves.
  public var movesBoxes = true

  /// Throws unless the network is such a detector.
  public init(_ network: NeuralNetwork) throws {
    let tasks = (network.loss as? MultiTaskLoss)?.tasks ?? []
    guard network.inputShape.count == 3, tasks.map(\.name) == ["class", "box"],
      network.sideInputShapes[RegionPooling.sideInput] != nil, network.outputShape.count == 2
    else {
      throw CourseError(
        .invalidArgument, "the network is not a detector",
        expected: "images, regions, and the tasks \"class\" and \"box\"",
        received:
          "an input \(network.inputShape), side inputs \(network.sideInputShapes.keys.sorted()), "
          + "and tasks \(tasks.map(\.name))")
    }
    // K classes and the background, then four offsets for each class.
    let count = network.classNames.count
    let end = count + 4 * (count - 1)
    guard count >= 2, tasks.map(\.outputs) == [0..<count, count..<end],
      network.outputShape[1] == end
    else {
      throw CourseError(
        .invalidArgument, "a detector with other outputs than it has classes",
        expected:
          "a score for each of \(counted(count, "class name")), the background included, and then 4 offsets "
          + "for each class",
        received: "\(network.outputShape[1]) outputs, of which "
          + tasks.map { "\($0.outputs) are \"\($0.name)\"" }.joined(separator: " and "))
    }
    self.network = network
    classNames = Array(network.classNames.dropLast())
  }

  /// The things in each image of a set, those with the highest scores first.
  public func detect(
    in data: DetectionData, progress: (_ images: Int) throws -> Void = { _ in }
  ) throws -> [[Detection]] {
    var found: [[Detection]] = []
    for start in stride(from: 0, to: data.count, by: 8) {
      let indices = Array(start..<min(start + 8, data.count))
      found += try detect(
        in: data.images.rows(at: indices), proposals: indices.map { data.proposals[$0] })
      try progress(found.count)
    }
    return found
  }

  /// The things in each image of a batch.
  /// - Parameters:
  ///   - images: `[N, 3, H, W]`, from 0 to 1
  ///   - proposals: at least one box for each image, with an area in the image
  /// - Throws: `CourseError` when images or proposals do not fit the network
  public func detect(in images: Tensor, proposals: [[Box]]) throws -> [[Detection]] {
    guard images.rank == 4, images.shape.dropFirst() == network.inputShape[...],
      proposals.count == images.shape[0], proposals.allSatisfy({ !$0.isEmpty })
    else {
      throw CourseError(
        .shapeMismatch, "images or proposals that do not fit the detector",
        expected: "[N] + \(network.inputShape), and boxes for each image",
        received: "\(images.shape), and boxes for \(proposals.count) images")
    }
    if let wrong = images.firstNonFiniteIndex {
      throw CourseError(
        .invalidData, "a pixel is not finite", expected: "numbers", received: "NaN or infinity",
        location: "example \(wrong / (images.count / images.shape[0]))")
    }
    try network.fresh.check(batchShape: images.shape, mode: .inference)
    // Images with fewer proposals repeat their last one.
    let count = proposals.map(\.count).max() ?? 0
    let edges = proposals.flatMap { boxes in
      (0..<count).flatMap { number -> [Float] in
        let box = boxes[min(number, boxes.count - 1)]
        return [box.x1, box.y1, box.x2, box.y2]
      }
    }
    let sideInputs = [
      RegionPooling.sideInput: Tensor(shape: [proposals.count, count, 4], scalars: edges)
    ]
    for place in network.layerPlaces where place.layer is RegionPooling {
      try place.layer.check(
        sideInputs: sideInputs, inputShape: place.inputShape, firstExample: 0)
    }
    var network = network
    let output = network.forward(
      network.preprocessing?(images) ?? images, sideInputs: sideInputs, mode: .inference)
    let answers = network.loss?.prediction(from: output) ?? output
    if let wrong = answers.firstNonFiniteIndex {
      throw CourseError(
        .invalidData, "the answer for an image is not finite", expected: "numbers",
        received: "NaN or infinity",
        location: "example \(wrong / (answers.count / answers.shape[0]))",
        remedy:
          "The weights of the network are too large: train it again, with a smaller learning rate.")
    }
    let width = answers.shape[2]
    return answers.read { numbers in
      proposals.enumerated().map { image, boxes in
        things(
          boxes, UnsafeBufferPointer(start: numbers + image * count * width, count: count * width))
      }
    }
  }

  /// The things in an image.
  /// - Parameter answers: for each proposal the probabilities of the classes and the background, and the offsets
  private func things(_ proposals: [Box], _ answers: UnsafeBufferPointer<Float>) -> [Detection] {
    let (classCount, scale) = (classNames.count, DetectionBatches.offsetScale)
    let width = 5 * classCount + 1
    let (h, w) = (Float(network.inputShape[1]), Float(network.inputShape[2]))
    var found: [Detection] = []
    for label in 0..<classCount {
      var (boxes, scores) = ([Box](), [Float]())
      for (number, proposal) in proposals.enumerated() {
        let score = answers[number * width + label]
        guard score >= minimumScore else { continue }
        var box = proposal
        if movesBoxes {
          let first = number * width + classCount + 1 + 4 * label
          let o = (0..<4).map { answers[first + $0] * scale[$0] }
          // Written so that NaN fails; from farther away, a corner would be at infinity.
          guard o.allSatisfy({ abs($0) <= 1e6 }) else { continue }
          box = proposal.moved(by: BoxOffset(dx: o[0], dy: o[1], dw: o[2], dh: o[3]))
        }
        box = box.clipped(width: w, height: h)
        guard box.area > 0 else { continue }
        boxes.append(box)
        scores.append(score)
      }
      for index in nonMaximumSuppression(boxes, scores: scores, threshold: overlap) {
        found.append(Detection(box: boxes[index], label: label, score: scores[index]))
      }
    }
    let order = found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }
    return order.prefix(limit).map { found[$0] }
  }

  /// How well detections meet the truth. Stops unless there are detections for each image.
  public func scores(of found: [[Detection]], on data: DetectionData) -> DetectionScores {
    guard found.count == data.count else {
      stop(
        "Detector.scores", expected: "detections for each of \(counted(data.count, "image"))",
        received: "\(found.count)")
    }
    var scores = DetectionScores(classCount: classNames.count)
    for (detections, truth) in zip(found, data.truth) { scores.add(detections, truth: truth) }
    return scores
  }
}
