/// The kind of the columns to predict.
package enum TargetKind: Sendable {
  /// One class in each row.
  case classes
  /// Numbers.
  case numbers
  /// Several labels in each row, or none.
  case labels
}

extension CSVTable {
  /// Divides the rows of a table at random into parts, and prepares them: with the words, means and constant columns of
  /// the training part only.
  ///
  ///     let table = try CSVTable(contentsOf: "titanic.csv")
  ///     let (parts, preparation) = try table.split(target: "survived", seed: 1)
  ///     parts.train.featureNames      // ["class = 1st class", ..., "age = adults", ...]
  ///
  /// - Parameter options: the user's decisions about columns
  /// - Throws: the errors of `Preparation` and of `Dataset.split`.
  public func split(
    target: LabelColumn, options: PreparationOptions = PreparationOptions(), train: Double = 0.7,
    validation: Double = 0.15, test: Double = 0.15, seed: UInt64, stratified: Bool = true
  ) throws -> (parts: DatasetSplit, preparation: Preparation) {
    try split([target], .classes, options) { targets in
      try targets.split(
        train: train, validation: validation, test: test, seed: seed, stratified: stratified,
        name: name)
    }
  }

  /// Divides the rows of a table at random into parts to predict numbers on.
  ///
  ///     let (parts, preparation) = try CSVTable(contentsOf: "cars.csv")
  ///       .split(values: ["Miles_per_Gallon"], seed: 1)
  ///     network.targetScaling = try .standardizingTargets(parts.train)
  ///
  /// - Parameters:
  ///   - values: the columns to predict
  ///   - options: the user's decisions about the other columns; with a `window`, the parts are cut by time
  /// - Throws: the errors of `Preparation` and of `Dataset.split`.
  public func split(
    values: [LabelColumn], options: PreparationOptions = PreparationOptions(), train: Double = 0.7,
    validation: Double = 0.15, test: Double = 0.15, seed: UInt64
  ) throws -> (parts: DatasetSplit, preparation: Preparation) {
    try split(values, .numbers, options) { targets in
      if let window = options.window {
        return try window.parts(
          of: targets.count, validation: validation, test: test, name: name)
      }
      return try targets.split(
        train: train, validation: validation, test: test, seed: seed, stratified: false,
        name: name)
    }
  }

  /// Divides the rows of a table, which may have several labels or none, at random into parts.
  ///
  ///     let (parts, preparation) = try CSVTable(contentsOf: "films.csv")
  ///       .split(labels: ["genres"], seed: 1)
  ///     var network = try NeuralNetwork.multilayerPerceptron(
  ///       inputSize: preparation.featureCount, hiddenSizes: [64],
  ///       outputSize: parts.train.classNames.count, loss: BinaryCrossEntropyLoss(on: .logits),
  ///       optimizer: Adam(learningRate: 0.002), seed: 1)
  ///
  /// - Parameters:
  ///   - labels: a column of yes and no for each label, or one column of lists
  ///   - options: the user's decisions about the other columns
  /// - Throws: the errors of `Preparation` and of `Dataset.split`.
  public func split(
    labels: [LabelColumn], options: PreparationOptions = PreparationOptions(), train: Double = 0.7,
    validation: Double = 0.15, test: Double = 0.15, seed: UInt64
  ) throws -> (parts: DatasetSplit, preparation: Preparation) {
    try split(labels, .labels, options) { targets in
      try targets.split(
        train: train, validation: validation, test: test, seed: seed, stratified: false,
        name: name)
    }
  }

  private func split(
    _ targets: [LabelColumn], _ kind: TargetKind, _ options: PreparationOptions,
    by indices: (Target) throws -> (train: [Int], validation: [Int], test: [Int])
  ) throws -> (parts: DatasetSplit, preparation: Preparation) {
    let prepared = try prepared(targets: targets, kind, options: options) {
      try indices($0).train
    }
    let parts = try indices(prepared.data.targets)
    return (
      DatasetSplit(
        train: prepared.data.subset(parts.train),
        validation: prepared.data.subset(parts.validation), test: prepared.data.subset(parts.test)),
      prepared.preparation
    )
  }

