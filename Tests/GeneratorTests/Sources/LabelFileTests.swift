import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: NumberedFolderTests.steps), .watched)
struct LabelFileTests {
  /// A dictionary has another order in each process: the first mistake, and not any of them.
  @Test func ofSeveralMistakesTheFirstIsNamed() {
    let labels = (0..<40).map { "\"\($0)\": \($0 < 12 ? "\($0)" : "-\($0)")" }.joined(
      separator: ", ")
    expectCourseError(.format, "L.json, key \"12\"", "not a label", "got -12") {
      try LabelMap(data: Data("{\(labels)}".utf8), path: "L.json")
    }
    let keys = (10..<50).map { "\"\($0)x\": 0" }.joined(separator: ", ")
    expectCourseError(.format, "L.json", "not the number of an image", "got \"10x\"") {
      try LabelMap(data: Data("{\(keys)}".utf8), path: "L.json")
    }
    let boxes = (0..<40).map { "\"\($0)\": [{\"left\": \($0)}]" }.joined(separator: ", ")
    expectCourseError(.format, "B.json, key \"0\"", "not boxes") {
      try LabelMap.boxes(Data("{\(boxes)}".utf8), path: "B.json", classCount: 1)
    }
  }

  @Test func byteOrderMarksAreNoPartOfNamesAndLabels() throws {
    try withTemporaryFolder { folder in
      let mark = Data([0xEF, 0xBB, 0xBF])
      try makeFiles(
        [
          "0.npy": tinyImage(1), "1.npy": tinyImage(1),
          "Labels.json": mark + Data("{\"0\": 1, \"1\": 0}".utf8),
          "Boxes.json": mark + Data("{}".utf8), "Classes.txt": mark + Data("cat\r\ndog\r\n".utf8),
        ], in: folder)
      let source = try NumberedFolder(folder.path)
      #expect(source.classNames == ["cat", "dog"] && source.labels == [1, 0])
    }
  }

  @Test(arguments: [[0xFF, 0xFE, 0x61, 0, 0x0A, 0], [0xFE, 0xFF, 0, 0x61], [0x61, 0xE9, 0x0A]])
  func namesInOtherEncodingsAreRefused(bytes: [UInt8]) throws {
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "0.npy": tinyImage(1), "Labels.json": Data("{\"0\": 0}".utf8), "Classes.txt": Data(bytes),
        ], in: folder)
      expectCourseError(.format, "Classes.txt", "UTF-8 text", "Save it as text in UTF-8") {
        try NumberedFolder(folder.path)
      }
    }
  }
}
