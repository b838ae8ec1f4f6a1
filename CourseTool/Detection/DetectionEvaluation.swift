import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Networks
import Pictures

/// `course evaluate` with a detector: how well it finds the things in images.
enum DetectionEvaluation {
  private struct Record: Encodable {
    var model: String
    var data: String
    var part: String
    var classNames: [String]
    var detection: DetectionFigures
  }

  static func run(
    _ network: NeuralNetwork, _ recipe: Recipe, path: String, _ arguments: Arguments,
    on terminal: Terminal
  ) throws {
    guard arguments[MistakesFile.option] == nil, arguments[EvaluateCommand.label] == nil else {
      throw UsageError("'--mistakes' and '--label' do not apply to detectors")
    }
    let (data, source, part) = try recipe.detectionData(
      arguments.operand(1), for: network, path: path, terminal: terminal, arguments: arguments)
    let result = try DetectionResult(
      of: network, on: data, progress: terminal.progress(for: arguments))
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          model: path, data: source, part: part, classNames: data.classNames,
          detection: result.figures))
    }
    let out = terminal.output
    out.line("\(path) on \(part == "all" ? "" : "the \(part) part of ")\(source)\n")
    out.line("images     \(data.count)\n")
    out.line(result.text(style: out.style))
  }
}
