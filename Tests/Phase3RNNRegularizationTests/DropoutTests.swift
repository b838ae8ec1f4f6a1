import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.6.
@Suite(.watched) struct DropoutTests {
  private let ones = Tensor(ones: [40, 250])

  // MARK: Task 3.6, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "Dropout",
    [
      ("theRateIsTheFractionThatIsDropped()", { try DropoutTests().checkRate() }),
      ("backwardUsesTheMaskOfTheForwardPass()", { try DropoutTests().checkBackward() }),
      ("inferenceDropsNothingAndChangesNothing()", { try DropoutTests().checkInference() }),
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      DropoutTests.steps.tryAndExit()
    }
  }

  @Test func theRateIsTheFractionThatIsDropped() async throws { try await Self.steps.run(0) }
  @Test func backwardUsesTheMaskOfTheForwardPass() async throws { try await Self.steps.run(1) }
  @Test func inferenceDropsNothingAndChangesNothing() async throws { try await Self.steps.run(2) }

  /// A training pass; requires that the layer has kept a mask of the shape of X.
  private func forward(_ layer: inout Dropout, _ x: Tensor) throws -> Tensor {
    let y = layer.forward(x, mode: .training)
    try require(
      y.shape == x.shape, "Dropout.forward: expected output shape \(x.shape), got \(y.shape)")
    try require(y != x, "Dropout.forward: nothing is dropped in training, Y is X")
    let mask = try require(
      keptMask(layer),
      "Dropout.forward keeps no mask in training mode: backward needs it, kept.set(mask, in: mode)")
    try require(
      mask.shape == x.shape,
      """
      Dropout.forward: the mask has the shape of X, so that each element is dropped on its own: expected \
      \(x.shape), got \(mask.shape)
      """)
    return y
  }

  private func keptMask(_ layer: Dropout) -> Tensor? {
    Mirror(reflecting: layer).descendant("kept", "value") as? Tensor
  }

  /// 10 000 elements of which a fraction of 0.2 is dropped: the count has a standard deviation of 40. A
  /// right layer with another seed would fail one time in 10⁹ (six standard deviations); this seed is fixed.
  private func checkRate() throws {
    var layer = Dropout(rate: 0.2, seed: varied(1))
    let y = try forward(&layer, ones)
    let dropped = (y .== 0).sum() / Float(ones.count)
    try require(
      abs(dropped - 0.2) < 0.024,
      """
      Dropout.forward: \(dropped) of the elements are 0, expected 0.2\
      \(abs(dropped - 0.8) < 0.024 ? ": the rate is taken for the fraction that is kept" : "")\
      \(dropped == 0 ? ": nothing is dropped in training" : "")
      """)
    expectClose(
      y.max(), 1.25, "Dropout.forward: an element that is kept",
      mistakes: [
        "not scaled: divide by 1 − r, so that the expected value stays": 1,
        "divided by the rate: divide by 1 − r, the fraction that is kept": 5,
        "multiplied by 1 − r: divide": 0.8, "multiplied by the rate": 0.2,
        "divided by the fraction that chance has left: divide by 1 − r": 1 / (1 - dropped),
      ])
  }

  private func checkBackward() throws {
    var layer = Dropout(rate: 0.25, seed: varied(1))
    let x = Tensor(uniform: [20, 30], in: 1..<2, key: RandomKey(seed: varied(1)))
    let dY = Tensor(uniform: [20, 30], in: 1..<2, key: RandomKey(seed: varied(2)))
    let y = try forward(&layer, x)
    var copy = layer
    let dX = layer.backward(dY)
    try require(
      dX.shape == x.shape,
      "Dropout.backward: dX has the shape of X, expected \(x.shape), got \(dX.shape)")
    let isKept = y .!= 0
    let mistakes: KeyValuePairs<String, Tensor> = [
      "the mask is ignored: dX = dY ⊙ M / (1 − r)": dY,
      "the mask is ignored, only the scaling is there": dY / 0.75,
      "not scaled: divide by 1 − r as forward did": dY * isKept,
      "divided by 1 − r twice: keep M itself": dY * isKept / 0.75 / 0.75,
      "multiplied by 1 − r: divide": dY * isKept * 0.75,
      "divided by the rate: divide by 1 − r": dY * isKept / 0.25,
      "the mask is turned round": dY / 0.75 * (1 - isKept),
      "the factor dY is missing": isKept / 0.75,
      "it is zero": 0 * dY,
    ]
    let isKnown = mistakes.contains { areClose(dX, $0.value) }
    try require(
      isKnown || (isKept .== (dX .!= 0)).sum() == 600,
      """
      Dropout.backward: the gradient is 0 at other places than the output; the mask was drawn again: forward \
      keeps it
      """)
    expectClose(dX, dY * isKept / 0.75, "Dropout.backward", mistakes: mistakes)
    try require(
      copy.backward(dY) == dX, "Dropout.backward: the mask changes between two calls")
  }

  private func checkInference() throws {
    var layer = Dropout(rate: 0.25, seed: varied(1))
    let x = Tensor(normal: [3, 4], key: RandomKey(seed: varied(1)))
    let y = layer.forward(x, mode: .inference)
    try require(
      y.shape != x.shape || (y .== 0).sum() == 0,
      "Dropout.forward in inference: elements are dropped there as well; Y is X")
    expectClose(
      y, x, "Dropout.forward in inference", atol: 0, rtol: 0,
      mistakes: [
        "it is scaled by 1 − r: inverted dropout scales in training": x * 0.75,
        "it is scaled by 1 / (1 − r)": x / 0.75,
      ])
    try require(
      keptMask(layer) == nil,
      "Dropout.forward keeps a mask in inference: call kept.clear() there")
    let training = layer.forward(x, mode: .training)
    try require(
      training != x,
      "Dropout.forward: after an inference pass, training goes on in inference mode")
    var fresh = Dropout(rate: 0.25, seed: varied(1))
    try require(
      training == fresh.forward(x, mode: .training),
      "Dropout.forward: an inference pass changes the next mask")
    _ = layer.forward(x, mode: .inference)
    try require(
      keptMask(layer) == nil,
      """
      Dropout.forward leaves in inference the mask of the training pass before it: call kept.clear(), or \
      backward goes on with an old batch
      """)
  }

  // MARK: The rest

  @Test(.waits(for: steps)) func everyPassAndEveryLayerDrawsAnew() throws {
    var network = NeuralNetwork(inputShape: [250], seed: varied(3))
    try network.append(Dropout(rate: 0.5))
    let first = network.forward(ones)
    try #require(first.shape == ones.shape, "Dropout.forward: got the shape \(first.shape)")
    #expect(first != network.forward(ones), "Dropout.forward: every pass has the same mask")
    var other = NeuralNetwork(inputShape: [250], seed: varied(4))
    try other.append(Dropout(rate: 0.5))
    #expect(first != other.forward(ones), "Dropout: another seed draws the same")
    var two = NeuralNetwork(inputShape: [250], seed: varied(3))
    try two.append(Dropout(rate: 0.5))
    try two.append(Dropout(rate: 0.5))
    let both = (two.forward(ones) .!= 0).mean()
    // 10 000 elements, a quarter kept: standard deviation 0.0043, six of them.
    #expect(abs(both - 0.25) < 0.026, "two layers of one network draw the same mask")
    // The rows of a batch differ, too.
    #expect(first.rows(at: [0]) != first.rows(at: [1]))
  }

  @Test(.waits(for: steps)) func theSameBitsWhateverTheThreads() {
    let count = Parallelism.threadCount
    defer { Parallelism.threadCount = count }
    let x = Tensor(ones: [300, 401])
    let results = [1, 2, 3].map { threads in
      Parallelism.threadCount = threads
      var layer = Dropout(rate: 0.3, seed: varied(1))
      return layer.forward(x, mode: .training)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// A checkpoint stores the number of passes; a layer that takes it goes on with the next mask.
  @Test(.waits(for: steps)) func aResumeGoesOnWithTheNextMask() throws {
    var layer = Dropout(rate: 0.5, seed: varied(1))
    for _ in 0..<5 { _ = layer.forward(ones, mode: .training) }
    var state: [String: Tensor] = [:]
    layer.forEachState { state[$0] = $1 }
    #expect(state["passes"]?.scalars == [0, 5])
    var resumed = Dropout(rate: 0.5, seed: varied(1))
    resumed.forEachState { $1 = state[$0] ?? $1 }
    #expect(resumed.forward(ones, mode: .training) == layer.forward(ones, mode: .training))
    // Beyond 2²⁴ a single float would stand still.
    resumed.forEachState { $1 = [1024, 1_048_575] }
    _ = resumed.forward(ones, mode: .training)
    resumed.forEachState { #expect($1.scalars == [1025, 0]) }
    // A damaged file gives no count, and no crash.
    resumed.forEachState { $1 = [-1, .init(floatLiteral: .nan)] }
    _ = resumed.forward(ones, mode: .training)
  }

  @Test(.waits(for: steps)) func gradientsAgreeWithFiniteDifferences() throws {
    try expectGradients(of: Dropout(rate: 0.4, seed: varied(1)), inputShape: [4, 5])
    try expectGradients(of: Dropout(rate: 0, seed: varied(1)), inputShape: [2, 3])
  }

  @Test(.waits(for: steps)) func wrongArgumentsAreRefused() async throws {
    for rate in [1, -0.1, 1.5, .nan] as [Float] {
      expectCourseError(
        .invalidArgument, "Dropout: rate out of range", "at least 0 and below 1", "\(rate)"
      ) { try Dropout(configuration: .init(rate: rate)) }
      expectCourseError(.invalidArgument, "SpatialDropout2D: rate out of range", "\(rate)") {
        try SpatialDropout2D(configuration: .init(rate: rate))
      }
    }
    #expect(try Dropout(configuration: Dropout(rate: 0.25, seed: 1).configuration).rate == 0.25)
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dropout(rate: 1, seed: 1)
    }
    expectWords(of: stopped, "Dropout: rate out of range", "a dropped fraction", "1.0")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Dropout(rate: 0.5, seed: 1)
      _ = layer.forward([[1]], mode: .training)
      _ = layer.forward([[1]], mode: .inference)
      _ = layer.backward([[1]])
    }
    expectWords(of: inference, "Dropout.backward", "no forward pass to go back through")
  }
}
