import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course sample MODEL`
enum SampleCommand: Command {
  private static let prompt = Option(
    "prompt", .text("TEXT"), "text to continue (default: the start of a new line)")
  private static let temperature = Option<Float>(
    "temperature", .notNegative,
    "sampling temperature; 0: always the most probable character, 1: the predicted distribution, "
      + "higher: more random"
  ).defaulting(to: 0.7)
  private static let length = Option(
    "length", .integer(in: 1...10_000_000), "number of characters to generate"
  ).defaulting(to: 400)
  private static let seed = Option("seed", .seed, "random seed").defaulting(to: 1)

  static let description = CommandDescription(
    name: "sample", abstract: "Generate text with a trained character model.",
    discussion: """
      Examples:
        course train char-lstm
        course sample char-lstm.safetensors --prompt "A fox" --temperature 0.5
      """,
    operands: [
      Operand(
        "MODEL", .one, "a trained character model (.safetensors), such as from 'train char-lstm'")
    ],
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
    let seed = arguments[seed]
    let temperature = arguments[temperature]
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
    for _ in 0..<arguments[length] {
      let next = String(sampler.next(temperature: temperature))
      if json { text += next } else { terminal.output.content(next) }
      // The reader has gone.
      if terminal.output.failure != nil { return }
    }
    guard json else { return terminal.output.line() }
    try terminal.output.json(
      Record(model: path, prompt: start, temperature: temperature, seed: seed, text: text))
  }

  /// The text that the command generates for a network without options, or the beginning of it.
  static func text(of network: NeuralNetwork, length: Int = length.value) throws -> String {
    var sampler = try TextSampler(network, seed: seed.value)
    try sampler.read(beginning(of: sampler.vocabulary))
    return String((0..<length).map { _ in sampler.next(temperature: temperature.value) })
  }

  /// The meaning of a loss, beside which a text can be judged.
  static func lossScale(of network: NeuralNetwork) -> String {
    let count = network.classNames.count
    return
      "A loss of \(fixed(log(Double(count)), 2)) is a guess among \(count) characters. On English text, "
      + "about 2.5 is reached with pairs of letters; at 1.9 words appear, at 1.5 plausible verse."
  }

  /// A neutral prompt: the end of a line or of a word, if the vocabulary has them.
  private static func beginning(of vocabulary: Vocabulary) -> String {
    let known = ["\n", " "].first { vocabulary.classNames.contains($0) }
    return known ?? vocabulary.classNames[0]
  }
}
