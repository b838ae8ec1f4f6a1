import CourseCommandLine
import CourseTraining
import Networks

// Settings that do not fit each other.

extension Recipe {
  /// Throws when settings that are valid one by one contradict each other.
  /// - Parameter given: the names of the settings that the user gave: of two that contradict each other, the error blames
  ///   one of these
  func check(given: Set<String> = []) throws(UsageError) {
    if separator != nil, loss != .crossEntropy {
      throw UsageError("'--separator' is for lists of labels: use the recipe csv-multilabel")
    }
    try checkTexts(given)
    if isOfTexts { return }
    if isSegmentation { return try checkSegmentation(given) }
    try checkPretraining(given)
    if isPretraining { return }
    try checkPurpose(given)
    if let masks {
      throw UsageError(
        "'--masks \(masks)' is for networks that name a class for each pixel: use the recipe "
          + "figures-unet")
    }
    guard isDetector || data != DataSource.scenes.name else {
      throw DataSource.scenesAreNoClasses
    }
    try checkDetection(given)
    if !isDetector { try checkEncoder(given) }
    try checkSorting(given)
    try checkCharacters(given)
    if loss != nil || target != nil { return try checkRegression(given) }
    try checkDepth()
    try checkSeries()
    if data.isEmpty {
      throw UsageError(
        "recipe '\(recipe)' needs training data: "
          + (needsImages ? "--data FOLDER" : "--data FILE.csv --label COLUMN"))
    }
    if !maps.isEmpty, !recurrent.isEmpty {
      throw UsageError("--maps and --recurrent are mutually exclusive")
    }
    try checkLayers()
    try checkOptimizer(given)
    try checkAutomatic()
    try checkImages()
    try checkStopping()
    if isDetector { return try checkShares() }
    if isText {
      if label != nil { throw UsageError("text data have no '--label'") }
      guard classWeights == .none else {
        throw UsageError("'--class-weights' does not apply to text data")
      }
      if blocks > 0, !recurrent.isEmpty {
        throw UsageError(
          "--blocks and --recurrent are mutually exclusive: use --blocks 0 or --recurrent none")
      }
      if blocks == 0, recurrent.isEmpty {
        throw UsageError(
          "text data require recurrent layers or a transformer: --recurrent 128 or --blocks 4")
      }
      try checkHeads(of: embedding, given)
      if blocks == 0, stepsPerEpoch > 0 {
        throw UsageError(
          "'--steps-per-epoch' takes windows at random places, and recurrent layers read the text in order: use "
            + "--steps-per-epoch 0")
      }
      if !hidden.isEmpty {
        throw UsageError("'--hidden' does not apply to text data: use --recurrent or --blocks")
      }
      return try checkShares()
    }
    if isSorting {
      guard embedding > 0, recurrent.isEmpty, maps.isEmpty, hidden.isEmpty, scaling == .none else {
        throw UsageError(
          "a transformer that sorts digits takes --embedding, and --recurrent, --maps, --hidden and "
            + "--scaling none")
      }
      try checkHeads(of: embedding, given)
      return try checkShares()
    }
    guard blocks == 0 else {
      throw UsageError("'--blocks' applies to text and to sorting only: use --blocks 0")
    }
    guard stepsPerEpoch == 0 else {
      throw UsageError("'--steps-per-epoch' applies to text data only: use --steps-per-epoch 0")
    }
    if !DataSource.isTable(data) {
      if let name = firstChanged(["label"] + Self.tableSettings)?.name {
        throw UsageError("'--\(name)' applies to CSV files only, and --data is \(data)")
      }
    }
    if DataSource.isTable(data), label == nil {
      throw DataSource.labelIsMissing(data)
    }
  }

  /// The first of some settings that has not its usual value, and does not follow the data: its name, and
  /// `--name value`.
  func firstChanged(_ names: [String]) -> (name: String, option: String)? {
    let usual = Recipe(recipe: "")
    for name in names where !automatic.contains(name) {
      guard let setting = Recipe.settings.first(where: { $0.name == name }),
        setting.text(self) != setting.text(usual)
      else { continue }
      return (name, "--\(name) \(setting.text(self))")
    }
    return nil
  }

