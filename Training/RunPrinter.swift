import CourseCommandLine
import Shared

/// Prints the texts of a training run.
struct RunPrinter {
  let terminal: Terminal

  /// The data, the notes and the network, before training.
  func opening(_ run: TrainingRun, quiet: Bool) {
    func line(_ text: String) { terminal.error.line(terminal.error.wrapped(text)) }
    if !quiet {
      let parts = [
        (run.train, "train"), (run.validation, "validate"), (run.test, "test"),
      ].compactMap { part, use in part.map { "\($0.count) to \(use)" } }
      line(
        "\(run.recipe): \(run.train.name.printable), \(parts.joined(separator: ", "))")
      if let preparation = run.network.preparation, !preparation.isPlain {
        line("columns:")
        terminal.error.line(preparation.lines)
      }
      if let progress = run.network.progress, run.isResumed {
        line("resuming after epoch \(progress.epoch), step \(progress.step)")
        if progress.instructionSet != Parallelism.instructionSet {
          line(
            "note: started with \(progress.instructionSet), resumed with \(Parallelism.instructionSet): "
              + "results will differ in the last bits")
        }
      }
      if run.train.count < run.options.batchSize {
        line(
          "note: batches of all \(run.train.count) training examples, fewer than --batch-size "
            + "\(run.options.batchSize)")
      }
      if let remark = run.remark { line(remark) }
      if isDebugBuild {
        line(
          "note: debug build, which trains many times slower than a release build")
      }
    }
    terminal.output.line(summaryText(run.network, for: terminal.output))
    if !quiet { terminal.error.line() }
  }

  /// Losses and accuracies, and the details of the test.
  func results(_ report: RunReport, test: Evaluation?, labels: MultiLabelReport? = nil) {
    let out = terminal.output
    let isResumed = report.newEpochs < report.epochs
    out.line(
      "\nTrained \(counted(report.newEpochs, isResumed ? "more epoch" : "epoch")) in "
        + durationText(report.seconds)
        + (isResumed ? ", \(report.epochs) in total." : "."))
    if report.stoppedEarly {
      out.line("Stopped early: the validation loss no longer improved.")
    }
    if let kept = report.keptEpoch, kept < report.epochs - 1,
      let loss = report.history[kept].validation?.loss
    {
      out.line(
        "Kept the weights of epoch \(kept + 1), the best: validation loss \(lossText(Float(loss)))."
      )
    }
    out.line()
    let rows: [(String, PartReport?, String)] = [
      ("training", report.train, ""), ("validation", report.validation, ""),
      ("test", report.test, "  held out"),
    ]
    let isText = report.perplexities != nil
    let isRegression = report.train?.rmse != nil
    let isSegmentation = report.train?.meanIoU != nil
    // Boxes, and images without labels, have none.
    let hasAccuracy = rows.contains { $0.1?.accuracy != nil }
    let titles =
      isRegression
      ? ["loss", "RMSE", "MAE", "R2", "examples"]
      : isSegmentation
        ? ["loss", "pixel accuracy", "mean IoU", "images"]
        : ["loss"] + (hasAccuracy ? ["accuracy"] : [])
          + (isText ? ["perplexity", "bits", "sequences"] : ["examples"])
    let widths =
      isRegression
      ? [8, 12, 12, 9, 10]
      : isSegmentation
        ? [8, 16, 10, 10] : [8] + (hasAccuracy ? [10] : []) + (isText ? [12, 8, 11] : [10])
    func line(_ name: String, _ cells: [String]) -> String {
      name.padded(right: 12) + zip(cells, widths).map { $0.padded(left: $1) }.joined()
    }
    out.line(out.style.bold(line("", titles)))
    for case (let name, let part?, let remark) in rows {
      let scores =
        isRegression
        ? [part.rmse, part.mae, part.r2].map { $0.map(metricText) ?? "-" }
        : isSegmentation
          ? [part.pixelAccuracy, part.meanIoU].map { $0.map { fixed($0, 4) } ?? "-" }
          : (hasAccuracy ? [part.accuracy.map { fixed($0, 4) } ?? "-"] : [])
            + [part.perplexity, part.bitsPerCharacter].compactMap { $0.map { fixed($0, 3) } }
      let row = line(name, [lossText(Float(part.loss))] + scores + ["\(part.examples)"])
      out.line((name == "test" ? out.style.bold(row) : row) + remark)
    }
    if let naive = report.test?.persistence {
      let scores = [naive.rmse, naive.mae, naive.r2].map { $0.map(metricText) ?? "-" }
      out.line(line("persistence", ["-"] + scores + [""]) + "  the last row, on the test part")
    }
    if let labels { out.line("\n" + labelDetails(labels, style: out.style)) }
    if isSegmentation, let matrix = test?.confusionMatrix {
      out.line("\n" + pixelDetails(matrix, style: out.style))
    } else if let test, test.confusionMatrix != nil {
      out.line("\n" + classDetails(test, examples: report.test?.examples, style: out.style))
    }
  }
}

