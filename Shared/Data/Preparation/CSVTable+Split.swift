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
    func indices(_ targets: Target) throws -> (train: [Int], validation: [Int], test: [Int]) {
      try targets.split(
        train: train, validation: validation, test: test, seed: seed, stratified: stratified,
        name: name)
    }
    let prepared = try prepared(target: target, options: options) { try indices($0).train }
    let parts = try indices(prepared.data.targets)
    return (
      DatasetSplit(
        train: prepared.data.subset(parts.train),
        validation: prepared.data.subset(parts.validation), test: prepared.data.subset(parts.test)),
      prepared.preparation
    )
  }

  /// The examples in a table, prepared as the training rows ask for.
  /// - Parameter trainingRows: the numbers of the training examples, given the targets of all examples
  package func prepared(
    target: LabelColumn, options: PreparationOptions, trainingRows: (Target) throws -> [Int]
  ) throws -> (data: Dataset, preparation: Preparation, reading: PreparedRows) {
    let review = try TableReview(self, targets: [target], options: options)
    try review.requireUsable()
    let rows = review.completeRows
    guard !rows.isEmpty else { throw everyRowHasAGap }
    let classes = try classes(inColumn: review.targets[0])
    let targets = Target.classes(rows.map { classes.indices[$0] })
    let preparation = try review.fitted(to: trainingRows(targets).map { rows[$0] })
    let columns = preparation.columns.map(\.place)
    let reading = try preparation.read(self, columns: columns, rows: rows)
    let data = try Dataset(
      name: name, features: reading.features, targets: targets,
      featureNames: preparation.featureNames, classNames: classes.names)
    return (data, preparation, reading)
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
    return try predict(preparation.features(of: table).reshaped([-1] + inputShape))
  }
}
