import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// The examples of Protocols/Generator.md.
@Suite(.watched) struct GeneratorTextTests {
  /// The tables hold only symptoms that a test can print.
  @Test func symptomsAreMessages() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent()
    let text = try String(
      contentsOf: tests.appending(path: "../../Protocols/Generator.md"), encoding: .utf8)
    // Texts that are broken over lines are one.
    let sources = try FileManager.default.subpathsOfDirectory(atPath: tests.path)
      .filter { $0.hasSuffix(".swift") }
      .map { try String(contentsOf: tests.appending(path: $0), encoding: .utf8) }.joined()
      .replacing(/"\s*\+ "/, with: "")
    let symptoms = text.split(separator: "\n").filter { $0.hasPrefix("| \"") }
      .flatMap { line in line.split(separator: "|")[0].matches(of: /"([^"]+)"/).map(\.1) }
    #expect(symptoms.count > 35)
    for symptom in symptoms where !sources.contains(symptom) {
      Issue.record("no test of the generator can print \"\(symptom)\"")
    }
  }

  @Test(.waits(for: NumberedFolderTests.steps)) func notation() throws {
    let image = PixelImage(width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 0, 0, 255])
    #expect(image[0, 1, 2] == 255)
    #expect(image.tensor == Tensor([[[1, 0]], [[0, 0]], [[0, 1]]]))
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let source = try NumberedFolder(root.appending(path: "Generator/SampleData").path)
    #expect(source.count == 100 && source.classNames[source.label(at: 17)] == "heart")
  }

  @Test(.waits(for: ImageFolderTests.steps)) func aFolderByHand() throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "tulip/8.jpg": tinyImage(1), "tulip/red/7.jpg": tinyImage(1),
          "daisy/2.png": tinyImage(1), "daisy/10.jpg": tinyImage(1),
        ], in: folder)
      let flowers = try ImageFolder(folder.path)
      try #require(flowers.count == 4)
      #expect(flowers.classNames == ["daisy", "tulip"] && flowers.labels == [0, 0, 1, 1])
      #expect(flowers.location(at: 0) == "\(folder.path)/daisy/10.jpg")
      #expect(flowers.location(at: 3) == "\(folder.path)/tulip/red/7.jpg")
    }
  }

  @Test(.waits(for: NumberedFolderTests.steps)) func numbersByHand() {
    let entries = NumberedFolder.paired(
      files: [10: "ten.npy", 2: "two.npy", 0: "zero.npy"], labels: [0: 4, 10: 1, 2: 6])
    #expect(entries.map(\.number) == [0, 2, 10])
    #expect(entries.map(\.path) == ["zero.npy", "two.npy", "ten.npy"])
    #expect(entries.map(\.label) == [4, 6, 1])
  }

  @Test(.waits(for: BatchOrderTests.steps)) func batchesByHand() {
    var order = BatchOrder(count: 5, batchSize: 2, shuffle: false, seed: 0, lastBatch: .wrap)
    #expect((0..<4).map { _ in order.next() } == [[0, 1], [2, 3], [4, 0], [0, 1]])
    #expect(order.epoch == 1)
  }

  @Test(.waits(for: GeometryTests.steps)) func turnsByHand() {
    let image = Tensor([[[1, 2], [3, 4], [5, 6]]])
    expectClose(
      image.mirrored(implementation: .reference), [[[2, 1], [4, 3], [6, 5]]], "mirrored")
    expectClose(
      image.rotated90(implementation: .reference), [[[2, 4, 6], [1, 3, 5]]], "rotated90")
  }

  @Test(.waits(for: ResizeTests.steps)) func resizingByHand() {
    let row = Tensor([[[0, 1, 2, 3]]])
    expectClose(
      row.resized(height: 1, width: 2, antialias: false, implementation: .reference),
      [[[0.5, 2.5]]], "bilinear")
    expectClose(row.resized(height: 1, width: 2), [[[0.714_285_73, 2.285_714_4]]], "antialiased")
  }
}
