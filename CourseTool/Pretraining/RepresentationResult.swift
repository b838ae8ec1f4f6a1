import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Networks
import Pictures

/// How well a representation that was learned without labels shows the classes of images, beside two others.
struct RepresentationResult {
  /// The most images of each part: more change the accuracies by less than their error.
  static let limit = 10_000

  let figures: RepresentationFigures
  let classNames: [String]

  /// Measures the encoder of a network, the same encoder with random weights, and the pixels.
  /// - Parameters:
  ///   - images: labelled images: the probes learn on the training part, and are measured on the test part
  ///   - stream: the stream for the progress; `nil` for none
  /// - Returns: `nil` where there are no classes to tell apart
  init?(
    of network: NeuralNetwork, _ recipe: Recipe, on images: DatasetSplit,
    progress stream: TextStream?
  ) throws {
    let (train, test) = (images.train, images.test)
    guard let classCount = train.classCount, classCount > 1,
      Set(train.targets.classIndices).count > 1, test.count > 0
    else { return nil }
    classNames = train.classNames.isEmpty ? (0..<classCount).map(String.init) : train.classNames
    let known = train.subset(0..<min(train.count, Self.limit))
    let tested = test.subset(0..<min(test.count, Self.limit))
    let encoder = try network.encoder()
    var untrained = try recipe.pretrainingNetwork(for: known).encoder()
    untrained.preprocessing = encoder.preprocessing
    untrained = untrained.measured(on: known)
    let methods: [(String, (Dataset) throws -> Tensor)] = [
      ("encoder", { try encoder.predict($0.features) }),
      ("random weights", { try untrained.predict($0.features) }),
      ("pixels", { $0.features.reshaped(to: [$0.count, -1]) }),
    ]
    let line = ProgressLine(
      "measuring", total: methods.count, unit: "representations", on: stream)
    defer { line.clear() }
    var rows: [RepresentationFigures.Row] = []
    for (name, features) in methods {
      if Interruption.isRequested { throw Interruption.status }
      let scores = try RepresentationScores(
        ofFeatures: features(known), known.targets.classIndices, testedOn: features(tested),
        tested.targets.classIndices, classCount: classCount)
      rows.append(
        .init(
          name: name, features: scores.features, nearestNeighbours: scores.nearestNeighbours,
          linearProbe: scores.linearProbe, penalty: scores.penalty))
      line.advance()
    }
    figures = RepresentationFigures(labelled: known.count, tested: tested.count, rows: rows)
  }

  /// The table for the terminal.
  func text(style: Style) -> String {
    func line(_ cells: [String]) -> String {
      cells[0].padded(right: 18)
        + zip(cells.dropFirst(), [10, 10, 14]).map { $0.padded(left: $1) }.joined()
    }
    return
      ([style.bold(line(["Representation", "features", "k-NN", "linear probe"]))]
      + figures.rows.map { row in
        line(
          [row.name, "\(row.features)"]
            + [row.nearestNeighbours, row.linearProbe].map { fixed($0, 4) })
      } + [
        "Accuracy on \(counted(figures.tested, "test image")), from \(figures.labelled) with labels."
      ]).joined(separator: "\n")
  }

  /// The same for a page.
  var table: TextTable {
    TextTable(
      title: "Accuracy from frozen features",
      columns: [
        .init("representation"), .number("features"), .number("k-NN"), .number("linear probe"),
      ],
      rows: figures.rows.map { row in
        [row.name, row.features.grouped]
          + [row.nearestNeighbours, row.linearProbe].map { fixed($0, 4) }
      })
  }
}

extension TileSheet {
  /// As many neighbours as stand beside an image in one row.
  static let shownNeighbours = 7
  /// As many letters as are as wide as one of these images.
  private static let columnLetters = 9

  /// Each query in a row with its nearest images and their distances.
  /// - Parameters:
  ///   - queries: images with captions, which stand above the row
  ///   - nearest: for each query its neighbours among `images`
  ///   - classNames: the names of the labels of `images`; empty where these mean nothing
  static func neighbours(
    title: String, of queries: [Tile], _ nearest: [[NearestNeighbours.Neighbour]],
    among images: Dataset, classNames: [String]
  ) -> TileSheet {
    let labels = images.targets.classIndices
    let shape = images.inputShape
    let groups = zip(queries, nearest).map { query, neighbours in
      let features = images.batch(at: neighbours.map(\.index)).features
      let brightest = max(features.max(), 1)
      return Group(
        query.captions.joined(separator: ", "),
        [Tile(query.image)]
          + neighbours.enumerated().map { place, neighbour in
            let name =
              classNames.isEmpty
              ? nil : classNames[labels[neighbour.index]].printable.cut(to: Self.columnLetters)
            let file =
              images.files.isEmpty
              ? nil
              : AnswerSheet.shortened(file: images.files[neighbour.index], to: Self.columnLetters)
            return Tile(
              PixelImage(
                features.rows(at: [place]).reshaped(to: shape), range: 0...brightest),
              captions: [name, fixed(neighbour.distance, 3), file].compactMap { $0 })
          })
    }
    // As large as leaves room for a query and seven others.
    return TileSheet(title: title + ", with their distances", groups: groups, side: 68)
  }
}
