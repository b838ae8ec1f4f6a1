import Foundation
import Networks

/// The trained network in a file.
func savedNetwork(_ path: String) throws -> NeuralNetwork {
  try NeuralNetwork(contentsOf: URL(filePath: path))
}

/// Whether a file is a safetensors file by its content: the length of a header, and the header's brace.
func isSavedNetwork(_ path: String) -> Bool {
  guard let file = FileHandle(forReadingAtPath: path),
    let start = try? file.read(upToCount: 9), start.count == 9
  else { return false }
  return start.last == UInt8(ascii: "{") && start.dropFirst(4).prefix(4).allSatisfy { $0 == 0 }
}