/// The fraction of examples whose labels are all right, and precision, recall and F1 of each label.
package func labelDetails(_ report: MultiLabelReport, style: Style) -> String {
  "exact match \(fixed(report.exactMatch, 4))  examples of which all labels are right; the accuracy counts "
    + "each label\n\n" + style.bold("Labels") + "\n\(report)"
}

/// The confusion matrix, and precision, recall and F1 of each class.
/// - Parameter examples: their number, beside which the matrix may count several answers of each
package func classDetails(
  _ evaluation: Evaluation, examples: Int? = nil, style: Style
) -> String {
  guard let matrix = evaluation.confusionMatrix else { return "" }
  let answers = matrix.total
  let note = examples.map { $0 == answers } ?? true ? "" : "; counted: \(answers) answers"
  var text =
    style.bold("Confusion matrix") + " "
    + (matrix.classCount > 40 ? "(most frequent errors" : "(rows: true classes") + note + ")"
    + "\n\(matrix)"
  let isLong = matrix.classCount > 40
  text +=
    "\n\n" + style.bold("Classes") + (isLong ? " (those with the lowest F1; --json lists all)" : "")
  text += "\n\(matrix.report)"
  return text
}

extension ConfusionMatrix {
  /// How well the pixels of each class are met: `IoU = TP / (TP + FP + FN)` and `Dice = 2 TP / (2 TP + FP + FN)`, `nil`
  /// for a class that is neither there nor predicted; and the number of its pixels.
  package var classOverlaps: [(name: String, iou: Double?, dice: Double?, pixels: Int)] {
    (0..<classCount).map { index in
      let right = counts[index][index]
      let actual = counts[index].reduce(0, +)
      let predicted = counts.reduce(0) { $0 + $1[index] }
      let union = actual + predicted - right
      return (
        classNames[index], union > 0 ? Double(right) / Double(union) : nil,
        union > 0 ? 2 * Double(right) / Double(actual + predicted) : nil, actual
      )
    }
  }
}

/// The intersection over union and the Dice coefficient of each class of pixels, the first of which is the background.
package func pixelDetails(_ matrix: ConfusionMatrix, style: Style) -> String {
  let rows = matrix.classOverlaps
  let width = max(12, (rows.map { $0.name.printable.count }.max() ?? 0) + 2)
  func line(_ cells: [String]) -> String {
    cells[0].padded(right: width)
      + zip(cells.dropFirst(), [8, 8, 12]).map { $0.padded(left: $1) }.joined()
  }
  let lines = rows.enumerated().map { index, row in
    line(
      [row.name.printable] + [row.iou, row.dice].map { $0.map { fixed($0, 4) } ?? "-" }
        + ["\(row.pixels)"]) + (index == 0 ? "  not in the mean" : "")
  }
  return ([style.bold(line(["class", "IoU", "Dice", "pixels"]))] + lines).joined(separator: "\n")
}

/// The table of a network's layers, in the characters of the stream.
package func summaryText(_ network: NeuralNetwork, for stream: TextStream) -> String {
  let text = network.summary()
  return stream.features.usesUnicode ? text : text.replacing("─", with: "-")
}
