// The members are documented in the protocols.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// `Y = X · W + b`, for tests that must not depend on a student's `Dense`.
public struct TinyDense: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    var inputSize: Int
    var outputSize: Int
  }

  public static let typeName = "TinyDense"
  public let configuration: Configuration
  /// `W`, `[inputSize, outputSize]`.
  public var weights: Parameter
  /// `b`, `[outputSize]`.
  public var bias: Parameter
  private var kept = Kept<Tensor>()

  public init(inputSize: Int, outputSize: Int) {
    configuration = Configuration(inputSize: inputSize, outputSize: outputSize)
    let fans = Fans.dense(inputs: inputSize, outputs: outputSize)
    weights = Parameter(
      shape: [inputSize, outputSize], initializer: StandardInitializer.xavierUniform, fans: fans,
      key: RandomKey(seed: 0))
    bias = Parameter(Tensor(zeros: [outputSize]), isRegularized: false)
  }

  public init(configuration: Configuration) throws {
    guard configuration.inputSize > 0, configuration.outputSize > 0 else {
      throw CourseError(
        .invalidArgument, "TinyDense: sizes out of range", expected: "at least 1",
        received: "\(configuration.inputSize) and \(configuration.outputSize)")
    }
    self.init(inputSize: configuration.inputSize, outputSize: configuration.outputSize)
  }

  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    kept.set(input, in: mode)
    return input.matmul(weights.value) + bias.value
  }

  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let input = kept.take(for: "TinyDense")
    weights.accumulate(input.transposed().matmul(outputGradient))
    bias.accumulate(outputGradient.sum(axis: 0))
    return outputGradient.matmul(weights.value.transposed())
  }

  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("weights", &weights)
    try body("bias", &bias)
  }

  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape == [configuration.inputSize] else {
      throw CourseError(
        .shapeMismatch, "TinyDense: wrong input", expected: "[\(configuration.inputSize)]",
        received: "\(inputShape)")
    }
    return [configuration.outputSize]
  }
}
