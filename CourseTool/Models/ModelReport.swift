import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// The report of a trained network, as a page.
struct ModelReport {
  /// The network.
  let network: NeuralNetwork
  /// Its settings; `nil` for a network that no recipe made.
  let recipe: Recipe?
  /// The file of the network.
  let path: String
  /// The name of the tool in the commands of the page.
  let command: String
  /// The parts of the data that the network was trained on; `nil` for other data.
  let parts: DatasetSplit?
  /// The examples that the results are about: the test part, or other data.
  let measured: Measured
  /// Loss and accuracy on each part.
  private(set) var scores: [(part: String, report: PartReport)] = []
  let evaluation: Evaluation
  /// The detections in the test part, of a detector.
  var detection: DetectionResult?
  /// The scores of the representation and the images, of a network that was pretrained without labels.
  var representation: RepresentationResult?
  var images: DatasetSplit?

  /// Labelled examples, and where they come from.
  struct Measured {
    var data: Dataset
    var source: String
    /// "test", "validation", "training" or "all".
    var part: String
  }

  /// A report on other data than those of the training.
  init(
    of network: NeuralNetwork, _ recipe: Recipe?, path: String, command: String,
    on measured: Measured, detection: DetectionResult? = nil, showing progress: TextStream? = nil
  ) throws {
    try self.init(
      of: network, recipe, path: path, command: command, parts: nil, on: measured,
      showing: progress)
    self.detection = detection
    add(measured.part, evaluation, of: measured.data)
  }

  /// A report on the data of the training: on the test part, or where there is none, on the next best.
  /// - Parameters:
  ///   - run: the results of a run that has just measured the parts
  ///   - progress: the stream for the progress of measuring; `nil` for none
  init(
    of network: NeuralNetwork, _ recipe: Recipe, path: String, command: String,
    parts: DatasetSplit, after run: RunReport? = nil, showing progress: TextStream? = nil
  ) throws {
    let candidates = [
      (part: "training", data: parts.train, isThere: true),
      (part: "validation", data: parts.validation, isThere: recipe.validation > 0),
      (part: "test", data: parts.test, isThere: recipe.test > 0),
    ].filter(\.isThere)
    let best = candidates[candidates.count - 1]
    try self.init(
      of: network, recipe, path: path, command: command, parts: parts,
      on: Measured(data: best.data, source: recipe.data, part: best.part), showing: progress)
    let known = ["training": run?.train, "validation": run?.validation]
    for candidate in candidates.dropLast() {
      if var report = known[candidate.part] ?? nil {
        report.examples =
          recipe.isSegmentation ? candidate.data.count : candidate.data.targets.answerCount
        scores.append((candidate.part, report))
      } else if run?.interrupted != true {
        add(
          candidate.part, try network.evaluate(candidate.data, showing: progress),
          of: candidate.data)
      }
    }
    add(best.part, evaluation, of: best.data)
  }

  private init(
    of network: NeuralNetwork, _ recipe: Recipe?, path: String, command: String,
    parts: DatasetSplit?, on measured: Measured, showing progress: TextStream?
  ) throws {
    (self.network, self.recipe, self.path, self.command) = (network, recipe, path, command)
    (self.parts, self.measured) = (parts, measured)
    // The predictions of a text are larger than the text by the size of its vocabulary.
    evaluation = try network.evaluate(
      measured.data, keepingPredictions: recipe?.isText != true, showing: progress)
  }

  private mutating func add(_ part: String, _ evaluation: Evaluation, of data: Dataset) {
    scores.append(
      (
        part,
        PartReport(
          evaluation,
          examples: recipe?.isSegmentation == true ? data.count : data.targets.answerCount,
          isText: recipe?.isText ?? false)
      ))
  }

  // MARK: The page

  /// The page.
  func page() throws -> Report {
    Report(
      title: URL(filePath: path).deletingPathExtension().lastPathComponent, summary: summary,
      facts: facts,
      sections: [
        found, try learned, try results, segmentations, training, try mistakes, try boundary,
        sample, layers,
        filters, data, settings,
        reproduction,
      ].compactMap { $0 })
  }

