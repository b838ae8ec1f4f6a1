import CourseTestSupport
import ExplorationNetworks
import Foundation
import Networks
import Testing

@Suite(.watched) struct DetectionDataTests {
  /// A folder with one image of 40 x 20 pixels, and annotations in the form of COCO.
  private func write(_ annotations: String, to folder: URL) throws {
    try PixelImage(width: 40, height: 20, channels: 3, repeating: 9).npyData.write(
      to: folder.appending(path: "a.npy"))
    let text = """
      {"images": [{"id": 5, "file_name": "a.npy", "width": 40, "height": 20}],
       "annotations": [\(annotations)], "categories": [{"id": 3, "name": "cat"}]}
      """
    try Data(text.utf8).write(to: folder.appending(path: "annotations.json"))
  }

  private func annotation(_ box: String, more: String = "") -> String {
    "{\"image_id\": 5, \"category_id\": 3, \"bbox\": \(box)\(more)}"
  }

  /// Boxes follow their images, and rounding moves no side beyond them.
  @Test func boxesAreBroughtToTheSizeOfTheImages() throws {
    try withTemporaryFolder { folder in
      try write(
        [
          annotation("[10, 5, 20, 10]"), annotation("[-0.4, 0, 40.7, 20.01]"),
          // A group of things.
          annotation("[0, 0, 40, 20]", more: ", \"iscrowd\": 1"),
          annotation("[30, 10, 4, 5]", more: ", \"iscrowd\": 0"),
        ].joined(separator: ","), to: folder)
      let data = try DetectionData(folder: folder.path, size: [40, 40], proposals: .windows)
      #expect(
        data.truth == [
          [
            LabelledBox(box: Box(x1: 10, y1: 10, x2: 30, y2: 30), label: 0),
            LabelledBox(box: Box(x1: 0, y1: 0, x2: 40, y2: 40), label: 0),
            LabelledBox(box: Box(x1: 30, y1: 20, x2: 34, y2: 30), label: 0),
          ]
        ])
      #expect(data.imageSize == [40, 40] && data.classNames == ["cat"])
      #expect(data.files == [folder.path + "/a.npy"] && data.subset([0, 0]).files.count == 2)
    }
  }

  @Test func boxesBeyondTheirImageAreRefused() throws {
    try withTemporaryFolder { folder in
      for box in ["[-1.1, 0, 9, 9]", "[0, 0, 41.1, 9]", "[0, 12, 9, 9.2]", "[50, 0, 5, 5]"] {
        try write(annotation(box), to: folder)
        expectCourseError(.invalidData, "a box beyond its image", "annotations 0", "(40, 20)") {
          _ = try DetectionData(folder: folder.path)
        }
      }
      for box in ["[40.5, 0, 0.4, 9]", "[3, 4, 0, 9]", "[3, 4, 5, -1]"] {
        try write(annotation(box), to: folder)
        expectCourseError(.invalidData, "a box without an area", "annotations 0") {
          _ = try DetectionData(folder: folder.path)
        }
      }
      try write(annotation("[0, 0, 9, 9]"), to: folder)
      expectCourseError(.shapeMismatch, "too small", "at least 8 x 8", "got 7 x 40") {
        _ = try DetectionData(folder: folder.path, size: [7, 40])
      }
    }
  }
}
