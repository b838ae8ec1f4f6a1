import Foundation
import Networks

/// `course evaluate MODEL [DATA]`
enum EvaluateCommand: Command {
  static let label = Option(
    "label", .text("COLUMN"),
    "the column of the class, when it is not the one of training: name, or number from 0")

  static let description = CommandDescription(
    name: "evaluate", abstract: "Measure a saved network on data with known classes.",
    discussion: """
      Without DATA, the test part of the data that the network was trained on is
      divided off again, by the seed in the file; data that have changed since are
      refused. A table with a header is read by the names of its columns, whatever
      their order, and one without by their places; '-' is the standard input.
      """,
    operands: [
      Operand("MODEL", .one, "a network that train or demo saved"),
      Operand(
        "DATA", .optional,
        "a CSV file, a folder of images, a text, or a name from 'data list' (default: the test part)"
      ),
    ],
    options: [label, RunOptions.threads, RunOptions.skipBroken])

  private struct Record: Encodable {
    var model: String
    var data: String
    var part: String
    var classNames: [String]
    var test: PartReport
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let network = try savedNetwork(path)
    let recipe = try Recipe(notedIn: network, path: path)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }

    let data: Dataset
    let (source, part): (String, String)
    let skipBroken = arguments[RunOptions.skipBroken]
    if let given = arguments.operand(1) {
      guard arguments[label] == nil || DataSource.isTable(given) && recipe?.isText != true else {
        throw UsageError("'--label' only goes with a CSV file")
      }
      source = given
      if let recipe, recipe.isText {
        part = "all"
        data = try DataSource.loadText(given, classNames: network.classNames)
          .dataset(batchSize: recipe.batchSize, sequenceLength: recipe.sequenceLength)
      } else {
        let loaded = try DataSource.load(
          given, label: arguments[label], schema: DataSource.schema(of: network, recipe),
          skipBroken: skipBroken)
        loaded.remarks.report(on: terminal.error)
        // Never on what was divided off to learn from.
        part = loaded.test != nil ? "test" : loaded.validation != nil ? "validation" : "all"
        data = (loaded.test ?? loaded.validation ?? loaded.examples).fitting(network.inputShape)
      }
    } else {
      guard arguments[label] == nil else {
        throw UsageError("'--label' only goes with DATA")
      }
      guard let recipe, recipe.test > 0 else {
        throw UsageError(
          "\(path) does not say what it was trained on, or kept no test part: give DATA")
      }
      let loaded = try recipe.recordedData(
        of: network, skipBroken: skipBroken,
        remedy:
          "Give the data to measure on: '\(terminal.command) evaluate \(shellQuoted(path)) DATA'; "
          + "or bring back the old ones.")
      loaded.remarks.report(on: terminal.error)
      data = try recipe.split(loaded).test
      (source, part) = (recipe.data, "test")
    }
    let evaluation = try network.evaluate(data, keepingPredictions: false)
    let report = PartReport(
      evaluation, examples: data.count, details: true, isText: recipe?.isText ?? false)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          model: path, data: source, part: part, classNames: network.classNames, test: report))
    }
    let out = terminal.output
    out.line("\(path) on \(part == "all" ? "" : "the \(part) part of ")\(source)\n")
    out.line("examples   \(report.examples)")
    out.line("loss       \(lossText(Float(report.loss)))")
    if let penalty = report.penalty {
      out.line("  of which \(lossText(Float(penalty))) for the weights")
    }
    if let accuracy = report.accuracy { out.line("accuracy   \(fixed(accuracy, 4))") }
    if let perplexity = report.perplexity { out.line("perplexity \(fixed(perplexity, 3))") }
    if report.classes != nil { out.line("\n" + classDetails(evaluation, style: out.style)) }
  }
}
