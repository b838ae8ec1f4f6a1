import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct GradientCheckTests {
  /// A dense layer with a fault of choice.
  private struct Faulty: ParameterFreeLayer {
    static let typeName = "Faulty"
    enum Fault { case none, sign, factor, oneEntry, kink }
    var fault = Fault.none
    var weights = Parameter([[0.5, -1], [2, 0.25], [-0.75, 1]])
    private var kept = Kept<Tensor>()

    func outputShape(for inputShape: [Int]) -> [Int] { [2] }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
      kept.set(input, in: mode)
      let product = input.matmul(weights.value)
      return fault == .kink ? abs(product * 1000) : square(product)
    }
    mutating func backward(_ outputGradient: Tensor) -> Tensor {
      let input = kept.take(for: "Faulty")
      var dZ = outputGradient * input.matmul(weights.value) * 2
      if fault == .sign { dZ = -dZ }
      if fault == .factor { dZ *= 1.02 }
      var dW = input.matmul(dZ, transposingSelf: true)
      if fault == .oneEntry { dW[2, 1] += 0.5 }
      weights.accumulate(dW)
      return dZ.matmul(weights.value, transposingOther: true)
    }
    mutating func forEachParameter(
      _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
    ) rethrows { try body("weights", &weights) }
  }

  private func faulty(_ fault: Faulty.Fault) -> GradientReport {
    var layer = Faulty()
    layer.fault = fault
    return checkGradients(of: layer, inputShape: [5, 3])
  }

  @Test func rightGradientsPassWithRoomToSpare() throws {
    let report = faulty(.none)
    #expect(report.passed, "\(report)")
    #expect(report.entries.count == 5 * 3 + 3 * 2)
    #expect(try #require(report.entries.first).relativeError < 5e-4)
    #expect(checkGradients(of: TinyDense(inputSize: 4, outputSize: 3), inputShape: [2, 4]).passed)
  }

  @Test func wrongGradientsFail() {
    #expect(!faulty(.sign).passed, "a wrong sign must be found")
    #expect(!faulty(.factor).passed, "an error of 2 % must be found")
    #expect(faulty(.sign).verdict == .disagree)
  }

  @Test func theReportNamesTheEntry() throws {
    let report = faulty(.oneEntry)
    #expect(!report.passed)
    let worst = try #require(report.entries.first)
    #expect(worst.tensor == "weights")
    #expect(worst.index == [2, 1])
    #expect(Swift.abs(worst.analytic - worst.numeric - 0.5) < 0.01)
    #expect(report.description.contains("GRADIENTS DISAGREE"))
    #expect(report.description.contains("weights[2, 1]: backward"))
  }

  @Test func aFunctionFullOfKinksDoesNotPass() {
    // The analytic gradient is that of another function, and hiding behind kinks must not help.
    #expect(!faulty(.kink).passed)
  }

  /// `x / |x|`: but for the place where it jumps the gradient is 0, and so small numbers are all that finite
  /// differences see. What stands beside it makes sure that something is measured.
  private struct Normalizing: ParameterFreeLayer {
    static let typeName = "Normalizing"
    var slope: Float = 0
    var offset: Float = 0
    var scale = Parameter([2, -1, 0.5])
    private var kept = Kept<Tensor>()

    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
      kept.set(input, in: mode)
      // Rounded after a detour, as a division by a root is.
      return input / sqrt(square(input) + 1e-12) * scale.value + offset
    }
    mutating func backward(_ outputGradient: Tensor) -> Tensor {
      let input = kept.take(for: "Normalizing")
      scale.accumulate((outputGradient * sign(input)).sum(axis: 0))
      return outputGradient * slope
    }
    mutating func forEachParameter(
      _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
    ) rethrows { try body("scale", &scale) }
  }

  @Test func aGradientOfZeroIsNoKink() {
    var layer = Normalizing()
    let input = Tensor([[1, -2, 3], [-1.5, 2.5, 0.7], [2, 1, -1]])
    let report = checkGradients(of: layer, inputShape: [3, 3], input: input)
    #expect(report.verdict == .agree, "\(report)")
    #expect(report.skippedCount == 0 && report.entries.count == 12)
    layer.slope = 0.01
    #expect(checkGradients(of: layer, inputShape: [3, 3], input: input).verdict == .disagree)
  }

  /// Where the values are so large that the gradient drowns in their rounding, nothing is proved.
  @Test func whatIsLostInRoundingIsUndecided() {
    var layer = Normalizing()
    layer.offset = 1e7
    let input = Tensor([[1, -2, 3], [-1.5, 2.5, 0.7], [2, 1, -1]])
    let report = checkGradients(of: layer, inputShape: [3, 3], input: input)
    #expect(report.verdict == .undecided, "\(report)")
    #expect(!report.passed)
    #expect(report.description.contains("TOO FEW ENTRIES COULD BE COMPARED"))
    #expect(report.description.contains("another input"))
  }

  @Test func lossesAreChecked() {
    let report = checkGradients(
      of: TinySquaredError(), prediction: Tensor(normal: [4, 3], key: RandomKey(seed: 1)),
      target: .classes([0, 1, 2, 1]))
    #expect(report.passed, "\(report)")
    #expect(report.entries.count == 12)
  }
}
