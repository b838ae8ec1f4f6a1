import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Task 2.6.
@Suite(.watched) struct FlattenTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func imagesBecomeRows() async throws { try await Self.steps.run() }
  @Test func rowsBecomeImages() async throws { try await Self.steps.run() }
  @Test func anyRank() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = FirstSteps(
    of: Flatten.typeName,
    [
      ("imagesBecomeRows()", { forward() }),
      ("rowsBecomeImages()", { try backward() }),
      ("anyRank()", { try otherRanks() }),
    ],
    hints: [
      "Tensor.reshaped(to:)":
        "The batch axis stays: the shape is [N, ...], with the product of all other axes.",
      "Index out of range":
        "An input may have any number of axes: input.shape.dropFirst().reduce(1, *).",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      FlattenTests.steps.tryAndExit()
    }
  }

  /// Two images of three channels, whose elements count from 0.
  private static let images = Tensor(arange: 0, to: 48).reshaped(to: [2, 3, 2, 4])
  private static let rows = Tensor(arange: 0, to: 48).reshaped(to: [2, 24])

  private static func forward() {
    var flatten = Flatten()
    expectClose(
      flatten.forward(images, mode: .inference), rows, "Flatten.forward",
      mistakes: [
        "it is zero": Tensor(zeros: [2, 24]),
        "the channels come last: the elements stay where they are, channel after channel (reshaped)":
          images.transposed(axes: [0, 2, 3, 1]).reshaped(to: [2, 24]),
        "rows and columns are exchanged: the elements stay where they are (reshaped)":
          images.transposed(axes: [0, 1, 3, 2]).reshaped(to: [2, 24]),
        "the batch axis was merged, too: [N, C, H, W] becomes [N, C · H · W]":
          images.reshaped(to: [48]),
        "the batch axis comes first: [N, C · H · W]": images.reshaped(to: [24, 2]),
        "the batch axis comes first, and nothing moves (reshaped): [N, C · H · W]":
          images.reshaped(to: [24, 2]).transposed(),
        "nothing is merged: [N, C, H, W] becomes [N, C · H · W]": images,
      ])
  }

  private static func backward() throws {
    var flatten = Flatten()
    _ = try forwardPass(&flatten, input: images)
    expectClose(
      flatten.backward(rows), images, "Flatten.backward",
      mistakes: [
        "it is zero: nothing moves, so the gradient gets the shape of the input":
          Tensor(zeros: images.shape),
        "the gradient still has one axis for each image: give it the shape of the input": rows,
        "the channels come last: undo what forward did (reshaped)":
          rows.reshaped(to: [2, 2, 4, 3]).transposed(axes: [0, 3, 1, 2]),
        "rows and columns are exchanged: undo what forward did (reshaped)":
          rows.reshaped(to: [2, 3, 4, 2]).transposed(axes: [0, 1, 3, 2]),
        "the axes are in reversed order": rows.reshaped(to: [4, 2, 3, 2]),
      ])
  }

  private static func otherRanks() throws {
    for shape in [[2, 3, 4], [3, 2], [3], [1, 2, 1, 3, 2]] {
      var flatten = Flatten()
      let input = Tensor(normal: shape, key: RandomKey(seed: varied(1)))
      let flat = [shape[0], shape.dropFirst().reduce(1, *)]
      let (output, inputGradient) = try trainingPass(
        &flatten, input: input, outputGradient: input.reshaped(to: flat))
      expectClose(output, input.reshaped(to: flat), "Flatten.forward of shape \(shape)")
      expectClose(inputGradient, input, "Flatten.backward to shape \(shape)")
    }
  }

  // MARK: Use

  @Test func oneAxisForEachExample() {
    #expect(Flatten().outputShape(for: [3, 4]) == [12])
    #expect(Flatten().outputShape(for: []) == [1])
  }

  @Test(.waits(for: steps)) func gradientsAgreeWithFiniteDifferences() throws {
    try expectGradients(of: Flatten(), inputShape: [2, 3, 2])
  }

  @Test(.waits(for: steps)) func inferenceKeepsNothing() {
    expectInferenceKeepsNothing(Flatten(), input: Tensor(ones: [2, 3, 2]))
  }

  @Test(.waits(for: steps)) func backwardNeedsATrainingPass() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var flatten = Flatten()
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .training)
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .inference)
      _ = flatten.backward(Tensor(zeros: [1, 4]))
    }
    expectWords(of: inference, "Flatten.backward: no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var flatten = Flatten()
      _ = flatten.forward(Tensor(zeros: [1, 2, 2]), mode: .training)
      _ = flatten.backward(Tensor(zeros: [1, 2, 2]))
    }
    expectWords(of: gradient, "Flatten.backward", "shape [1, 4]", "got [1, 2, 2]")
  }
}
