import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.5: the formulas of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct BatchNormTests {
  static let both = [Implementation.reference, .fast]

  /// Four rows of two features. A large ε tells where it stands.
  static let x: Tensor = [[1, -2], [4, 0.5], [-3, 7], [2, 3.5]]
  static let dY: Tensor = [[1, 2], [-1, 0.5], [3, -2], [0.25, 1]]

  static func layer(_ implementation: Implementation, epsilon: Float = 0.5) -> BatchNorm {
    var layer = BatchNorm(channels: 2, epsilon: epsilon, implementation: implementation)
    layer.scale.value = [2, -0.5]
    layer.shift.value = [1, 3]
    return layer
  }

  // MARK: Task 3.5, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "BatchNorm",
    [
      ("eachFeatureGetsMean0AndVariance1()", { try checkForward(.reference) }),
      ("theRunningAveragesAreRecursive()", { try checkAverages(.reference) }),
      ("inferenceUsesTheAveragesAndChangesNothing()", { try checkInference(.reference) }),
      ("meanAndVarianceDependOnTheInputToo()", { try checkBackward(.reference) }),
      ("aLargeMeanCostsNoDigits()", { try checkLargeMean(.reference) }),
    ],
    hints: [
      "broadcast": "A channel is a column: its sums and means run along axis 0.",
      "gradient": "A channel is a column: its sums run along axis 0.",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      BatchNormTests.steps.tryAndExit()
    }
  }

  @Test func eachFeatureGetsMean0AndVariance1() async throws { try await Self.steps.run(0) }
  @Test func theRunningAveragesAreRecursive() async throws { try await Self.steps.run(1) }
  @Test func inferenceUsesTheAveragesAndChangesNothing() async throws {
    try await Self.steps.run(2)
  }
  @Test func meanAndVarianceDependOnTheInputToo() async throws { try await Self.steps.run(3) }
  @Test func aLargeMeanCostsNoDigits() async throws { try await Self.steps.run(4) }

  @Test(.waits(for: steps)) func theKernelsDoTheSame() throws {
    try Self.checkForward(.fast)
    try Self.checkAverages(.fast)
    try Self.checkInference(.fast)
    try Self.checkBackward(.fast)
    try Self.checkLargeMean(.fast)
  }

  // MARK: The rest

  /// With β = 0 and γ = 1 the sum of the outputs is constant: a check by a plain sum would pass anything.
  @Test(.waits(for: steps), arguments: both)
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    for shape in [[5, 3], [2, 3, 4], [3, 3, 2, 3]] {
      var layer = BatchNorm(channels: 3, implementation: implementation).trained
      layer.scale.value = [1.5, -0.7, 0.4]
      layer.shift.value = [0.3, -2, 1]
      var copy = layer
      _ = try normalizationForward(&copy, Tensor(normal: shape, key: RandomKey(seed: 3)))
      try expectGradients(of: layer, inputShape: shape)
    }
  }

  @Test(.waits(for: steps)) func theFastBodyAgreesWithTheReference() throws {
    var draw = RandomKey(seed: 8).folded("configurations").generator
    for number in 0..<220 {
      let channels = Int.random(in: 1...(number % 10 == 0 ? 150 : 9), using: &draw)
      let places = (0..<Int.random(in: 0...2, using: &draw)).map { _ in
        Int.random(in: 1...7, using: &draw)
      }
      let shape =
        [Int.random(in: 2...(number % 20 == 0 ? 140 : 5), using: &draw), channels] + places
      let key = RandomKey(seed: 4).folded(number)
      var reference = BatchNorm(
        channels: channels, momentum: 0.5, epsilon: 1e-3, implementation: .reference)
      reference.scale.value = Tensor(normal: [channels], key: key.folded("scale"))
      reference.shift.value = Tensor(normal: [channels], key: key.folded("shift"))
      var fast = reference
      fast.implementation = .fast
      let name = "number \(number), input \(shape)"
      for batch in 0..<2 {
        let x = Tensor(normal: shape, mean: 3, key: key.folded(batch))
        let dY = Tensor(normal: shape, key: key.folded("gradient"))
        let y = try normalizationForward(&reference, x)
        try requireAgreement(y, fast.forward(x, mode: .training), "BatchNorm.forward, \(name)")
        let dX = reference.backward(dY)
        try requireAgreement(dX, fast.backward(dY), "BatchNorm.backward, \(name)")
      }
      for (a, b, what) in [
        (reference.runningMean, fast.runningMean, "running mean"),
        (reference.runningVariance, fast.runningVariance, "running variance"),
        (try #require(reference.scale.gradient), try #require(fast.scale.gradient), "dγ"),
        (try #require(reference.shift.gradient), try #require(fast.shift.gradient), "dβ"),
      ] { try requireAgreement(a, b, "BatchNorm: \(what), \(name)") }
      let x = Tensor(normal: shape, mean: 1, key: key.folded("inference"))
      try requireAgreement(
        reference.forward(x, mode: .inference), fast.forward(x, mode: .inference),
        "BatchNorm.forward in inference, \(name)")
    }
  }
}

extension BatchNorm {
  /// A layer that counts as trained: helpers run an inference pass on a fresh copy.
  var trained: BatchNorm {
    var copy = self
    copy.forEachState { name, state in if name == "batches" { state = [0, 1] } }
    return copy
  }
}

/// A training pass that requires a result of the right shape.
func normalizationForward(
  _ layer: inout BatchNorm, _ x: Tensor, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Tensor {
  let y = layer.forward(x, mode: .training)
  try require(
    y.shape == x.shape, "BatchNorm.forward: expected output shape \(x.shape), got \(y.shape)",
    sourceLocation: sourceLocation)
  return y
}
