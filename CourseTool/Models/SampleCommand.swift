import Foundation
import Networks

/// `course sample MODEL`
enum SampleCommand: Command {
  private static let prompt = Option(
    "prompt", .text("TEXT"), "what the network reads first (default: the end of a line)")
  private static let temperature = Option(
    "temperature", .notNegative,
    "0: always the most probable character; 1: as the network has it; above: wilder (default: 0.7)")
  private static let length = Option(
    "length", .integer(in: 1...10_000_000), "how many characters to write (default: 400)")
  private static let seed = Option(
    "seed", .seed, "of the draws: the same seed writes the same text (default: 1)")

  static let description = CommandDescription(
    name: "sample", abstract: "Let a network of characters write.",
    discussion: """
      Examples:
        course train char-lstm
        course sample char-lstm.safetensors --prompt "A fox" --temperature 0.5
      """,
    operands: [Operand("MODEL", .one, "a network that 'train char-lstm' saved")],
    options: [prompt, temperature, length, seed, RunOptions.threads])

  private struct Record: Encodable {
    var model: String
    var prompt: String
    var temperature: Float
    var seed: UInt64
    var text: String
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let network = try savedNetwork(path)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let seed = arguments[seed] ?? 1
    let temperature = arguments[temperature] ?? 0.7
    let length = arguments[length] ?? 400
    var sampler: TextSampler
    do {
      sampler = try TextSampler(network, seed: seed)
    } catch var error as CourseError {
      error.location = path
      throw error
    }
    let given = arguments[prompt]
    let start = given ?? beginning(of: sampler.vocabulary)
    try sampler.read(start, name: "--prompt")
    let json = arguments[CommonOptions.json]
    if !json, let given { terminal.output.content(given) }
    var text = ""
    for _ in 0..<length {
      let next = String(sampler.next(temperature: temperature))
      if json { text += next } else { terminal.output.content(next) }
      // The reader has gone.
      if terminal.output.failure != nil { return }
    }
    guard json else { return terminal.output.line() }
    try terminal.output.json(
      Record(model: path, prompt: start, temperature: temperature, seed: seed, text: text))
  }

  /// Something neutral to begin after: the end of a line or of a word, where the network knows them.
  private static func beginning(of vocabulary: Vocabulary) -> String {
    let known = ["\n", " "].first { vocabulary.classNames.contains($0) }
    return known ?? vocabulary.classNames[0]
  }
}
