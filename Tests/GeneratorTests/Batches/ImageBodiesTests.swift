import CourseTestSupport
import Shared
import Testing

@testable import Generator

/// Kernels stand in for the bodies of tasks 4.4 and 4.5 only where both agree: a wrong body shows in batches.
@Suite(.watched) struct ImageBodiesTests {
  /// A batch of images of one size, and of fitted ones.
  private func batch(
    _ augmentation: [Augmentation], sizes: [(height: Int, width: Int)] = [(6, 9)],
    _ bodies: ImageBodies = .standard
  ) throws -> Tensor {
    let maker = BatchMaker(
      source: CountedImages(4, sizes: sizes), imageSize: [3, 6, 9], augmentation: augmentation,
      fitting: .stretch, key: RandomKey(seed: varied(1)), bodies: bodies)
    return try maker.batch(
      BatchPlan(number: 0, indices: [0, 1, 2, 3], epochs: [0, 0, 0, 0], endsEpoch: true)
    ).images
  }

  private let mirror = [Augmentation.mirror.with(probability: 1)]
  private let turn = [Augmentation.rotate90.with(probability: 1)]

  @Test(.waits(for: GeometryTests.steps), .waits(for: ResizeTests.steps))
  func solvedTasksRunTheirKernels() {
    let image = Tensor(uniform: [3, 5, 4], key: RandomKey(seed: varied(2)))
    let bodies = ImageBodies.standard
    #expect(bodies.mirrorsByKernel, "task 4.4: mirroredReference and the kernel differ")
    #expect(bodies.turnsByKernel, "task 4.4: rotated90Reference and the kernel differ")
    #expect(
      bodies.resized(image, height: 3, width: 2, antialias: true)
        == image.resizedByKernel(
          height: 3, width: 2, interpolation: .bilinear, antialias: true),
      "task 4.5: resizedReference and the kernel differ")
  }

  /// Without a pixel, and with all of them where they were.
  @Test func aWrongMirrorShowsInABatch() throws {
    let unfinished = ImageBodies(mirrored: { Tensor(zeros: $0.shape) })
    #expect(try batch(mirror, unfinished) == Tensor(zeros: [4, 3, 6, 9]))
    #expect(try batch(mirror, ImageBodies(mirrored: { $0 })) == batch([]))
    // On numbers as on bytes.
    #expect(
      try batch([.brightness(0)] + mirror, unfinished) == Tensor(zeros: [4, 3, 6, 9]))
  }

  @Test func aWrongTurnShowsInABatch() throws {
    let unfinished = ImageBodies(rotated90: {
      Tensor(zeros: [$0.shape[0], $0.shape[2], $0.shape[1]])
    })
    #expect(try batch(turn, unfinished) == Tensor(zeros: [4, 3, 6, 9]))
    let exchanged = ImageBodies(rotated90: { $0.transposed(axes: [0, 2, 1]) })
    #expect(try batch(turn, exchanged) != batch(turn))
    #expect(!exchanged.turnsByKernel && exchanged.mirrorsByKernel)
  }

  @Test func aWrongResizeShowsInABatch() throws {
    let sizes = [(height: 12, width: 15)]
    let unfinished = ImageBodies(resized: { Tensor(zeros: [$0.shape[0], $1, $2]) })
    #expect(try batch([], sizes: sizes, unfinished) == Tensor(zeros: [4, 3, 6, 9]))
    // Every mistake that the task's tests know.
    let mixes: [WrongResize.Mix] = [
      .exchanged, .rowsExchanged, .columnsExchanged, .axes, .columnsOnly, .rowsOnly, .mean,
      .firstChannel,
    ]
    for mix in mixes {
      let wrong = WrongResize(mix: mix)
      let expected = try (0..<4).map { index in
        wrong.applied(to: try CountedImages(4, sizes: sizes).image(at: index).tensor, 6, 9)
          .reshaped(to: [1, 3, 6, 9])
      }
      let bodies = ImageBodies(resized: { WrongResize(mix: mix).applied(to: $0, $1, $2) })
      #expect(
        try batch([], sizes: sizes, bodies) == Tensor(concatenating: expected), "\(mix)")
    }
    #expect(
      try batch([.resize(height: 5, width: 5, interpolation: .nearest)], unfinished)
        == Tensor(zeros: [4, 3, 6, 9]), "fitted again")
  }

  /// The mask goes the way of its image.
  @Test func aWrongBodyShowsInMasks() {
    let mask = PixelImage(width: 3, height: 2, channels: 1, repeating: 1)
    var sample = ImageSample(
      mask, mask: mask, boxes: [], bodies: ImageBodies(mirrored: { Tensor(zeros: $0.shape) }))
    sample.mirror()
    #expect(sample.mask == Tensor(zeros: [1, 2, 3]))
  }

  @Test func anotherShapeIsRefused() async {
    expectWords(
      of: await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let image = PixelImage(width: 3, height: 2, channels: 1)
        var sample = ImageSample(
          image, mask: nil, boxes: [], bodies: ImageBodies(rotated90: { $0 }))
        sample.rotate90()
      }, "Tensor.rotated90", "expected shape [1, 3, 2]", "task 4.4", "got [1, 2, 3]")
  }
}