  /// The examples in a table, prepared as the training rows ask for.
  /// - Parameters:
  ///   - kind: the kind of the targets
  ///   - trainingRows: the numbers of the training examples, given the targets of all examples
  package func prepared(
    targets columns: [LabelColumn], _ kind: TargetKind = .classes, options: PreparationOptions,
    trainingRows: (Target) throws -> [Int]
  ) throws -> (data: Dataset, preparation: Preparation, reading: PreparedRows) {
    let review = try TableReview(
      self, targets: columns, kind, options: options)
    try review.requireUsable()
    let complete = review.completeRows
    let rows = complete.rows
    guard !rows.isEmpty else { throw everyRowHasAGap }
    try options.window?.requireWindows(in: self)
    try requireTargets(
      in: review.targetColumns, rows: rows, missingMarks: Set(options.missingMarks),
      remedy: options.window == nil
        ? "Fill it in, or leave rows with gaps out (`missing`)." : SeriesWindow.gapRemedy)
    let targets: Target
    var (classNames, styles, labels) = ([String](), [NumberStyle]?.none, TableLabels?.none)
    switch kind {
    case .numbers:
      let found = try review.targetStyles
      targets = try numbers(
        inColumns: review.targets, styles: found, rows: rows, options.missingMarks,
        window: options.window)
      styles = found
    case .labels:
      let found = try review.labels()
      targets = .values(try truth(of: found, inColumns: review.targets, rows: rows))
      (classNames, labels) = (found.names, found)
    case .classes:
      let classes = try classes(
        inColumn: review.targets[0], areWords: review.profiles[review.targets[0]].numbers == 0,
        rows: rows)
      try review.requireClasses(classes.names)
      targets = .classes(classes.indices)
      classNames = classes.names
    }
    let training = try trainingRows(targets)
    let preparation = try review.fitted(
      to: options.window?.rows(ofFirst: training.count) ?? training.map { rows[$0] },
      targetStyles: styles, labels: labels)
    let reading = try preparation.read(
      self, columns: preparation.columns.map(\.place), of: complete)
    let data = try preparation.dataset(
      reading, targets: targets, classNames: classNames, of: self)
    return (data, preparation, reading)
  }

  /// The numbers to predict in some rows, `[rows.count, columns.count]`, or those of each window of them.
  func numbers(
    inColumns columns: [Int], styles: [NumberStyle], rows: [Int], _ missingMarks: [String],
    window: SeriesWindow? = nil
  ) throws -> Target {
    var fields: [CSVField] = []
    let numbers = try Tensor(shape: [rows.count, columns.count]) { out in
      var place = 0
      for row in rows {
        readFields(ofRow: row, into: &fields)
        for (column, style) in zip(columns, styles) {
          let kind = Preparation.Kind.number(style: style)
          switch cell(fields[column], kind: kind, missingMarks: Set(missingMarks)) {
          case .number(let number): out[place] = Float(number)
          case .missing, .word, .invalid: throw cellError(row: row, column: column, kind: kind)
          }
          place += 1
        }
      }
    }
    return .values(window?.targets(numbers) ?? numbers)
  }

  /// The error for a series whose numbers do not change.
  func constantTarget(_ column: Int) -> CourseError {
    CourseError(
      .invalidData, "the number to predict is the same in all training rows",
      expected: "at least two different values", received: "\"\(text(row: 0, column: column))\"",
      location: "\(name), column \"\(title(column))\"",
      remedy: "Such data teach nothing; look at where they come from.")
  }

  /// The error for a table of which no row is left.
  var everyRowHasAGap: CourseError {
    CourseError(
      .invalidData, "every row has a gap", expected: "rows without gaps",
      received: "none of \(rowCount)", location: name,
      remedy: "Fill gaps by another way (`missing`), or leave columns out (`ignored`).")
  }
}

extension NeuralNetwork {
  /// The predictions for the rows of a table, `[rowCount] + outputShape`; of a series for each of its windows, the last
  /// of which tells the rows after the table. Columns are found by name, as `preparation`
  /// or, without one, the feature names say.
  ///
  ///     try network.predict(CSVTable(contentsOf: "new passengers.csv"))
  ///
  /// - Throws: `CourseError` when a column is missing, or a cell is no value of its column.
  public func predict(_ table: CSVTable) throws -> Tensor {
    let preparation =
      preparation
      ?? Preparation(numbersNamed: featureNames, count: inputShape.reduce(1, *))
    return try predict(preparation.features(of: table).reshaped(to: [-1] + inputShape))
  }
}