  /// Throws when the heads of a transformer cannot share its width.
  func checkHeads(of width: Int, _ given: Set<String>) throws(UsageError) {
    guard isOfTexts || blocks > 0, width % heads != 0 else { return }
    guard !given.contains("heads") || given.contains("embedding") else {
      throw UsageError(
        "'--heads \(heads)' cannot share the \(width) numbers of --embedding: use a divisor of \(width), or "
          + "--embedding \((width / heads + 1) * heads)")
    }
    throw UsageError(
      "'--embedding \(width)' is divided among \(counted(heads, "head")): use a multiple of "
        + "\(heads), or other --heads")
  }

  /// Throws when settings do not fit the prediction of numbers.
  private func checkRegression(_ given: Set<String>) throws(UsageError) {
    if target == nil, asksForOtherKind("loss", given) {
      throw otherKind("loss", suitable: "csv-regression, csv-sequence or csv-multilabel")
    }
    guard loss != nil else {
      throw UsageError(
        "'--target' names numbers or labels: use the recipe csv-regression, csv-sequence or "
          + "csv-multilabel, or --label for classes")
    }
    guard classWeights == .none else {
      throw UsageError("'--class-weights' applies to classes only, not to --target")
    }
    guard label == nil else {
      throw UsageError("'--label' names classes: use --target, or the recipe csv-mlp")
    }
    guard !data.isEmpty else {
      throw UsageError("recipe '\(recipe)' needs training data: --data FILE.csv --target COLUMN")
    }
    guard target != nil else {
      throw UsageError(
        DataSource.isTable(data)
          ? "recipe '\(recipe)' predicts columns of \(data): say which with --target COLUMN"
          : "recipe '\(recipe)' predicts columns of a CSV file, and --data is \(data)")
    }
    if let option = firstChanged(["depth", "blocks"], given: given)?.option {
      throw UsageError("'\(option)' does not apply to numbers and labels in tables: omit it")
    }
    guard DataSource.isTable(data) else {
      throw UsageError("'--target' applies to CSV files only, and --data is \(data)")
    }
    guard maps.isEmpty, window != nil || recurrent.isEmpty, !isText else {
      throw UsageError("'--target' requires a dense network: use --maps none --recurrent none")
    }
    try checkSeries()
    try checkLayers()
    try checkOptimizer(given)
    try checkStopping()
    try checkShares()
  }

  /// Throws when settings do not fit a series, or there is none for them.
  private func checkSeries() throws(UsageError) {
    guard let window else {
      if horizon == 1 { return }
      throw UsageError(
        "'--horizon \(horizon)' predicts the next rows of a series: use the recipe csv-sequence")
    }
    guard loss != .crossEntropy else {
      throw UsageError("'--loss cross-entropy' is for labels, and a series has numbers")
    }
    guard loss != nil else {
      throw UsageError(
        "'--window \(window)' predicts the next rows of a series: use the recipe csv-sequence")
    }
    guard splitName == .ordered else {
      throw UsageError(
        "'--split random' would test on rows between those of the training: a series is divided by "
          + "time, with --split ordered")
    }
    guard missing != .dropRow else {
      throw UsageError(
        "'--missing drop-row' would leave holes in the series: use --missing indicator, median or "
          + "mean")
    }
  }

  /// Throws when validation and test take all examples. For data without a test part of their own.
  func checkShares() throws(UsageError) {
    guard validation + test >= 1 else { return }
    throw UsageError(
      "--validation \(shortNumber(validation)) and --test \(shortNumber(test)) leave no training data"
    )
  }

  /// Throws when there is no residual network of these settings.
  private func checkDepth() throws(UsageError) {
    guard depth > 0 else { return }
    let stages = maps.widths.count
    guard stages > 0, maps.widths.allSatisfy({ $0.count == 1 }) else {
      throw UsageError(
        "'--depth \(depth)' is a residual network, whose stages have one number of channels each: use "
          + "--maps 16,32,64, or --depth 0 for a plain network")
    }
    guard depth > 2, (depth - 2) % (2 * stages) == 0 else {
      let depths = (1...3).map { "\(2 * stages * $0 + 2)" }.joined(separator: ", ")
      throw UsageError(
        "'--depth \(depth)': a residual network of \(counted(stages, "stage")) has \(depths), ... "
          + "layers")
    }
    let options = [
      ("--hidden \(hidden.map(String.init).joined(separator: ","))", "none", !hidden.isEmpty),
      ("--dropout \(shortNumber(dropout))", "0", dropout > 0),
      ("--activation \(activation.rawValue)", "relu", activation != .relu),
    ]
    for (option, usual, isGiven) in options where isGiven {
      throw UsageError(
        "'\(option)' does not apply to a residual network: use "
          + "\(option.split(separator: " ")[0]) \(usual), or --depth 0")
    }
  }

