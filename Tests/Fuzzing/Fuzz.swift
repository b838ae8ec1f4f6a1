import CCourseCodecs
import Foundation

@testable import Generator
@testable import Shared

/// A reader of files from outside: gets any bytes, and may do nothing but return or throw a `CourseError`.
struct FuzzTarget: Sendable {
  let name: String
  /// Files to begin with.
  let seeds: @Sendable () throws -> [Data]
  let read: @Sendable (Data) throws -> Void
}

let image = PixelImage(width: 5, height: 3, channels: 3, repeating: 200)
let path = "fuzz"

/// A PNG file whose chunks all have the checksum of their content.
func withRightChecksums(_ png: Data) -> Data {
  var bytes = [UInt8](png)
  var place = 8
  while place + 12 <= bytes.count {
    let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - place - 12 else { break }
    let end = place + 8 + length
    var sum: UInt32 = 0
    _ = bytes[(place + 4)..<end].withUnsafeBufferPointer {
      codec_crc32($0.baseAddress, $0.count, &sum)
    }
    for byte in 0..<4 { bytes[end + byte] = UInt8(sum >> (24 - 8 * byte) & 0xFF) }
    place = end + 4
  }
  return Data(bytes)
}

let targets = [
  FuzzTarget(name: "npy") {
    [image.npyData, Tensor([[1, 2], [3, 4]]).npyData]
  } read: { data in
    _ = try? PixelImage(npyData: data, path: path)
    _ = try Tensor(npyData: data, path: path)
  },
  FuzzTarget(name: "npz") {
    [NpzSamples.stored, NpzSamples.deflated, NpzSamples.floats].compactMap {
      Data(base64Encoded: $0)
    }
  } read: {
    _ = try? Dataset(npzData: $0, path: path, part: .train)
    _ = try Dataset(npzData: $0, path: path)
  },
  FuzzTarget(name: "idx") {
    let file = IDXFile(shape: [2, 2, 2], bytes: [1, 2, 3, 4, 5, 6, 7, 8]).data
    let packed = "H4sIAAAAAAACA2NgYOdgZGBgYAJiZhDGAADR3AJ0EgAAAA=="
    return [file, IDXFile(Tensor([0.5, 2])).data, Data(base64Encoded: packed) ?? file]
  } read: {
    _ = try IDXFile(data: $0, path: path).tensor
  },
  FuzzTarget(name: "cifar") {
    [Data([3] + [UInt8](repeating: 5, count: 3072))]
  } read: { data in
    let format = CIFARFormat(
      archive: "", files: ["a.bin"], namesFile: "", labelCount: 1, labelPlace: 0, classCount: 10,
      classNames: (0..<10).map(String.init), imagesInAFile: nil)
    var reader = CIFARReader(format)
    try reader.read(ByteSource(data: data, path: path), number: 0)
    _ = try reader.dataset(name: "fuzz")
  },
  FuzzTarget(name: "tar") {
    [Data([UInt8](repeating: 0, count: 1024))]
  } read: { data in
    var archive = TarReader(try ByteSource(data: data, path: path))
    while let entry = try archive.next() {
      var content: [UInt8] = []
      if entry.size < 1 << 20 { try archive.append(entry, to: &content) }
    }
  },
  FuzzTarget(name: "png") {
    PNGSample.all.compactMap { Data(base64Encoded: $0.png) }
  } read: {
    // As it is; and with checksums that fit, or libpng would hardly ever look into a chunk.
    _ = try? PixelImage(pngData: withRightChecksums($0), path: path)
    _ = try PixelImage(pngData: $0, path: path)
  },
  FuzzTarget(name: "jpeg") {
    (JPEGSamples.all.map(\.png) + [JPEGSamples.cmyk]).compactMap { Data(base64Encoded: $0) }
  } read: {
    _ = try PixelImage(jpegData: $0, path: path)
  },
  FuzzTarget(name: "safetensors") {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: url) }
    try SafetensorsFile(metadata: ["a": "b"], tensors: [("x", [1, 2]), ("y", Tensor([[3]]))])
      .write(to: url)
    return [try Data(contentsOf: url)]
  } read: {
    _ = try SafetensorsFile(data: $0, path: path)
  },
  FuzzTarget(name: "csv") {
    [Data("width,kind\r\n1.5,a\r\n-4e2,\"b \"\"c\"\"\"\r\n".utf8), Data("1;2\n3;4\n".utf8)]
  } read: {
    let table = try CSVTable(bytes: [UInt8]($0), name: path)
    _ = try Dataset(table, label: -1)
  },
  FuzzTarget(name: "labels") {
    [Data("{\"0\": 6, \"1\": 9}".utf8)]
  } read: {
    _ = try LabelMap(data: $0, path: path).classNames(given: nil)
  },
  FuzzTarget(name: "boxes") {
    [Data("{\"0\":[{\"left\":3,\"top\":4.5,\"right\":20,\"bottom\":22,\"label\":6}]}".utf8)]
  } read: {
    _ = try LabelMap.boxes($0, path: path, classCount: 10)
  },
]

let chosen = targets.first { $0.name == ProcessInfo.processInfo.environment["FUZZ_TARGET"] }

/// Called once. `FUZZ_SEEDS=DIR` writes the files to begin with, and stops.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
  guard let chosen else {
    print("FUZZ_TARGET: one of \(targets.map(\.name).joined(separator: ", "))")
    exit(2)
  }
  guard let folder = ProcessInfo.processInfo.environment["FUZZ_SEEDS"] else { return 0 }
  do {
    for (index, seed) in try chosen.seeds().enumerated() {
      try seed.write(to: URL(filePath: "\(folder)/seed-\(index)"))
    }
    exit(0)
  } catch {
    print("\(error)")
    exit(1)
  }
}

/// Called with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  do {
    try chosen?.read(Data(bytes: bytes, count: count))
  } catch {
    if !(error is CourseError) { fatalError("expected a CourseError, got \(error)") }
  }
  return 0
}
