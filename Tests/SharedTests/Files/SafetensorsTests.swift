import CourseTestSupport
import Foundation
import Shared
import Testing

/// A tensor's entry in the header.
private func entry(
  _ name: String, _ shape: String, _ offsets: String, type: String = "F32"
) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

@Suite(.watched) struct SafetensorsTests {
  private func read(_ header: String, _ body: [UInt8] = []) throws -> SafetensorsFile {
    try SafetensorsFile(data: SafetensorsTests.bytes(header, body), path: "model.safetensors")
  }

  private static func bytes(_ header: String, _ body: [UInt8]) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    return data + Data(header.utf8) + Data(body)
  }

  private let zeros = [UInt8](repeating: 0, count: 8)

  // safetensors.numpy.save({"b": np.float32([1, 2]), "a.weight": np.float32([[1, 2, 3], [4, 5, 6]]),
  //   "scalar": np.array(7, "f4"), "none": np.zeros((0, 2), "f4")}, {"k": "ä\"\n"})
  private static let reference = """
    EAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoiw6RcIlxuIn0sImEud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUi\
    OlsyLDNdLCJkYXRhX29mZnNldHMiOlswLDI0XX0sImIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNl\
    dHMiOlsyNCwzMl19LCJub25lIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDJdLCJkYXRhX29mZnNldHMiOlszMiwzMl19\
    LCJzY2FsYXIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzMyLDM2XX19ICAgIAAAgD8AAABA\
    AABAQAAAgEAAAKBAAADAQAAAgD8AAABAAADgQA==
    """

  private let example = SafetensorsFile(
    metadata: ["k": "ä\"\n"],
    tensors: [
      ("scalar", Tensor(7)), ("b", [1, 2]), ("a.weight", [[1, 2, 3], [4, 5, 6]]),
      ("none", Tensor(zeros: [0, 2])),
    ])

  // MARK: Against the reference

  @Test func theBytesAreThoseOfTheReference() throws {
    #expect(try example.encoded().base64EncodedString() == SafetensorsTests.reference)
  }

  @Test func aFileOfTheReferenceIsRead() throws {
    let data = try #require(Data(base64Encoded: SafetensorsTests.reference))
    let file = try SafetensorsFile(data: data, path: "reference")
    #expect(file.metadata == ["k": "ä\"\n"])
    #expect(file.tensors.map(\.name) == ["a.weight", "b", "none", "scalar"])
    #expect(file["a.weight"] == [[1, 2, 3], [4, 5, 6]] && file["b"] == [1, 2])
    #expect(file["none"]?.shape == [0, 2] && file["scalar"] == Tensor(7))
    #expect(file["c"] == nil)
  }

  @Test func allNumberFormatsBecomeFloat() throws {
    // safetensors.numpy.save({"bool": np.array([True, False]), "u8": np.uint8([0, 255]),
    //   "i8": np.int8([-128, 127]), "u16": np.uint16([0, 65535]), "i16": np.int16([-32768, 3]),
    //   "f16": np.float16([1.5, -65504]), "u32": np.uint32([1, 2]), "i32": np.int32([-1, 2]),
    //   "f32": np.float32([0.1, -0.0]), "u64": np.uint64([1, 2**40]), "i64": np.int64([-1, 2**40]),
    //   "f64": np.float64([0.1, 1e-50])})
    let text = """
      sAIAAAAAAAB7InU2NCI6eyJkdHlwZSI6IlU2NCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzAsMTZdfSwiaTY0Ijp7\
      ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMTYsMzJdfSwiZjY0Ijp7ImR0eXBlIjoiRjY0Iiwi\
      c2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMzIsNDhdfSwiZjMyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyXSwiZGF0\
      YV9vZmZzZXRzIjpbNDgsNTZdfSwidTMyIjp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNTYs\
      NjRdfSwiaTMyIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNjQsNzJdfSwiZjE2Ijp7ImR0\
      eXBlIjoiRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNzIsNzZdfSwidTE2Ijp7ImR0eXBlIjoiVTE2Iiwic2hh\
      cGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNzYsODBdfSwiaTE2Ijp7ImR0eXBlIjoiSTE2Iiwic2hhcGUiOlsyXSwiZGF0YV9v\
      ZmZzZXRzIjpbODAsODRdfSwiaTgiOnsiZHR5cGUiOiJJOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6Wzg0LDg2XX0s\
      InU4Ijp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls4Niw4OF19LCJib29sIjp7ImR0eXBlIjoi\
      Qk9PTCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6Wzg4LDkwXX19ICAgICAgAQAAAAAAAAAAAAAAAAEAAP//////////\
      AAAAAAABAACamZmZmZm5Px+41Ep67o01zczMPQAAAIABAAAAAgAAAP////8CAAAAAD7/+wAA//8AgAMAgH8A/wEA
      """
    let file = try SafetensorsFile(data: #require(Data(base64Encoded: text)), path: "types")
    let expected: [String: Tensor] = [
      "bool": [1, 0], "u8": [0, 255], "i8": [-128, 127], "u16": [0, 65535], "i16": [-32768, 3],
      "f16": [1.5, -65504], "u32": [1, 2], "i32": [-1, 2], "f32": [0.1, -0.0],
      "u64": [1, 0x1p40], "i64": [-1, 0x1p40], "f64": [0.1, 0],
    ]
    #expect(file.tensors.count == expected.count)
    for (name, tensor) in expected { #expect(file[name] == tensor, "\(name)") }
    // safetensors.torch.save({"x": torch.tensor([1.0, -2.5, 3.140625], dtype=torch.bfloat16)})
    let bfloat = try read(
      "{" + entry("x", "[3]", "[0,6]", type: "BF16") + "}", [0x80, 0x3F, 0x20, 0xC0, 0x49, 0x40])
    #expect(bfloat["x"] == [1, -2.5, 3.140625])
  }

  @Test func specialHalvesAreRead() throws {
    // 0, -0, the smallest subnormal and normal, infinity, NaN
    let bits: [UInt8] = [0, 0, 0, 0x80, 1, 0, 0, 4, 0, 0x7C, 0, 0x7E]
    let file = try read("{" + entry("h", "[6]", "[0,12]", type: "F16") + "}", bits)
    let values = try #require(file["h"]).scalars
    #expect(values.prefix(5) == [0, 0, 0x1p-24, 0x1p-14, .infinity] && values[5].isNaN)
    #expect(values[1].sign == .minus)
  }

  // MARK: Round trips

  @Test func aFileSurvivesWritingAndReading() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "model.safetensors")
      let weights = Tensor(normal: [17, 5], key: RandomKey(seed: 1))
      let special = Tensor([.nan, .infinity, -0.0, .leastNonzeroMagnitude])
      try SafetensorsFile(
        metadata: ["b": "2", "a": "\u{1}\\", "": "😀"],
        tensors: [("w\"\n", weights), ("é", special)]
      ).write(to: url)
      let copy = try SafetensorsFile(contentsOf: url)
      #expect(copy.metadata == ["b": "2", "a": "\u{1}\\", "": "😀"])
      #expect(copy["w\"\n"] == weights)
      #expect(copy["é"]?.scalars.map(\.bitPattern) == special.scalars.map(\.bitPattern))
      #expect(try names(in: folder) == ["model.safetensors"])
      #expect(try Data(contentsOf: url) == copy.encoded())
    }
  }

  @Test func equalContentGivesEqualBytes() throws {
    let reordered = SafetensorsFile(
      metadata: example.metadata, tensors: example.tensors.reversed())
    #expect(try reordered.encoded() == example.encoded())
    #expect(try SafetensorsFile().encoded().count == 16)
    #expect(try read("{}").tensors.isEmpty)
  }

  @Test func namesMustBeDifferent() {
    expectCourseError(.invalidArgument, "same name", "\"a\"") {
      try SafetensorsFile(tensors: [("a", [1]), ("a", [2])]).encoded()
    }
    expectCourseError(.invalidArgument, "__metadata__") {
      try SafetensorsFile(tensors: [("__metadata__", [1])]).encoded()
    }
  }

  // MARK: What is refused and what is not

  @Test func unusualButValidFilesAreRead() throws {
    // Data in another order than the header, an unaligned header, blanks, unknown keys.
    let file = try read(
      "{ " + entry("b", "[1]", "[4, 8]") + ",\n" + entry("a", "[]", "[0, 4]") + "}   ",
      [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    #expect(file["a"] == Tensor(1) && file["b"] == [2])
    #expect(try read("{\"__metadata__\":{}}").metadata.isEmpty)
    let extra = "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"new\":1}}"
    #expect(try read(extra)["a"]?.shape == [0])
  }

  @Test(arguments: malformedFiles)
  func malformedFilesAreRefused(entries: [String], bodySize: Int, word: String) {
    expectCourseError(.format, "model.safetensors", word) {
      try read(
        "{\(entries.joined(separator: ","))}", [UInt8](repeating: 0, count: bodySize))
    }
  }

  @Test func foreignAndTruncatedFilesAreNamed() throws {
    expectCourseError(.format, "an empty file") { try SafetensorsFile(data: Data(), path: "x") }
    let zip = Data([0x50, 0x4B, 3, 4] + [UInt8](repeating: 9, count: 40))
    expectCourseError(.format, "ZIP archive", "x.pt") {
      try SafetensorsFile(data: zip, path: "x.pt")
    }
    var long = Data([UInt8](repeating: 0xFF, count: 8))
    expectCourseError(.format, "100000000") { try SafetensorsFile(data: long, path: "x") }
    long = Data([200, 0, 0, 0, 0, 0, 0, 0, 0x20])
    expectCourseError(.format, "ends inside the header", "200") {
      try SafetensorsFile(data: long, path: "x")
    }
    expectCourseError(.format, "not a JSON object") { try read("[1]") }
    expectCourseError(.format, "nested too deeply") {
      try read(String(repeating: "[", count: 100_000))
    }
    try withTemporaryFolder { folder in
      expectCourseError(.file, "no such file") {
        try SafetensorsFile(contentsOf: folder.appending(path: "none"))
      }
      expectCourseError(.file, "a folder") { try SafetensorsFile(contentsOf: folder) }
    }
  }

  @Test func aNumberThatIsTooLargeForFloatIsRefused() throws {
    let huge = withUnsafeBytes(of: (1e300).bitPattern.littleEndian) { Array($0) }
    let header = "{" + entry("a", "[2]", "[0,16]", type: "F64") + "}"
    expectCourseError(.format, "\"a\"", "too large", "element 1") {
      try read(header, zeros + huge)
    }
  }

  @Test func noTruncationAndNoFlippedBitTraps() throws {
    let data = try SafetensorsFile(metadata: ["k": "v"], tensors: [("a", [1, 2]), ("b", [3])])
      .encoded()
    for length in 0..<data.count {
      #expect(throws: CourseError.self, "\(length) bytes") {
        try SafetensorsFile(data: data.prefix(length), path: "part")
      }
    }
    for bit in 0..<(data.count * 8) {
      var damaged = data
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do {
        _ = try SafetensorsFile(data: damaged, path: "damaged")
      } catch { #expect(error is CourseError) }
    }
  }
}

/// Entries of the header, bytes of data, and what the error must say.
private let malformedFiles: [([String], Int, String)] = [
  ([entry("a", "[1]", "[0,4]"), entry("b", "[1]", "[4,8]")], 12, "after the last tensor"),
  ([entry("a", "[1]", "[0,4]")], 8, "after the last tensor"),
  ([], 4, "after the last tensor"),
  ([entry("a", "[1]", "[0,4]"), entry("b", "[1]", "[8,12]")], 12, "\"b\" leaves a gap"),
  ([entry("a", "[1]", "[4,8]")], 8, "\"a\" leaves a gap"),
  ([entry("a", "[2]", "[0,8]"), entry("b", "[1]", "[4,8]")], 8, "\"b\" overlaps"),
  ([entry("a", "[1]", "[0,4]"), entry("b", "[1]", "[0,4]")], 4, "overlaps"),
  ([entry("a", "[3]", "[0,8]")], 8, "\"a\" has data that does not fit its shape [3] of F32"),
  ([entry("a", "[2]", "[0,8]", type: "F16")], 8, "got 8 bytes"),
  ([entry("a", "[2]", "[0,8]")], 7, "reaches beyond the end"),
  ([entry("a", "[2]", "[8,0]")], 8, "offsets"), ([entry("a", "[2]", "[-8,0]")], 8, "offsets"),
  ([entry("a", "[2]", "[0]")], 8, "offsets"), ([entry("a", "[2]", "[0,8.0]")], 8, "offsets"),
  ([entry("a", "[2]", "[0,9223372036854775807]")], 8, "reaches beyond"),
  ([entry("a", "[2]", "[0,99999999999999999999]")], 8, "offsets"),
  ([entry("a", "[-2]", "[0,8]")], 8, "shape"), ([entry("a", "2", "[0,8]")], 8, "shape"),
  ([entry("a", "[2.0]", "[0,8]")], 8, "shape"), ([entry("a", "[\"2\"]", "[0,8]")], 8, "shape"),
  ([entry("a", "[4611686018427387904,4]", "[0,0]")], 0, "does not fit"),
  ([entry("a", "[0,4611686018427387904,4]", "[0,0]")], 0, "does not fit"),
  ([entry("a", "[4611686018427387904,4,0]", "[0,0]")], 0, "does not fit"),
  ([entry("a", "[4611686018427387904]", "[0,0]")], 0, "does not fit"),
  ([entry("a", "[2]", "[0,8]", type: "F8_E4M3")], 8, "F8_E4M3"),
  ([entry("a", "[2]", "[0,8]", type: "f32")], 8, "not supported"),
  (["\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}"], 8, "no data type"),
  (["\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}"], 8, "shape"),
  (["\"a\":{\"dtype\":\"F32\",\"shape\":[2]}"], 8, "offsets"), (["\"a\":1"], 0, "no data type"),
  ([entry("a", "[1]", "[0,4]"), entry("a", "[1]", "[0,4]")], 4, "\"a\" occurs twice"),
  (["\"__metadata__\":{\"n\":1}"], 0, "not a text"),
  (["\"__metadata__\":[]"], 0, "not an object"), (["\"a\""], 0, "header, line 1, column 5"),
]