  /// The unit in which each class is counted: answers of a network, of which an example may have several.
  var answerUnit: String {
    if recipe?.isText == true { return "characters" }
    if recipe?.isSegmentation == true { return "pixels" }
    return measured.data.targets.answerCount == measured.data.count ? "examples" : "answers"
  }

  private var history: [EpochReport] { network.progress?.history.epochs ?? [] }

  private var summary: String {
    // Of a layer of layers, these.
    let layers = network.layerPlaces.count { !($0.layer is any LayerContainer) }
    var text =
      "A network of \(counted(layers, "layer")) with "
      + "\(network.parameterCount.grouped) parameters"
    if let recipe {
      let planned = network.progress?.options.epochs ?? history.count
      text +=
        ", trained on \(recipe.data) for "
        + (history.count < planned
          ? "\(history.count) of \(counted(planned, "epoch"))" : counted(planned, "epoch"))
    }
    return text + ", measured on \(measuredText)."
  }

  /// "the test part of digits"
  private var measuredText: String {
    measured.part == "all"
      ? measured.source : "the \(measured.part) part of \(measured.source)"
  }

  private var facts: [Report.Fact] {
    let name = (measured.part == "all" ? "" : measured.part + " ")
    let report = scores[scores.count - 1].report
    var facts = [Report.Fact((name + "loss").firstUppercase, lossText(Float(report.loss)))]
    if let precision = detection?.figures.meanAveragePrecision {
      facts.insert(.init((name + "mAP").firstUppercase, fixed(precision, 3)), at: 0)
    }
    if let rmse = report.rmse { facts.insert(.init(name + "RMSE", metricText(rmse)), at: 0) }
    if let mae = report.mae { facts.insert(.init(name + "MAE", metricText(mae)), at: 1) }
    if let r2 = report.r2 { facts.insert(.init(name + "R²", fixed(r2, 3)), at: 0) }
    if let iou = report.meanIoU {
      facts.insert(.init((name + "mean IoU").firstUppercase, fixed(iou, 3)), at: 0)
    }
    if let accuracy = report.pixelAccuracy {
      facts.append(.init((name + "pixel accuracy").firstUppercase, percent(accuracy)))
    }
    if let accuracy = report.accuracy {
      facts.insert(.init((name + "accuracy").firstUppercase, percent(accuracy)), at: 0)
    }
    if let perplexity = report.perplexity {
      facts.append(.init((name + "perplexity").firstUppercase, fixed(perplexity, 2)))
    }
    if let bits = report.bitsPerCharacter {
      facts.append(.init("Bits per character", fixed(bits, 2)))
    }
    facts.append(.init("Parameters", network.parameterCount.grouped))
    if !history.isEmpty { facts.append(.init("Epochs", "\(history.count)")) }
    return facts
  }

  func percent(_ share: Double) -> String { fixed(100 * share, 1) + " %" }

  // MARK: Sections

  private var results: Report.Section {
    get throws {
      if scores.contains(where: { $0.report.rmse != nil }) { return regressionResults }
      if recipe?.isSegmentation == true { return segmentationResults }
      let isText = scores.contains { $0.report.perplexity != nil }
      // A detector has another measure, of the part that it was tested on.
      let hasAccuracy = scores.contains { $0.report.accuracy != nil }
      let table = TextTable(
        columns: [.init("part"), .number("loss")] + (hasAccuracy ? [.number("accuracy")] : [])
          + (detection == nil ? [] : [.number("mAP")])
          + (isText ? [.number("perplexity"), .number("bits per character")] : [])
          + [.number(answerUnit)],
        rows: scores.map { part, report in
          [part, lossText(Float(report.loss))]
            + (hasAccuracy ? [report.accuracy.map(percent) ?? "-"] : [])
            + (detection.map { found in
              [
                part == measured.part
                  ? DetectionResult.text(found.figures.meanAveragePrecision) : "-"
              ]
            } ?? [])
            + [report.perplexity, report.bitsPerCharacter].compactMap { $0.map { fixed($0, 3) } }
            + [report.examples.grouped]
        })
      var blocks = [Report.Block.pictures([table])]
      if let labels = MultiLabelReport(evaluation, on: measured.data, network) {
        blocks.append(
          .text("All labels are right in \(percent(labels.exactMatch)) of the examples."))
        blocks.append(.pictures([classScores(labels.scores, title: "Labels")]))
      }
      if let matrix = evaluation.confusionMatrix, !isText, recipe?.isDetector != true {
        let confusion: any Picture =
          matrix.classCount <= 25 ? try Figure.confusionMatrix(matrix) : frequentMistakes(matrix)
        blocks.append(.pictures([confusion, classScores(matrix.report)]))
        if let curves = try twoClassCurves() {
          blocks.append(.pictures([curves.roc, curves.precisionRecall].map { small($0) }))
        }
      }
      return .init("Results", blocks)
    }
  }

