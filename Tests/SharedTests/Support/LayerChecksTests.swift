import CourseTestSupport
import Shared
import Testing

/// The checks of what a layer keeps name the mistake that was made.
@Suite(.watched) struct LayerChecksTests {
  private let x: Tensor = [[1, -2]]

  @Test func whatIsKeptRightlyPasses() throws {
    let layer = Keeping(training: true, inference: false)
    var copy = layer
    for _ in 0..<2 { _ = try trainingPass(&copy, input: x) }
    expectInferenceKeepsNothing(layer, input: x)
  }

  @Test func nothingIsKeptInTraining() {
    for inference in [false, true] {
      var layer = Keeping(training: false, inference: inference)
      let words = complaints { _ = try trainingPass(&layer, input: x) }
      #expect(words.count == 1 && words[0].contains("keeps nothing in training mode"))
    }
  }

  /// Backward can run then, so this must not stop all other tests.
  @Test func tooMuchIsKeptInInference() throws {
    let layer = Keeping(training: true, inference: true)
    var copy = layer
    for _ in 0..<2 { _ = try trainingPass(&copy, input: x) }
    let words = complaints { expectInferenceKeepsNothing(layer, input: x) }
    #expect(words.count == 1 && words[0].contains("keeps something in inference mode as well"))
  }
}

/// Passes everything on, and keeps batches in the modes that it is told.
private struct Keeping: ParameterFreeLayer {
  static let typeName = "Keeping"
  var training = true
  var inference = false
  private var kept = Kept<Tensor>()

  init() {}
  init(training: Bool, inference: Bool) { (self.training, self.inference) = (training, inference) }

  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let keeps = mode == .training ? training : inference
    kept.set(input, in: keeps ? .training : .inference)
    return input
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
}