  /// Throws when there are no layers for batch norm or dropout to follow.
  private func checkLayers() throws(UsageError) {
    if activation != .relu, hidden.isEmpty, maps.isEmpty {
      throw UsageError(
        "'--activation \(activation.rawValue)' has no hidden layer to follow"
          + (isText ? ": omit it" : ": use --hidden 64, or omit it"))
    }
    let options = [
      ("--batch-norm yes", batchNorm, "no", maps.isEmpty && hidden.isEmpty, "layer"),
      (
        "--dropout \(shortNumber(dropout))", dropout > 0, "0", hidden.isEmpty && blocks == 0,
        "hidden layer"
      ),
    ]
    for (option, isGiven, none, hasNoPlace, layer) in options where isGiven {
      let off = option.split(separator: " ")[0] + " " + none
      guard recurrent.isEmpty else {
        throw UsageError(
          "'\(option)' applies to convolutional and dense networks only, and this one is "
            + "recurrent: use \(off)")
      }
      guard !hasNoPlace else {
        throw UsageError("'\(option)' has no \(layer) to follow: use --hidden 64, or \(off)")
      }
    }
  }

  /// Throws when settings of images are given for other data.
  private func checkImages() throws(UsageError) {
    let options = [
      ("size", imageSize?.text), ("fit", fitting?.rawValue), ("channels", channels.map { "\($0)" }),
    ]
    guard let (name, value) = options.first(where: { $0.1 != nil }) else { return }
    guard !isText, DataSource.hasImages(data) else {
      throw UsageError("'--\(name) \(value ?? "")' applies to images only, and --data is \(data)")
    }
    guard shape.isEmpty || imageSize == nil else {
      throw UsageError(
        "'--size \(value ?? "")' and '--shape \(shape.map(String.init).joined(separator: ","))' "
          + "both say what an input is: use one of them (--shape none)")
    }
  }

  /// Throws when the last learning rate is above the first, to which the schedule falls.
  func checkRates(_ given: Set<String> = []) throws(UsageError) {
    guard scheduleName == .cosine, finalLearningRate > learningRate else { return }
    let (first, last) = (shortNumber(learningRate), shortNumber(finalLearningRate))
    throw UsageError(
      given.contains("learning-rate") && !given.contains("final-learning-rate")
        ? "'--learning-rate \(first)' is below the last rate, \(last), to which the cosine schedule falls: use a "
          + "smaller --final-learning-rate as well"
        : "'--final-learning-rate \(last)' is above the first rate, \(first), from which the cosine schedule "
          + "falls: use a smaller one")
  }

  /// Throws when there is no validation loss to watch.
  func checkStopping() throws(UsageError) {
    guard validation == 0 else { return }
    if let patience {
      throw UsageError(
        "'--patience \(patience)' watches the validation loss, and there is none with "
          + "--validation 0: use --validation 0.15, or omit --patience")
    }
    if keep == .best {
      throw UsageError(
        "'--keep best' needs the validation loss, and there is none with --validation 0: use "
          + "--validation 0.15, or --keep last")
    }
  }

  /// Throws when the optimizer or the schedule has no such setting.
  func checkOptimizer(_ given: Set<String>) throws(UsageError) {
    if !findsLearningRate, !automatic.contains("learning-rate") { try checkRates(given) }
    if momentum != nil && optimizer != .momentum {
      throw UsageError(
        "'--momentum' applies to --optimizer momentum only, not to \(optimizer.rawValue)")
    }
    if beta2 != nil && optimizer != .adam && optimizer != .adamw {
      throw UsageError(
        "'--beta2' applies to --optimizer adam and adamw only, not to \(optimizer.rawValue)")
    }
    if warmUp > 0 && scheduleName == .oneCycle {
      throw UsageError(
        "'--warm-up \(warmUp)' has no place in the one-cycle schedule, which begins with a rise of its own: "
          + "use --warm-up 0")
    }
    if weightDecay != nil && optimizer != .adamw {
      throw UsageError(
        "'--weight-decay' applies to --optimizer adamw only, not to \(optimizer.rawValue): "
          + "--penalty l2:X has the same effect with --optimizer sgd")
    }
  }
}
