import CourseTestSupport
import Shared
import Testing

/// The sum of wrongly placed probability: the smallest thing that is a classification loss.
private struct TinyClassificationLoss: ClassificationLoss {
  static let typeName = "TinyClassificationLoss"
  let configuration: ClassificationLossConfiguration
  private var kept = Kept<Tensor>()

  init(reduction: Reduction) { configuration = Configuration(reduction: reduction) }

  mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let truth = target.truth(for: prediction, place: "TinyClassificationLoss.forward")
    let gradient = -truth * scale(for: truth)
    kept.set(gradient, in: .training)
    return (1 - (truth * prediction).sum(axis: -1)).sum() * scale(for: truth)
  }
  mutating func backward() -> Tensor { kept.take(for: Self.typeName) }
}

/// A loss with nothing but what every loss must have.
private struct PlainLoss: Loss {
  struct Configuration: Codable, Sendable {}
  static let typeName = "PlainLoss"
  let configuration = Configuration()
  var reduction: Reduction { .mean }
  init(configuration: Configuration) {}
  mutating func forward(_ prediction: Tensor, target: Target) -> Float { prediction.mean() }
  mutating func backward() -> Tensor { [] }
  func check(outputShape: [Int], target: Target) throws {}
}

@Suite(.watched) struct ClassificationLossTests {
  private let loss = TinyClassificationLoss(reduction: .mean)

  @Test func theMeanIsOverTheExamples() {
    let truth = Tensor(zeros: [8, 3])
    #expect(loss.scale(for: truth) == 0.125)
    #expect(loss.scale(for: Tensor(zeros: [2, 4, 3])) == 0.125)
    #expect(TinyClassificationLoss(reduction: .sum).scale(for: truth) == 1)
    #expect(loss.scale(for: Tensor(zeros: [0, 3])) == 1, "no examples: nothing to divide by")
  }

  @Test func reductionAndConfigurationAgree() {
    for reduction in Reduction.allCases {
      let loss = TinyClassificationLoss(configuration: .init(reduction: reduction))
      #expect(loss.reduction == reduction)
      #expect(loss.configuration.reduction == reduction)
    }
  }

  @Test func classificationLossesNameClassesAndOthersDoNot() {
    #expect(loss.isClassification)
    let plain = PlainLoss(configuration: .init())
    #expect(!plain.isClassification)
    #expect(plain.prediction(from: [1, 2]) == [1, 2])
    #expect(loss.prediction(from: [1, 2]) == [1, 2])
  }

  @Test func fittingTargetsPass() throws {
    try loss.check(outputShape: [3], target: .classes([0, 1, 2]))
    try loss.check(outputShape: [3], target: .values([[0, 1, 0], [0.2, 0.3, 0.5]]))
    try loss.check(outputShape: [2, 3], target: .classes([0, 1, 2, 2]))
    try loss.check(outputShape: [1, 2], target: .values([[[1, 0]], [[0.5, 0.5]]]))
    try loss.check(outputShape: [3], target: .classes([]))
  }

  @Test func labelsOutOfRangeAreNamedWithTheirPlace() {
    for (label, place) in [(3, 1), (-1, 1)] {
      expectCourseError(
        .invalidData, "label out of range", "0 to 2", "3 outputs", "got \(label)",
        "example \(place)", "last layer"
      ) { try loss.check(outputShape: [3], target: .classes([0, label, 2])) }
    }
  }

  @Test func anotherClassCountIsNamed() {
    expectCourseError(.shapeMismatch, "class count", "[3]", "[4]", "last layer") {
      try loss.check(outputShape: [3], target: .values([[0, 0, 0, 1]]))
    }
    expectCourseError(.shapeMismatch, "TinyClassificationLoss", "class axis", "[]") {
      try loss.check(outputShape: [], target: .classes([0]))
    }
  }

  @Test func rowsThatAreNoProbabilitiesAreNamedWithTheirPlace() {
    let bad: [[Float]] = [[0.5, 0.6], [0, 0], [2, -1], [.nan, 1]]
    for row in bad {
      expectCourseError(.invalidData, "distribution", "example 2", "one-hot") {
        try loss.check(outputShape: [2], target: .values(Tensor([[1, 0], [0, 1], row])))
      }
    }
    // The place is that of the example, not that of a step in its sequence.
    expectCourseError(.invalidData, "distribution", "example 1") {
      try loss.check(
        outputShape: [2, 2], target: .values([[[1, 0], [0, 1]], [[1, 0], [1, 1]]]))
    }
  }

  @Test func theTinyLossHasTheGradientOfItsValue() {
    var loss = loss
    let prediction: Tensor = [[0.25, 0.75], [0.5, 0.5]]
    #expect(loss.forward(prediction, target: .classes([1, 0])) == 0.375)
    #expect(loss.backward() == [[0, -0.5], [-0.5, 0]])
  }
}
