// The protocols say what each member does.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// `w ← w - η g`, for tests that must not depend on a student's `SGD`.
public struct TinySGD: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable { var learningRate: Float }

  public static let typeName = "TinySGD"
  public var learningRate: Float

  public init(learningRate: Float) { self.learningRate = learningRate }
  public init(configuration: Configuration) throws { learningRate = configuration.learningRate }
  public var configuration: Configuration { Configuration(learningRate: learningRate) }

  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    value.add(gradient, scaledBy: -learningRate)
  }
}

/// `v ← μ v - η g`, `w ← w + v`: an optimizer with a state tensor for each parameter and a counter, for
/// tests of checkpoints and resumed runs.
public struct TinyMomentum: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    var learningRate: Float
    var momentum: Float
  }

  public static let typeName = "TinyMomentum"
  public var learningRate: Float
  public let momentum: Float
  /// Steps taken so far.
  public private(set) var stepCount = 0
  private var velocities: [Tensor] = []

  public init(learningRate: Float, momentum: Float = 0.9) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public init(configuration: Configuration) throws {
    self.init(learningRate: configuration.learningRate, momentum: configuration.momentum)
  }

  public var configuration: Configuration {
    Configuration(learningRate: learningRate, momentum: momentum)
  }

  public mutating func prepare(shapes: [[Int]]) {
    velocities = shapes.map { Tensor(zeros: $0) }
    stepCount = 0
  }

  public mutating func beginStep() { stepCount += 1 }

  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    while velocities.count <= slot { velocities.append(Tensor(zeros: value.shape)) }
    velocities[slot] *= momentum
    velocities[slot].add(gradient, scaledBy: -learningRate)
    value += velocities[slot]
  }

  public mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {
    for slot in velocities.indices { try body("velocity", slot, &velocities[slot]) }
  }

  public var counters: [String: Int] {
    get { ["stepCount": stepCount] }
    set { stepCount = newValue["stepCount"] ?? 0 }
  }
}
