import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// Sorts digits with a network of the recipe sort-transformer, one digit after the other: each is the most probable one
/// after the given digits and those that it has found.
struct DigitSorter {
  private let network: NeuralNetwork
  /// The number of digits in a sequence.
  let length: Int

  /// - Throws: when the network does not predict digits.
  init(_ network: NeuralNetwork) throws {
    self.network = network
    length = (network.inputShape[0] + 1) / 2
    _ = try TextSampler(network, seed: 0)
  }

  /// The digits in the order that the network finds.
  func sorted(_ digits: [Int]) throws -> [Int] {
    var sampler = try TextSampler(network, seed: 0)
    try sampler.read(digits.map(String.init).joined())
    return (0..<length).compactMap { _ in sampler.next(temperature: 0).wholeNumberValue }
  }

  // MARK: `course predict`

  struct Record: Encodable {
    var model: String
    var predictions: [Prediction]
  }

  struct Prediction: Encodable {
    var file: String
    var row: Int
    var digits: [Int]
    var sorted: [Int]
  }

  /// What it makes of each line of each operand: a file, `-`, or the line itself.
  func predictions(for operands: [String]) throws -> [Prediction] {
    try operands.flatMap { operand in
      let found = try lines(of: operand).enumerated().compactMap { row, line -> Prediction? in
        guard line.contains(where: { !$0.isWhitespace }) else { return nil }
        let digits = try digits(in: line, location: "\(operand), line \(row + 1)")
        return Prediction(file: operand, row: row + 1, digits: digits, sorted: try sorted(digits))
      }
      guard !found.isEmpty else {
        throw CourseError(
          .invalidData, "there are no digits to sort", expected: "\(length) digits in a line",
          received: "nothing", location: operand.isEmpty ? nil : operand)
      }
      return found
    }
  }

  private func lines(of operand: String) throws -> [String] {
    if !DataSource.isStandardInput(operand), !TextOperand.looksLikePath(operand),
      !FileManager.default.fileExists(atPath: operand)
    {
      return [operand]
    }
    let text = try utf8Text(readFile(at: operand, content: "lines of digits"), path: operand)
    return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map(String.init)
  }

  private func digits(in line: String, location: String) throws -> [Int] {
    let characters = line.filter { !$0.isWhitespace && $0 != "," }
    let digits = characters.compactMap { $0.isASCII ? $0.wholeNumberValue : nil }
    guard digits.count == characters.count, digits.count == length else {
      throw CourseError(
        .invalidData, "no digits that the network can sort",
        expected: "\(length) digits in a line, such as 4 2 0 1 1 3", received: line.printable,
        location: location)
    }
    return digits
  }
}
