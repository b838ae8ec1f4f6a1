import Foundation
import Networks

/// The examples that a classifier gets wrong, the worst first: those to whose class it gives the lowest
/// probability.
///
///     let mistakes = try Mistakes(of: network, on: parts.test)
///     print(mistakes.count, mistakes.worst[0].example)
///     try mistakes.picture().write(to: URL(filePath: "mistakes.png"))
public struct Mistakes: Sendable {
  /// A wrong answer.
  public struct Mistake: Sendable, Equatable {
    /// The number of the example, from 0.
    public var example: Int
    /// The step of the sequence, from 0; `nil` for an answer to a whole example.
    public var step: Int?
    /// The right class.
    public var actual: Int
    /// The predicted class.
    public var predicted: Int
    /// The probability given to the right class.
    public var actualProbability: Float
    /// The probability given to the predicted class.
    public var predictedProbability: Float
  }

  /// The worst mistakes, the worst first.
  public let worst: [Mistake]
  /// The number of all mistakes.
  public let count: Int
  /// The number of all answers.
  public let answerCount: Int
  private let data: Dataset
  private let classNames: [String]
  /// How the rows of a table became the examples; `nil` where they are none.
  private let preparation: Preparation?
  /// How many examples before an example the one is that it continues; `nil` where none does.
  private var stride: Int?

  /// Looks for the mistakes of a network.
  ///
  /// Of sequences with an answer at each step, as many are looked at as make about a million probabilities.
  ///
  /// - Parameters:
  ///   - data: labelled examples
  ///   - limit: the number of mistakes to keep
  /// - Throws: `CourseError` when the data do not fit the network, or the network does not classify.
  public init(of network: NeuralNetwork, on data: Dataset, limit: Int = 24) throws {
    var data = data
    if case .classSequences = data.targets {
      // Whole batches, from which a network that carries its state reads on.
      let batch = network.progress?.options.batchSize ?? data.count
      let perBatch = max(batch * network.outputShape.reduce(1, *), 1)
      data = data.subset(0..<min(data.count, batch * max(1, 1_000_000 / perBatch)))
    }
    try self.init(
      in: network.evaluate(data), on: data,
      classNames: network.classNames.isEmpty ? data.classNames : network.classNames,
      preparation: network.preparation, limit: limit)
    if network.carriesState { stride = network.progress?.options.batchSize }
  }

  /// Looks for the mistakes in an evaluation that kept its predictions.
  ///
  /// - Parameters:
  ///   - data: the data of the evaluation
  ///   - classNames: the name of each class; may be empty
  ///   - preparation: how the rows of a table became the examples, to show the values of the table
  ///   - limit: the number of mistakes to keep
  /// - Throws: `CourseError` when the predictions are not probabilities of classes.
  public init(
    in evaluation: Evaluation, on data: Dataset, classNames: [String],
    preparation: Preparation? = nil, limit: Int = 24
  ) throws {
    var probabilities = evaluation.predictions
    // A single output is the probability of the second of two classes.
    if probabilities.rank == 2, probabilities.shape[1] == 1 {
      probabilities = Tensor(concatenating: [1 - probabilities, probabilities], axis: 1)
    }
    let classCount = probabilities.shape.last ?? 0
    guard evaluation.confusionMatrix != nil, classCount >= 2 else {
      throw CourseError(
        .invalidArgument, "the network does not classify", expected: "a classifier",
        received: "predictions of shape \(evaluation.predictions.shape)", location: data.name)
    }
    let labels = data.targets.classIndices
    guard probabilities.count == labels.count * classCount, probabilities.isFinite else {
      throw CourseError(
        .invalidData, "mistakes are found by probabilities",
        expected: "finite ones of each class for \(labels.count) answers",
        received: "shape \(evaluation.predictions.shape)", location: data.name)
    }
    var length: Int?
    if case .classSequences(_, let steps) = data.targets { length = steps }
    let answers = probabilities.reshaped(to: [-1, classCount]).argmax(axis: -1)
    let wrong = probabilities.read { p in
      labels.indices.filter { labels[$0] != Target.ignored && labels[$0] != answers[$0] }
        .map { answer in
          Mistake(
            example: answer / (length ?? 1), step: length.map { answer % $0 },
            actual: labels[answer], predicted: answers[answer],
            actualProbability: p[answer * classCount + labels[answer]],
            predictedProbability: p[answer * classCount + answers[answer]])
        }
    }
    worst = Array(
      wrong.sorted {
        ($0.actualProbability, -$0.predictedProbability, $0.example, $0.step ?? 0)
          < ($1.actualProbability, -$1.predictedProbability, $1.example, $1.step ?? 0)
      }.prefix(limit))
    (count, answerCount) = (wrong.count, data.targets.answerCount)
    self.data = data
    self.preparation = preparation
    self.classNames =
      classNames.count == classCount ? classNames : (0..<classCount).map { "\($0)" }
  }

