import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// Truncations and wrong bits for the readers whose own tests have none: nothing may crash, hang or take
/// memory for sizes that are only claimed. `Tests/Fuzzing/run` searches for more.
@Suite(.watched) struct DamageTests {
  @Test func imagesAsArrays() {
    let image = PixelImage(width: 3, height: 2, channels: 3, repeating: 7).npyData
    damage(image) { data in
      let image = try PixelImage(imageData: data, path: "image.npy")
      #expect(image.pixels.count == image.width * image.height * image.channels)
    }
  }

  @Test func tensorsAsArrays() {
    damage(Tensor([[1, 2, 3], [4, 5, 6]]).npyData) { data in
      let tensor = try Tensor(npyData: data, path: "tensor.npy")
      #expect(tensor.count == tensor.shape.reduce(1, *))
    }
  }

  @Test func safetensors() throws {
    let file = SafetensorsFile(
      metadata: ["a": "b"], tensors: [("x", [1, 2]), ("y", Tensor([[3], [4]]))])
    let data = try withTemporaryFolder { folder in
      let url = folder.appending(path: "model.safetensors")
      try file.write(to: url)
      return try Data(contentsOf: url)
    }
    // A wrong bit in a number is another number.
    damage(data) { _ = try SafetensorsFile(data: $0, path: "model.safetensors") }
  }

  @Test func labels() {
    let labels = Data("{\"0\": 6, \"1\": 9, \"10\": 3}".utf8)
    damage(labels) { _ = try LabelMap(data: $0, path: "Labels.json").classNames(given: nil) }
  }

  @Test func boxes() {
    let boxes = Data(
      "{\"0\": [{\"left\": 3, \"top\": 4.5, \"right\": 20, \"bottom\": 22, \"label\": 6}]}".utf8)
    damage(boxes) { _ = try LabelMap.boxes($0, path: "Boxes.json", classCount: 10) }
  }

  @Test func tables() {
    let table = Data("width,height,kind\r\n1.5,2,a\r\n3,-4e2,\"b \"\"c\"\"\"\r\n".utf8)
    damage(table, truncationIsNoticed: false) { data in
      let table = try CSVTable(bytes: [UInt8](data), name: "table.csv")
      _ = try Dataset(table, label: .name("kind"))
    }
  }

  @Test func cifarRecords() {
    let format = CIFARFormat(
      archive: "", files: ["a.bin"], namesFile: "", labelCount: 1, labelPlace: 0, classCount: 10,
      classNames: (0..<10).map(String.init), imagesInAFile: nil)
    let record = Data([3] + [UInt8](repeating: 5, count: 3072))
    func read(_ data: Data) throws {
      var reader = CIFARReader(format)
      try reader.read(ByteSource(data: data, path: "a.bin"), number: 0)
      #expect(try reader.dataset(name: "a").count == 1)
    }
    for length in stride(from: 0, to: 3073, by: 97) {
      #expect(throws: CourseError.self) { try read(record.prefix(length)) }
    }
    for bit in 0..<8 {
      var wrong = record
      wrong[0] ^= 1 << bit
      // 3 becomes 2, 1 or 7; then 11, which is no class, and so on.
      if bit < 3 {
        #expect(throws: Never.self) { try read(wrong) }
      } else {
        #expect(throws: CourseError.self) { try read(wrong) }
      }
    }
  }
}
