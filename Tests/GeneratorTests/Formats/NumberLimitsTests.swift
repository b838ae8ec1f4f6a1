import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// Numbers in files at their limits: signs, sizes that overflow, and sizes that no file of this length has.
@Suite(.watched) struct NumberLimitsTests {
  @Test func onlyDigitsAreNumbers() {
    for (text, number) in [("0", 0), ("007", 7), ("9223372036854775807", Int.max)] {
      #expect(wholeNumber(text.utf8) == number)
    }
    for text in ["", "-5", "+5", " 5", "5 ", "0x5", "5.0", "9223372036854775808", "٥"] {
      #expect(wholeNumber(text.utf8) == nil, "\(text)")
    }
    #expect(wholeNumber("777".utf8, radix: 8) == 511 && wholeNumber("8".utf8, radix: 8) == nil)
  }

  @Test(arguments: [
    "(-1,)", "(+3,)", "(-0,)", "(3.0,)", "(1e1,)", "(0x3,)", "(3)", "(True,)", "(,)", "(3 3)",
    "(9223372036854775807,)", "(9223372036854775808,)", "(18446744073709551616,)",
    "(4294967296, 4294967296)", "(-1, -3)", "(4611686018427387904, 4)", "(3, -9223372036854775808)",
    "(9223372036854775807, 9223372036854775807, 0)",
  ])
  func shapesOfArrays(shape: String) {
    for (type, order) in [("|u1", "False"), ("|u1", "True"), ("<f4", "False"), ("<f8", "True")] {
      let text = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n"
      let data =
        Data(NpyBytes.signature + [1, 0, UInt8(text.utf8.count), 0]) + Data(text.utf8)
        + Data([1, 2, 3])
      #expect(throws: CourseError.self) { try Tensor(npyData: data, path: "x.npy") }
      #expect(throws: CourseError.self) { try PixelImage(npyData: data, path: "x.npy") }
    }
  }

  /// Calls `read` with numbers of 1, 2, 4 and 8 bytes at their limits in place of what is there.
  private func overwrite(
    _ data: Data, _ places: some Sequence<Int>, _ read: (Data) throws -> Void
  ) {
    let patterns: [[UInt8]] = [1, 2, 4, 8].flatMap { width -> [[UInt8]] in
      let zeros = [UInt8](repeating: 0, count: width - 1)
      let ones = [UInt8](repeating: 0xFF, count: width - 1)
      return [
        [0] + zeros, [0xFF] + ones, [0x7F] + ones, ones + [0x7F], [0x80] + zeros, zeros + [0x80],
      ]
    }
    for place in places {
      for pattern in Set(patterns) where place + pattern.count <= data.count {
        var changed = data
        changed.replaceSubrange(place..<(place + pattern.count), with: pattern)
        do {
          try read(changed)
        } catch {
          #expect(error is CourseError, "\(error)")
        }
      }
    }
  }

  @Test func sizesOfIDXFiles() {
    let data =
      Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + Data(repeating: 5, count: 12)
    overwrite(data, 0..<16) { _ = try IDXFile(data: $0, path: "x") }
  }

  @Test func sizesOfTarFiles() throws {
    var block = [UInt8](repeating: 0, count: 512)
    block[0] = 0x78
    block.replaceSubrange(124..<136, with: Array("00000000005\0".utf8))
    func read(_ data: Data) throws {
      var reader = TarReader(try ByteSource(data: data, path: "x"))
      while let entry = try reader.next() {
        var bytes: [UInt8] = []
        try reader.append(entry, to: &bytes)
        #expect(bytes.count == entry.size)
      }
    }
    overwrite(Data(block), 124..<136) { data in
      // With a checksum that is right, so that the size is looked at.
      var changed = [UInt8](data)
      let sum = changed.reduce(8 * 32) { $0 + Int($1) }
      changed.replaceSubrange(148..<156, with: Array(String(format: "%06o\0 ", sum).utf8))
      try read(Data(changed) + Data(repeating: 0, count: 1024))
    }
  }

  #if ImageCodecs

    @Test func sizesOfArchives() throws {
      for sample in [NpzSamples.stored, NpzSamples.deflated] {
        let data = try bytes(sample)
        let directory = try #require(data.firstRange(of: Data([0x50, 0x4B, 1, 2]))).lowerBound
        overwrite(data, Array(0..<30) + Array(directory..<data.count)) {
          _ = try Dataset(npzData: $0, path: "x.npz", part: .train)
        }
      }
    }

    @Test func sizesOfImages() throws {
      let png = try bytes(PNGSample.all[0].png)
      overwrite(png, 8..<60) { _ = try PixelImage(pngData: $0, path: "x.png") }
      let jpeg = try bytes(JPEGSamples.all[0].png)
      let frame = try #require(jpeg.firstRange(of: Data([0xFF, 0xC0]))).lowerBound
      overwrite(jpeg, Array(0..<24) + Array(frame..<(frame + 24))) {
        _ = try PixelImage(jpegData: $0, path: "x.jpg")
      }
    }

  #endif
}