  /// The worst mistakes as a picture, with prediction and truth: images as images, sequences of numbers as strips,
  /// texts and rows of tables as a table.
  ///
  /// - Parameter imageShape: the shape `[C, H, W]` or `[H, W]` of examples that are images kept as rows of numbers
  public func picture(imageShape: [Int]? = nil) -> any Picture {
    if count == 0 {
      return TextTable(title: "No mistake in \(answers)", columns: [], rows: [])
    }
    if worst.contains(where: { $0.step != nil }) { return steps }
    if data.holdsTexts { return texts }
    return TileSheet.examples(
      of: data, at: worst.map(\.example), title: title, imageShape: imageShape,
      captions: worst.map { mistake in
        [
          "true \(name(mistake.actual)), \(percent(mistake.actualProbability))",
          "predicted \(name(mistake.predicted)), \(percent(mistake.predictedProbability))",
          data.files.isEmpty
            ? "example \(mistake.example)"
            : (data.files[mistake.example].split(separator: "/").last.map(String.init) ?? "")
              .printable.cut(to: 24),
        ]
      }) ?? rows
  }

  /// The worst mistakes as CSV: the example (from 0), in sequences the step, the true and the predicted class with
  /// their probabilities; of a table also the values of the row, of texts the text, of images the file.
  ///
  ///     example,true,probability of true,predicted,probability of predicted
  ///     17,versicolor,0.1273,virginica,0.8726
  public var csv: String {
    let hasSteps = worst.contains { $0.step != nil }
    let head =
      ["example"] + (hasSteps ? ["step"] : [])
      + ["true", "probability of true", "predicted", "probability of predicted"]
    let values: (columns: [TextTable.Column], rows: [[String]])? =
      if data.holdsTexts {
        ([.init("text")], worst.map { [data.text(at: $0.example) ?? ""] })
      } else if !data.files.isEmpty {
        ([.init("file")], worst.map { [data.files[$0.example]] })
      } else {
        preparation == nil ? nil : tableValues
      }
    let rows = worst.enumerated().map { row, mistake in
      ["\(mistake.example)"] + (hasSteps ? ["\(mistake.step ?? 0)"] : [])
        + [classNames[mistake.actual], "\(mistake.actualProbability)"]
        + [classNames[mistake.predicted], "\(mistake.predictedProbability)"]
        + (values?.rows[row] ?? [])
    }
    return ([head + (values?.columns.map(\.title) ?? [])] + rows)
      .map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  private var title: String {
    (worst.count < count ? "The \(worst.count) worst of " : "")
      + (count == 1 ? "1 mistake" : "\(count.grouped) mistakes") + " in \(answers)"
  }

  private var answers: String {
    if case .classSequences = data.targets { return "\(answerCount.grouped) answers" }
    return answerCount == 1 ? "1 example" : "\(answerCount.grouped) examples"
  }

  private func name(_ label: Int) -> String {
    let name = classNames[label]
    return name.cut(to: 18)
  }

  private func percent(_ probability: Float) -> String {
    let value = Double(probability) * 100
    return String(format: value < 0.1 ? "%.2g %%" : "%.1f %%", value)
  }

  private var answerColumns: [TextTable.Column] {
    [.init("true"), .number("probability"), .init("predicted"), .number("probability")]
  }

  private func answer(_ mistake: Mistake, _ text: (Int) -> String) -> [String] {
    [
      text(mistake.actual), percent(mistake.actualProbability), text(mistake.predicted),
      percent(mistake.predictedProbability),
    ]
  }

  /// The texts.
  private var texts: TextTable {
    TextTable(
      title: title, columns: [.init("text")] + answerColumns,
      rows: worst.map { [(data.text(at: $0.example) ?? "").shortened] + answer($0, name) })
  }

  /// The rows of a table, with their first values.
  private var rows: TextTable {
    let (columns, values) = tableValues
    let shown = min(columns.count, columns.count <= 8 ? 8 : 6)
    let rest = columns.count - shown
    return TextTable(
      title: title,
      columns: [.number("example")] + answerColumns + columns.prefix(shown)
        + (rest > 0 ? [.init("and \(rest) more")] : []),
      rows: zip(worst, values).map { mistake, values in
        ["\(mistake.example)"] + answer(mistake, name) + values.prefix(shown)
      })
  }

  /// The values of the examples: those of their table, or else their features.
  private var tableValues: (columns: [TextTable.Column], rows: [[String]]) {
    let width = data.inputShape.reduce(1, *)
    let all = data.batch(at: worst.map(\.example)).features.scalars
    let rows = worst.indices.map { Array(all[($0 * width)..<(($0 + 1) * width)]) }
    if let preparation, preparation.featureCount == width {
      let columns = preparation.columns.map { column in
        var title = TextTable.Column(column.name)
        if case .number = column.kind { title.isNumber = true }
        return title
      }
      return (columns, rows.map(preparation.values(ofRow:)))
    }
    let names =
      data.featureNames.count == width
      ? data.featureNames : (0..<width).map { "feature \($0)" }
    return (
      names.map { .number($0) }, rows.map { $0.map { String(format: "%.4g", Double($0)) } }
    )
  }

  /// The steps of sequences; of a text, what came before.
  private var steps: TextTable {
    let features = data.batch(at: worst.map(\.example)).features
    let isText =
      data.inputShape.count == 1 && classNames.allSatisfy { $0.count == 1 }
      && features.scalars.allSatisfy {
        $0 >= 0 && $0 < Float(classNames.count) && $0 == $0.rounded()
      }
    guard isText else {
      return TextTable(
        title: title, columns: [.number("sequence"), .number("step")] + answerColumns,
        rows: worst.map { ["\($0.example)", "\($0.step ?? 0)"] + answer($0, name) })
    }
    // A blank alone in a cell is invisible.
    func character(_ label: Int) -> String { classNames[label] == " " ? "␣" : classNames[label] }
    return TextTable(
      title: title, columns: [.init("text so far")] + answerColumns,
      rows: worst.map { mistake in
        var tokens = Array(tokens(of: mistake.example).prefix((mistake.step ?? 0) + 1))
        var example = mistake.example
        while tokens.count < 32, let stride, example >= stride {
          example -= stride
          tokens = self.tokens(of: example) + tokens
        }
        let text = tokens.suffix(32).map { classNames[Int($0)] }.joined()
        return [(tokens.count > 32 ? "…" : "") + text] + answer(mistake, character)
      })
  }

  private func tokens(of example: Int) -> [Float] { data.batch(at: [example]).features.scalars }
}

extension String {
  /// The text in at most 100 characters, in one line.
  package var shortened: String {
    let line = split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > 100 ? line.prefix(99) + "…" : line
  }
}
