import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// Kernels stand in for the readable bodies only where both agree: an unfinished task must never train.
@Suite(.watched) struct ReferenceIsKernelTests {
  @Test(
    .waits(for: Conv2DTests.steps), .waits(for: Conv1DTests.steps),
    .waits(for: MaxPool2DTests.steps), .waits(for: AveragePool2DTests.steps))
  func everySolvedTaskRunsItsKernels() {
    let solved = [
      ("Conv2D", Conv2D.referenceIsKernel), ("Conv1D", Conv1D.referenceIsKernel),
      ("MaxPool2D", MaxPool2D.referenceIsKernel),
      ("AveragePool2D", AveragePool2D.referenceIsKernel),
    ]
    for (name, isSolved) in solved {
      #expect(
        isSolved,
        "\(name) trains with its loops, slowly: they are unfinished, or differ from the kernels")
    }
  }

  /// A dense layer with a mistake in one of its passes.
  private struct Wrong: ParameterFreeLayer {
    enum Mistake: CaseIterable { case none, output, shape, gradient }
    static let typeName = "Wrong"
    var mistake = Mistake.none
    init() {}
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    func forward(_ input: Tensor, mode: Mode) -> Tensor {
      switch mistake {
      case .output: input * 2.001
      case .shape: Tensor(zeros: [0])
      case .none, .gradient: input * 2
      }
    }
    func backward(_ outputGradient: Tensor) -> Tensor {
      mistake == .gradient ? outputGradient * .nan : outputGradient * 2
    }
  }

  @Test func anyDifferenceIsNoticed() {
    let input = Tensor(normal: [3, 4], key: RandomKey(seed: 1))
    for mistake in Wrong.Mistake.allCases {
      var layer = Wrong()
      layer.mistake = mistake
      #expect(layer.agrees(with: Wrong(), on: input) == (mistake == .none), "\(mistake)")
    }
    var (first, second) = (TinyDense(inputSize: 4, outputSize: 2), Doubled(TinyDense.self))
    #expect(first.agrees(with: first, on: input))
    second.dense = first
    #expect(!second.agrees(with: first, on: input), "the gradient of the bias is doubled")
    first.weights.value *= 1.01
    second.dense.bias.value += 1
    #expect(!second.agrees(with: first, on: input))
  }

  /// A NaN that both hand on, as max pooling does, is none that one of them makes.
  @Test func theSameNaNIsNoDifference() {
    let input = Tensor([1, 2, 3, 4])
    #expect(NaNForThree().agrees(with: NaNForThree(), on: input))
    #expect(!Wrong().agrees(with: NaNForThree(), on: input))
    #expect(!NaNForThree().agrees(with: Wrong(), on: input))
  }

  /// Doubles its input, but for 3, which becomes NaN.
  private struct NaNForThree: ParameterFreeLayer {
    static let typeName = "NaNForThree"
    init() {}
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    func forward(_ input: Tensor, mode: Mode) -> Tensor { input * 2 + 0 / (input .!= 3) }
    func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * 2 }
  }

  /// A dense layer whose bias gradient is twice as large.
  private struct Doubled: Layer {
    static let typeName = "Doubled"
    var dense = TinyDense(inputSize: 4, outputSize: 2)
    init(_ type: TinyDense.Type) {}
    init(configuration: NoConfiguration) { self.init(TinyDense.self) }
    var configuration: NoConfiguration { NoConfiguration() }
    func outputShape(for inputShape: [Int]) throws -> [Int] { [2] }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
      dense.forward(input, mode: mode)
    }
    mutating func backward(_ outputGradient: Tensor) -> Tensor {
      let gradient = dense.backward(outputGradient)
      dense.bias.scaleGradient(by: 2)
      return gradient
    }
    mutating func forEachParameter(
      _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
    ) rethrows { try dense.forEachParameter(body) }
  }
}
