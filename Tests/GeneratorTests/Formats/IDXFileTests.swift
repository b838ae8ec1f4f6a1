import CourseTestSupport
import Foundation
import Generator
import Shared
import Testing

@Suite(.watched) struct IDXFileTests {
  // struct.pack(">4B3I", 0, 0, 8, 3, 2, 2, 3) + bytes(range(12))
  private let images = Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3] + Array(0..<12))

  private func read(_ data: Data) throws -> IDXFile { try IDXFile(data: data, path: "file") }

  @Test func shapeAndBytesComeBack() throws {
    let file = try read(images)
    #expect(file.type == .uint8 && file.shape == [2, 2, 3] && file.bytes == Array(0..<12))
    #expect(file.tensor == Tensor(arange: 0, to: 12).reshaped(to: [2, 2, 3]))
    #expect(file.data == images && IDXFile(shape: [2, 2, 3], bytes: Array(0..<12)) == file)
  }

  @Test func allElementTypesAreRead() throws {
    func file(_ code: UInt8, _ bytes: [UInt8], count: UInt8) -> Data {
      Data([0, 0, code, 1, 0, 0, 0, count] + bytes)
    }
    #expect(try read(file(0x09, [255, 1], count: 2)).tensor == [-1, 1])
    #expect(try read(file(0x0B, [0xFF, 0xFE, 1, 0], count: 2)).tensor == [-2, 256])
    #expect(try read(file(0x0C, [0xFF, 0xFF, 0xFF, 0xFD], count: 1)).tensor == [-3])
    #expect(try read(file(0x0D, [0x3F, 0xC0, 0, 0], count: 1)).tensor == [1.5])
    #expect(try read(file(0x0E, [0xC0, 4, 0, 0, 0, 0, 0, 0], count: 1)).tensor == [-2.5])
    #expect(try read(file(0x08, [], count: 0)).tensor.shape == [0])
  }

  @Test func numbersSurviveAFile() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "numbers.idx")
      let numbers = Tensor(normal: [3, 4], key: RandomKey(seed: 1))
      try IDXFile(numbers).write(to: url)
      #expect(try IDXFile(contentsOf: url).tensor == numbers)
    }
  }

  @Test func whatIsWrongIsSaidWithItsPlace() {
    expectCourseError(.format, "file, offset 0", "00 00", "a PNG image") {
      try read(Data([0x89, 0x50, 0x4E, 0x47]))
    }
    expectCourseError(.format, "file, offset 2", "element type", "got 07") {
      try read(Data([0, 0, 7, 1, 0, 0, 0, 0]))
    }
    expectCourseError(.format, "file, offset 3", "without axes") { try read(Data([0, 0, 8, 0])) }
    expectCourseError(.format, "file, offset 16", "too short", "[2, 2, 3]", "11 bytes") {
      try read(images.dropLast())
    }
    expectCourseError(.format, "longer", "28 bytes", "offset 28") { try read(images + [0]) }
    expectCourseError(.file, "cannot open", "an IDX file", "no such file") {
      try IDXFile(contentsOf: URL(filePath: "/nowhere/images.idx"))
    }
  }

  @Test func absurdSizesAreRefusedBeforeMemoryIsTaken() {
    let huge = [UInt8](repeating: 0xFF, count: 16)
    expectCourseError(.format, "too short", "4294967295") {
      try read(Data([0, 0, 8, 1] + huge.prefix(4)))
    }
    // A product beyond 64 bits.
    expectCourseError(.format, "too short") { try read(Data([0, 0, 14, 4] + huge)) }
    // One axis of 0, and three whose product overflows.
    let empty = [UInt8](repeating: 0, count: 4)
    expectCourseError(.format, "too short") {
      try read(Data([0, 0, 8, 4] + empty + huge.prefix(12)))
    }
  }

  @Test func damageIsNoticed() {
    damage(images) { _ = try read($0).tensor }
  }

  #if ImageCodecs

    // gzip.compress(images, mtime=0)
    private let packed = "H4sIAAAAAAACA2Ng4GBmYGBggmJmBkYmZhZWNnYOTi5uAHgeI4QcAAAA"

    @Test func packedFilesAreRecognisedByTheirContent() throws {
      try withTemporaryFolder { folder in
        let url = folder.appending(path: "misnamed-ubyte")
        try bytes(packed).write(to: url)
        #expect(try IDXFile(contentsOf: url) == read(images))
      }
    }

    @Test func damageToPackedFilesIsNoticed() throws {
      damage(try bytes(packed)) { _ = try read($0).tensor }
    }

    @Test func absurdSizesInPackedFilesAreRefused() throws {
      // gzip.compress(struct.pack(">4B1I", 0, 0, 8, 1, 2**31), mtime=0)
      let bomb = try bytes("H4sIAAAAAAACA2Ng4GBsYGBgAACPwkhZCAAAAA==")
      expectCourseError(.format, "too short", "packed file", "2147483648") { try read(bomb) }
    }

  #else

    @Test func packedFilesSayHowToReadThem() {
      expectCourseError(.file, "gzip is off in this build", "--disable-default-traits") {
        try read(Data([0x1F, 0x8B, 8, 0]))
      }
    }

  #endif

  // MARK: Data sets

  private func write(_ folder: URL, labels: [UInt8], count: Int? = nil) throws {
    try images.write(to: folder.appending(path: "t10k-images-idx3-ubyte"))
    try IDXFile(shape: [count ?? labels.count], bytes: labels).write(
      to: folder.appending(path: "t10k-labels-idx1-ubyte"))
  }

  @Test func imagesAndLabelsBecomeADataset() throws {
    try withTemporaryFolder { folder in
      try write(folder, labels: [7, 2])
      let data = try Dataset.mnist(.test, in: folder)
      #expect(data.count == 2 && data.inputShape == [1, 2, 3] && data.classCount == 10)
      #expect(data.targets == .classes([7, 2]) && data.name == "mnist (test)")
      #expect(data.bytes != nil)
      expectClose(
        data.batch(at: [1]).features * 255, [[[[6, 7, 8], [9, 10, 11]]]], "second image")
      #expect(try Dataset.fashionMNIST(.test, in: folder).classNames[7] == "Sneaker")
    }
  }

  @Test func filesThatDisagreeAreRefused() throws {
    try withTemporaryFolder { folder in
      try write(folder, labels: [7, 2, 1])
      expectCourseError(.invalidData, "labels-idx1-ubyte, offset 4", "2 labels", "got 3") {
        try Dataset.mnist(.test, in: folder)
      }
      try write(folder, labels: [7, 12])
      expectCourseError(.invalidData, "offset 9 (example 1)", "0 to 9", "got 12") {
        try Dataset.mnist(.test, in: folder)
      }
      let (a, b) = (
        folder.appending(path: "t10k-images-idx3-ubyte").path,
        folder.appending(path: "t10k-labels-idx1-ubyte").path
      )
      expectCourseError(.format, b, "not images", "uint8 of shape [2]", "exchanged") {
        try Dataset(idxImages: b, labels: a)
      }
      expectCourseError(.format, a, "not labels", "[2, 2, 3]") {
        try Dataset(idxImages: a, labels: a)
      }
    }
  }

  @Test func missingDataSayHowToGetThem() throws {
    try withTemporaryFolder { folder in
      expectCourseError(.file, folder.path, "train-images-idx3-ubyte.gz") {
        try Dataset.mnist(.train, in: folder)
      }
    }
  }
}
