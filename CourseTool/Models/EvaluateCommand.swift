import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course evaluate MODEL [DATA]`
enum EvaluateCommand: Command {
  static let label = Option(
    "label", .text("COLUMN"),
    "label column, if it differs from training: its name, or its index from 0")
  static let text = Option(
    "text", .text("COLUMN"), "column with the texts, if it differs from training (csv-text)")

  static let description = CommandDescription(
    name: "evaluate", abstract: "Evaluate a trained network on labelled data.",
    discussion: """
      Without DATA, the network is evaluated on the test part of its training data,
      which are split again by the seed in the file and must not have changed since.
      The columns of a table are found by name, in any order; without a header row
      they must have the order of the training data. '-' stands for standard input.
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand(
        "DATA", .optional,
        "a CSV file, a folder of images, a text file, or a name from 'data list' (default: the "
          + "test part)"
      ),
    ],
    options: [
      label, text, MistakesFile.option, RunOptions.force, RunOptions.threads, RunOptions.skipBroken,
      CommonOptions.quiet,
    ])

  /// Throws when a column of texts is given for a network that reads none.
  static func checkText(_ arguments: Arguments, _ recipe: Recipe?) throws(UsageError) {
    guard arguments[text] == nil || recipe?.isOfTexts == true else {
      throw UsageError("'--text' applies to networks that give a text a class only")
    }
  }

  private struct Record: Encodable {
    var model: String
    var data: String
    var part: String
    var classNames: [String]
    /// The file of --mistakes.
    var mistakes: String?
    var test: PartReport
    /// The errors of each predicted number, where there are several, and of a series.
    var targets: [TargetErrors.Row]?
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let mistakes = try MistakesFile(
      arguments, inputs: [path] + (arguments.operand(1).map(DataSource.files) ?? []))
    let network = try savedNetwork(path)
    let recipe = try Recipe(notedIn: network, path: path)
    try checkText(arguments, recipe)
    if mistakes != nil, recipe?.isSegmentation != true, recipe?.isPretraining != true {
      try network.requireClasses(path)
    }
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }

    if let recipe, recipe.isDetector {
      return try DetectionEvaluation.run(network, recipe, path: path, arguments, on: terminal)
    }
    if let recipe, recipe.isPretraining {
      return try RepresentationEvaluation.run(network, recipe, path: path, arguments, on: terminal)
    }
    let (data, source, part) = try labelledData(
      arguments.operand(1), label: arguments[label], text: arguments[text], for: network, recipe,
      path: path, skipBroken: arguments[RunOptions.skipBroken], purpose: "evaluate on",
      command: "evaluate \(shellQuoted(path)) DATA",
      progress: terminal.progress(for: arguments), on: terminal)
    let isKept =
      network.preparation.map { $0.predictsNumbers || $0.labels != nil } ?? false
    let evaluation = try network.evaluate(
      data, keepingPredictions: isKept, showing: terminal.progress(for: arguments))
    var report = PartReport(
      evaluation, examples: data.count, details: true, isText: recipe?.isText ?? false)
    report.addPersistence(of: network, on: data)
    let labels = MultiLabelReport(evaluation, on: data, network)
    report.add(labels)
    let targets = TargetErrors(evaluation.predictions, on: data, network)
    try mistakes?.write(of: network, recipe, on: data, warnings: terminal.error)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          model: path, data: source, part: part, classNames: network.classNames,
          mistakes: mistakes?.path, test: report, targets: targets?.rows))
    }
    let out = terminal.output
    out.line("\(path) on \(part == "all" ? "" : "the \(part) part of ")\(source)\n")
    // What the classes below are counted in, where it is not the examples.
    let answers = data.targets.answerCount
    let isText = recipe?.isText == true
    out.line(
      (report.pixelAccuracy != nil ? "images" : isText ? "sequences" : "examples").padded(right: 11)
        + "\(report.examples)")
    if answers != report.examples, report.pixelAccuracy == nil {
      out.line("\(isText ? "characters" : "answers   ") \(answers)")
    }
    out.line("loss       \(lossText(Float(report.loss)))")
    if let penalty = report.penalty {
      out.line("  of which \(lossText(Float(penalty))) weight penalty")
    }
    if let accuracy = report.pixelAccuracy, let iou = report.meanIoU {
      out.line("pixels     \(fixed(accuracy, 4)) right, of \(answers) that count")
      out.line("mean IoU   \(fixed(iou, 4)) without background")
    }
    if let accuracy = report.accuracy { out.line("accuracy   \(fixed(accuracy, 4))") }
    for (name, value) in [("RMSE", report.rmse), ("MAE", report.mae), ("R2", report.r2)] {
      if let value { out.line(name.padded(right: 11) + metricText(value)) }
    }
    if let targets { out.line("\n" + targets.text(style: out.style)) }
    if let perplexity = report.perplexity { out.line("perplexity \(fixed(perplexity, 3))") }
    if let bits = report.bitsPerCharacter { out.line("bits       \(fixed(bits, 3)) per character") }
    if let labels {
      out.line(labelDetails(labels, style: out.style))
    } else if report.iou != nil, let matrix = evaluation.confusionMatrix {
      out.line("\n" + pixelDetails(matrix, style: out.style))
    } else if report.classes != nil {
      out.line("\n" + classDetails(evaluation, examples: report.examples, style: out.style))
    }
    if let mistakes { out.line("\nThe mistakes are in \(mistakes.path).") }
  }
}
