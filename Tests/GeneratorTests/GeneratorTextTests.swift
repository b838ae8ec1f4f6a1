import Generator
import Shared
import TestSupport
import Testing

/// The examples of Protocols/Generator.md.
@Suite struct GeneratorTextTests {
  @Test func batchesByHand() {
    var order = BatchOrder(count: 5, batchSize: 2, shuffle: false, seed: 0, lastBatch: .wrap)
    #expect((0..<4).map { _ in order.next() } == [[0, 1], [2, 3], [4, 0], [0, 1]])
    #expect(order.epoch == 1)
  }

  @Test func turnsByHand() {
    let image = Tensor([[[1, 2], [3, 4], [5, 6]]])
    expectClose(
      image.mirrored(implementation: .reference), [[[2, 1], [4, 3], [6, 5]]], "mirrored")
    expectClose(
      image.rotated90(implementation: .reference), [[[2, 4, 6], [1, 3, 5]]], "rotated90")
  }

  @Test func resizingByHand() {
    let row = Tensor([[[0, 1, 2, 3]]])
    expectClose(
      row.resized(height: 1, width: 2, antialias: false, implementation: .reference),
      [[[0.5, 2.5]]], "bilinear")
    expectClose(row.resized(height: 1, width: 2), [[[0.714_285_73, 2.285_714_4]]], "antialiased")
  }
}