  /// Errors on each part, and predictions over the truth.
  private var regressionResults: Report.Section {
    let table = TextTable(
      columns: [
        .init("part"), .number("loss"), .number("RMSE"), .number("MAE"), .number("R²"),
        .number("examples"),
      ],
      rows: scores.map { part, report in
        [part, lossText(Float(report.loss))]
          + [report.rmse, report.mae, report.r2].map { $0.map(metricText) ?? "-" }
          + [report.examples.grouped]
      })
    var pictures: [any Picture] = [table]
    if case .values(let truth) = measured.data.targets {
      if let errors = TargetErrors(evaluation.predictions, on: measured.data, network) {
        pictures.append(errors.table)
      }
      pictures += series(of: evaluation.predictions, on: measured.data, network)
      pictures += scatter(of: evaluation.predictions, truth, network).map { small($0) }
    }
    return .init("Results", [.pictures(pictures)])
  }

  /// A figure of the size that fits a phone and stands beside another one on a desk.
  func small(_ figure: Figure) -> Figure {
    var figure = figure
    let shape = figure.size.height / figure.size.width
    figure.size = .init(width: 500, height: max(340, 500 * min(shape, 0.95)))
    return figure
  }

  /// For more classes than a matrix has room for.
  private func frequentMistakes(_ matrix: ConfusionMatrix) -> TextTable {
    let mistakes = matrix.entries.filter { $0.actual != $0.predicted }
      .sorted { ($1.count, $0.actual, $0.predicted) < ($0.count, $1.actual, $1.predicted) }
    return TextTable(
      title: "Most frequent mistakes",
      columns: [.init("true"), .init("predicted"), .number("count")],
      rows: mistakes.prefix(20).map {
        [matrix.classNames[$0.actual], matrix.classNames[$0.predicted], "\($0.count)"]
      })
  }

  private func classScores(
    _ report: ClassificationReport, title: String = "Classes"
  ) -> TextTable {
    let all = report.classes
    let isLong = all.count > 40
    let shown =
      isLong ? Array(all.filter { $0.support > 0 }.sorted { $0.f1 < $1.f1 }.prefix(20)) : all
    return TextTable(
      title: isLong ? "\(title) with the lowest F1" : title,
      columns: [
        .init(title == "Labels" ? "label" : "class"), .number("precision"), .number("recall"),
        .number("F1"), .number(answerUnit),
      ],
      rows: (shown + [report.macroAverage]).map {
        [
          $0.name, fixed($0.precision, 3), fixed($0.recall, 3), fixed($0.f1, 3), "\($0.support)",
        ]
      })
  }

  private func twoClassCurves() throws -> TwoClassCurves? {
    let probabilities = evaluation.predictions
    guard probabilities.rank == 2, probabilities.shape[1] == 2,
      Set(measured.data.targets.classIndices).count == 2
    else { return nil }
    return try TwoClassCurves(
      probabilities: probabilities.slice(axis: 1, at: 1).scalars,
      labels: measured.data.targets.classIndices,
      className: network.classNames.dropFirst().first?.printable)
  }

  private var training: Report.Section? {
    guard let history = network.progress?.history, !history.epochs.isEmpty else { return nil }
    var figures = Figure.curves(of: history, perplexity: recipe?.perplexity)
    if Set(history.epochs.map(\.learningRate)).count > 1 {
      figures.append(.learningRate(of: history))
    }
    return .init("Training", [.pictures(figures.map(small))])
  }

