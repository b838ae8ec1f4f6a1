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
    try split([target], areNumbers: false, options) { targets in
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
  ///   - options: the user's decisions about the other columns
  /// - Throws: the errors of `Preparation` and of `Dataset.split`.
  public func split(
    values: [LabelColumn], options: PreparationOptions = PreparationOptions(), train: Double = 0.7,
    validation: Double = 0.15, test: Double = 0.15, seed: UInt64
  ) throws -> (parts: DatasetSplit, preparation: Preparation) {
    try split(values, areNumbers: true, options) { targets in
      try targets.split(
        train: train, validation: validation, test: test, seed: seed, stratified: false,
        name: name)
    }
  }

  private func split(
    _ targets: [LabelColumn], areNumbers: Bool, _ options: PreparationOptions,
    by indices: (Target) throws -> (train: [Int], validation: [Int], test: [Int])
  ) throws -> (parts: DatasetSplit, preparation: Preparation) {
    let prepared = try prepared(targets: targets, areNumbers: areNumbers, options: options) {
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
  ///   - areNumbers: whether the targets are numbers, not classes
  ///   - trainingRows: the numbers of the training examples, given the targets of all examples
  package func prepared(
    targets columns: [LabelColumn], areNumbers: Bool = false, options: PreparationOptions,
    trainingRows: (Target) throws -> [Int]
  ) throws -> (data: Dataset, preparation: Preparation, reading: PreparedRows) {
    let review = try TableReview(self, targets: columns, options: options)
    try review.requireUsable()
    let rows = review.completeRows
    guard !rows.isEmpty else { throw everyRowHasAGap }
    let targets: Target
    var (classNames, styles) = ([String](), [NumberStyle]?.none)
    if areNumbers {
      let found = try review.targetStyles
      targets = try numbers(
        inColumns: review.targets, styles: found, rows: rows, options.missingMarks)
      styles = found
    } else {
      let classes = try classes(
        inColumn: review.targets[0], areWords: review.profiles[review.targets[0]].numbers == 0)
      try review.requireClasses(classes.names)
      targets = .classes(rows.map { classes.indices[$0] })
      classNames = classes.names
    }
    let preparation = try review.fitted(
      to: trainingRows(targets).map { rows[$0] }, targetStyles: styles)
    let reading = try preparation.read(self, columns: preparation.columns.map(\.place), rows: rows)
    let data = try Dataset(
      name: name, features: reading.features, targets: targets,
      featureNames: preparation.featureNames, classNames: classNames)
    return (data, preparation, reading)
  }

  /// The numbers to predict in some rows, `[rows.count, columns.count]`.
  func numbers(
    inColumns columns: [Int], styles: [NumberStyle], rows: [Int], _ missingMarks: [String]
  ) throws -> Target {
    var fields: [CSVField] = []
    return .values(
      try Tensor(shape: [rows.count, columns.count]) { out in
        var place = 0
        for row in rows {
          readFields(ofRow: row, into: &fields)
          for (column, style) in zip(columns, styles) {
            let kind = Preparation.Kind.number(style: style)
            switch cell(fields[column], kind: kind, missingMarks: Set(missingMarks)) {
            case .number(let number): out[place] = Float(number)
            case .missing:
              throw CourseError(
                .invalidData, "the number to predict is missing",
                received: "\"\(text(row: row, column: column))\"",
                location: location(row: row, column: column),
                remedy: "Fill it in or remove the row.")
            case .word, .invalid: throw cellError(row: row, column: column, kind: kind)
            }
            place += 1
          }
        }
      })
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
  /// The predictions for the rows of a table, `[rowCount] + outputShape`: columns are found by name, as `preparation`
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
