import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: ImageFolderTests.steps), .waits(for: NumberedFolderTests.steps), .watched)
struct SyntheticScenesTests {
  /// Scenes whose annotations are changed.
  private struct Changed: AnnotatedImageSource {
    let scenes = SyntheticScenes(count: 2, seed: 1)
    let change: @Sendable (inout AnnotatedImage) -> Void
    var name: String { scenes.name }
    var count: Int { scenes.count }
    var classNames: [String] { scenes.classNames }
    func location(at index: Int) -> String { scenes.location(at: index) }
    func annotatedImage(at index: Int) -> AnnotatedImage {
      var image = scenes.scene(at: index)
      if index == 1 { change(&image) }
      return image
    }
  }

  @Test func masksThatDoNotFitAreRefused() throws {
    func data(_ change: @escaping @Sendable (inout AnnotatedImage) -> Void) throws -> Dataset {
      try Dataset(Changed(change: change), as: ImageInput(channels: 3, height: 32, width: 32))
    }
    #expect(try data { _ in }.count == 2)
    expectCourseError(
      .shapeMismatch, "synthetic scene 1", "the mask does not fit its image", "64 x 64",
      "got 64 x 63"
    ) {
      _ = try data { $0.mask = PixelImage(width: 64, height: 63, channels: 1) }
    }
    expectCourseError(.shapeMismatch, "the mask does not fit its image", "3 channels") {
      _ = try data { $0.mask = PixelImage(width: 64, height: 64, channels: 3) }
    }
    expectCourseError(
      .invalidData, "synthetic scene 1", "a pixel of an unknown class", "0 to 5, or 255", "got 6"
    ) {
      _ = try data { $0.mask.pixels[17] = 6 }
    }
    let ignored = try data { $0.mask.pixels = $0.mask.pixels.map { _ in AnnotatedImage.ignored } }
    #expect(ignored.subset([1]).targets.answerCount == 0)
  }

  @Test func aSceneDependsOnSeedAndNumberOnly() {
    let (few, many) = (
      SyntheticScenes(size: 32, count: 3, seed: 1), SyntheticScenes(size: 32, count: 9, seed: 1)
    )
    #expect(few.scene(at: 2) == many.scene(at: 2))
    #expect(few.scene(at: 2) != few.scene(at: 1))
    #expect(SyntheticScenes(size: 32, count: 3, seed: 2).scene(at: 2) != few.scene(at: 2))
  }

  @Test func scenesAreTheSameOnAnyThread() {
    let scenes = SyntheticScenes(size: 32, count: 6, seed: 4)
    let drawn = Drawn(count: 6)
    parallelFor(6) { drawn[$0] = scenes.scene(at: $0) }
    for index in 0..<6 { #expect(drawn[index] == scenes.scene(at: index)) }
  }

  private final class Drawn: @unchecked Sendable {
    private let lock = NSLock()
    private var scenes: [AnnotatedImage?]
    init(count: Int) { scenes = [AnnotatedImage?](repeating: nil, count: count) }
    subscript(index: Int) -> AnnotatedImage? {
      get { lock.withLock { scenes[index] } }
      set { lock.withLock { scenes[index] = newValue } }
    }
  }

  @Test func everyClassAndNumberOfFiguresOccurs() {
    let scenes = SyntheticScenes(size: 32, count: 40, seed: 7)
    let boxes = (0..<40).map { scenes.scene(at: $0).boxes }
    #expect(Set(boxes.map(\.count)) == [1, 2, 3, 4])
    #expect(Set(boxes.flatMap { $0.map(\.label) }) == Set(0..<scenes.classNames.count))
    let single = SyntheticScenes(size: 32, count: 6, seed: 7, figures: 1)
    #expect((0..<6).allSatisfy { single.scene(at: $0).boxes.count == 1 })
  }

  @Test func boxesFitTheMasks() {
    let scenes = SyntheticScenes(size: 48, count: 15, seed: 3)
    var overlaps = 0
    for index in 0..<15 {
      let scene = scenes.scene(at: index)
      let (mask, size) = (scene.mask, 48)
      #expect(mask.width == size && mask.height == size && mask.channels == 1)
      #expect(scene.image.channels == 3 && scene.image.width == size)
      // Each pixel of a class lies in a box of this class.
      for (place, value) in mask.pixels.enumerated() where value > 0 {
        let (x, y) = (Float(place % size) + 0.5, Float(place / size) + 0.5)
        #expect(
          scene.boxes.contains {
            $0.label == Int(value) - 1 && $0.left < x && x < $0.right && $0.top < y && y < $0.bottom
          }, "scene \(index), pixel \(place)")
      }
      for box in scene.boxes {
        #expect(box.left >= 0 && box.top >= 0 && box.right <= 48 && box.bottom <= 48)
        // The box is tight: a pixel of the class touches each edge.
        let (left, right) = (Int(box.left), Int(box.right))
        let (top, bottom) = (Int(box.top), Int(box.bottom))
        func isClass(_ row: Int, _ column: Int) -> Bool {
          mask[row, column, 0] == UInt8(box.label + 1)
        }
        #expect((top..<bottom).contains { isClass($0, left) })
        #expect((top..<bottom).contains { isClass($0, right - 1) })
        #expect((left..<right).contains { isClass(top, $0) })
        #expect((left..<right).contains { isClass(bottom - 1, $0) })
        #expect(box.width >= 6 && box.height >= 6, "scene \(index): \(box)")
      }
      for (place, box) in scene.boxes.enumerated() {
        overlaps += scene.boxes[..<place].count {
          max($0.left, box.left) < min($0.right, box.right)
            && max($0.top, box.top) < min($0.bottom, box.bottom)
        }
      }
    }
    #expect(overlaps >= 5, "\(overlaps) pairs of boxes overlap")
  }

  /// Of each figure about half is seen at least, and of the nearest nearly all, since an edge has mixed pixels.
  @Test func nearerFiguresCoverFartherOnes() {
    var draws = SceneDraws(RandomKey(seed: 11))
    let scene = SyntheticScene(
      [ShapeOutline](repeating: .square, count: 8), &draws)
    let figures = scene.rendered(size: 64, noise: RandomKey(seed: 1)).figures
    var visible = [Int](repeating: 0, count: scene.figures.count)
    var whole = visible
    for (place, owner) in figures.enumerated() {
      let (x, y) = (
        (Double(place % 64) + 0.5) / 32 - 1, (Double(place / 64) + 0.5) / 32 - 1
      )
      if owner > 0 { visible[Int(owner) - 1] += 1 }
      let at = scene.figures.indices.filter { scene.figures[$0].contains(x, y) }
      for index in at { whole[index] += 1 }
    }
    #expect(scene.figures.count >= 3)
    for (seen, all) in zip(visible, whole) {
      #expect(Double(seen) >= 0.45 * Double(all), "\(visible) of \(whole)")
    }
    #expect(visible.last! >= whole.last! * 9 / 10 && visible != whole)
  }

  @Test func wrongArgumentsStopWithAMessage() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SyntheticScenes(size: 16, count: 1, seed: 1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("32 to 1024") && message.contains("1 of 16 pixels"))
  }
}
