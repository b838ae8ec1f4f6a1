import Explorations
import Networks
import Shared

extension Detector {
  /// The most certain answer of a detector to one image, whose reasons `saliencyMap` and `occlusionMap` of its network show:
  /// a class of things in one of the proposals.
  ///
  ///     let proposals = DetectionData.ProposalMethod.both.proposals(in: Tensor(stacking: [image]))[0]
  ///     let (answer, proposal) = try detector.answer(to: image, proposals: proposals)
  ///     let map = try detector.network.occlusionMap(of: image, for: answer)
  ///
  /// - Parameters:
  ///   - image: `[3, H, W]`, from 0 to 1
  ///   - proposals: at least one box
  ///   - label: the class to ask for; `nil` for the most probable one that is not background
  /// - Returns: the answer, and the proposal that it was given for
  /// - Throws: `CourseError` when the image does not fit the network, or there is no such class.
  public func answer(
    to image: Tensor, proposals: [Box], label: Int? = nil
  ) throws -> (answer: ExplainedAnswer, proposal: Box) {
    guard !proposals.isEmpty, label.map(classNames.indices.contains) ?? true else {
      throw CourseError(
        .invalidArgument, "no such question to a detector",
        expected: "at least one proposal, and a class from 0 to \(classNames.count - 1)",
        received: "\(counted(proposals.count, "proposal")), class \(label.map(String.init) ?? "-")")
    }
    func sideInputs(_ boxes: [Box]) -> [String: Tensor] {
      let edges = boxes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }
      return [RegionPooling.sideInput: Tensor(shape: [1, boxes.count, 4], scalars: edges)]
    }
    try network.requireExample(image, sideInputs: sideInputs(proposals))
    let answers = network.predictions(
      for: Tensor(stacking: [image]), sideInputs: sideInputs(proposals))
    let labels = label.map { [$0] } ?? Array(classNames.indices)
    var best = (place: 0, label: labels[0])
    for place in proposals.indices {
      for label in labels where answers[0, place, label] > answers[0, best.place, best.label] {
        best = (place, label)
      }
    }
    let proposal = proposals[best.place]
    return (
      try network.answer(to: image, label: best.label, sideInputs: sideInputs([proposal])), proposal
    )
  }
}