  private var mistakes: Report.Section? {
    get throws {
      guard evaluation.confusionMatrix != nil, recipe?.isSegmentation != true,
        recipe?.isDetector != true, recipe?.isPretraining != true
      else { return nil }
      let mistakes =
        recipe?.isText == true
        ? try Mistakes(of: network, on: measured.data, limit: 20)
        : try Mistakes(
          in: evaluation, on: measured.data, classNames: network.classNames,
          preparation: network.preparation, limit: 20)
      return .init(
        "Worst mistakes",
        [.pictures([mistakes.picture(imageShape: imageShape(of: network, recipe))])])
    }
  }

  /// Where there are two features, the decision over their plane.
  private var boundary: Report.Section? {
    get throws {
      // More classes than two rounds of the palette are told apart by no reader.
      guard measured.data.inputShape == [2], recipe?.loss == nil,
        measured.data.classCount ?? 0 <= 12,
        Set(measured.data.targets.classIndices).count > 1,
        network.preparation?.vocabularies.isEmpty ?? true
      else { return nil }
      let figure = try DecisionBoundary(of: measured.data).figure(
        of: network,
        title: measured.part == "all"
          ? "Predicted classes and the data"
          : "Predicted classes and the \(measured.part) part")
      return .init("Decision boundary", [.pictures([figure])])
    }
  }

  /// A text that a character model generates.
  private var sample: Report.Section? {
    guard recipe?.isText == true,
      let text = try? SampleCommand.text(of: network)
    else { return nil }
    return .init(
      "Sample",
      [
        .text("Generated by '\(command) sample \(shellQuoted(path))':"), .verbatim(text),
        .text(SampleCommand.lossScale(of: network)),
      ])
  }

  private var layers: Report.Section {
    let places = network.layerPlaces
    let rows = places.map { place in
      [
        place.path,
        String(repeating: "\u{2003}", count: place.depth) + type(of: place.layer).typeName,
        place.outputShape.map(String.init).joined(separator: " × "),
        place.layer.parameterCount.grouped,
      ]
    }
    let isNested = places.contains { $0.depth > 0 }
    let table = TextTable(
      title: "Layers",
      columns: [
        isNested ? .init("") : .number(""), .init("layer"), .init("output"), .number("parameters"),
      ],
      rows: rows + [["", "total", "", network.parameterCount.grouped]])
    var facts = [Report.Fact]()
    if let loss = network.loss { facts.append(.init("Loss", type(of: loss).typeName)) }
    if let optimizer = network.optimizer {
      facts.append(.init("Optimizer", type(of: optimizer).typeName))
    }
    if let preparation = network.preparation, !preparation.leftOut.isEmpty {
      facts.append(
        .init("Columns left out", preparation.leftOut.map(\.name).joined(separator: ", ")))
    }
    if let scaling = network.preprocessing { facts.append(.init("Preprocessing", "\(scaling)")) }
    return .init(
      "Network",
      [.pictures([NetworkDiagram(network), table])] + (facts.isEmpty ? [] : [.facts(facts)]))
  }

  private var filters: Report.Section? {
    TileSheet.filters(of: network).map { .init("First filters", [.pictures([$0])]) }
  }
}

/// Predictions over the truth, a figure for each number.
func scatter(of predictions: Tensor, _ truth: Tensor, _ network: NeuralNetwork) -> [Figure] {
  let names = network.preparation?.targets.map { $0.name ?? "" } ?? []
  // Of a series, the first of the predicted rows.
  return (0..<(names.isEmpty ? truth.shape[1] : names.count)).map { column in
    Figure.predictions(
      predictions.slice(axis: 1, at: column).scalars,
      truth: truth.slice(axis: 1, at: column).scalars,
      name: names.indices.contains(column) ? names[column] : "")
  }
}

/// The shape of the examples of a network as images: of rows of numbers that are no table, a square.
func imageShape(of network: NeuralNetwork, _ recipe: Recipe?) -> [Int]? {
  if let input = network.imageInput { return input.shape }
  guard network.inputShape.count == 1, let recipe, !recipe.isText, !recipe.isOfTexts,
    !DataSource.isTable(recipe.data)
  else { return nil }
  for channels in [1, 3] {
    let side = Int(Double(network.inputShape[0] / channels).squareRoot())
    if side >= 8, channels * side * side == network.inputShape[0] { return [channels, side, side] }
  }
  return nil
}

extension String {
  /// The text with a capital letter at its beginning.
  fileprivate var firstUppercase: String { prefix(1).uppercased() + dropFirst() }
}
