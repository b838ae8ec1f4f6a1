import CourseCommandLine
import CourseTraining
import Networks

extension Recipe {
  /// Every setting, in the order of the help.
  static let settings: [Setting] = [
    Setting(
      "data", \.data, .text("NAME|FILE|FOLDER"), isFixed: false,
      "training data: a name from 'data list', a CSV file with one example per row, a folder with a "
        + "subfolder of images for each class, an IDX, CIFAR or npz file of images, (char-lstm) any "
        + "text file, or (figures-unet) a folder with images and masks"),
    Setting(
      "label", \.label, .text("COLUMN"),
      "label column of a CSV file: its name, or its index from 0"),
    Setting(
      "text", \.text, .text("COLUMN"),
      "column of a CSV file with the texts (csv-text): its name, or its index from 0 (default: the only "
        + "one beside the label)"),
    Setting(
      "class-weights", \.classWeights, .notation("HOW", expected: ClassWeightsSetting.expected),
      "weights of the classes in the loss: balanced (rare ones count more), or such as yes:3,no:1; "
        + "or none"),
    Setting(
      "target", \.target, .columns,
      "columns of a CSV file with numbers (csv-regression, csv-sequence) or labels (csv-multilabel) to "
        + "predict"),
    Setting(
      "loss", \.loss, .choice(),
      "loss of predicted numbers: squared, absolute, huber (the scaled error, squared up to 1); of "
        + "labels: cross-entropy"),
    Setting(
      "separator", \.separator, .text("TEXT"),
      "the text between the labels of a cell, where it cannot be told (csv-multilabel)"),
    Setting(
      "window", \.window, .integer(in: 1...65_536),
      "past rows of a series that predict the next ones (csv-sequence)"),
    Setting(
      "horizon", \.horizon, .integer(in: 1...65_536),
      "next rows of a series to predict (csv-sequence)"),
    Setting(
      "columns", \.columns, .columns,
      "the only columns of a CSV file to use (default: all that can be used)"),
    Setting("ignore", \.ignore, .columns, "columns of a CSV file to leave out"),
    Setting(
      "words", \.words, .columns,
      "columns of a CSV file to take as words though they hold numbers, such as codes"),
    Setting(
      "word-limit", \.wordLimit, .integer(in: 2...65_536),
      "the largest number of different words in a column of a CSV file that become a feature each; "
        + "of more, a vector is learned for each word"),
    Setting(
      "missing", \.missing, .choice(),
      "missing values in a CSV file: indicator (the median, and a feature that marks the gap), "
        + "median, mean, drop-row, refuse"),
    Setting(
      "missing-marks", \.missingMarks, .texts("TEXT,..."),
      "further marks of missing values, such as unknown,-999"),
    Setting(
      "dates", \.dates, .choice(),
      "dates in a CSV file: number (of days), or calendar (year, month, weekday, hour)"),
    Setting(
      "decimal", \.decimal, .choice(),
      "the decimal mark of a CSV file, where it cannot be told: point or comma"),
    Setting(
      "scaling", \.scaling, .notation("HOW", expected: Scaling.expected, names: Scaling.names),
      "feature scaling: \(Scaling.names.joined(separator: ", ")), or a number to divide by"),
    Setting(
      "shape", \.shape, .sizes(in: 1...65_536),
      "input shape of an example, such as 1,8,8 for grey images; none: the shape in the data"),
    Setting(
      "size", \.imageSize, .imageSize,
      "height and width that images are brought to (default: theirs, or a size that suits them)"),
    Setting(
      "fit", \.fitting, .choice("HOW"),
      "treatment of images of another size: crop, pad, stretch, refuse (default: pad)"),
    Setting(
      "channels", \.channels, .channels,
      "1 for grey images, 3 for colours (default: those of the images)"),
    Setting(
      "masks", \.masks, .text("FOLDER"),
      "folder with the mask of each image, the class of each pixel as its grey value or palette "
        + "index (default: masks, beside the folder images in --data)"),
    Setting(
      "network", \.textNetwork, .choice(),
      "network of texts with classes: bag (the average of words, pairs and pieces of words), cnn, lstm, "
        + "transformer"),
    Setting(
      "buckets", \.buckets, .integer(in: 1...16_777_215),
      "numbers that the pairs of words share, and the pieces, in --network bag"),
    Setting(
      "maps", \.maps, .notation("N+N,N,...", expected: Blocks.expected),
      "output channels of the convolutions, with pooling at each comma and at the end: 32+32,64; "
        + "or none"),
    Setting(
      "depth", \.depth, .integer(in: 0...1202),
      "layers of a residual network, such as 8, 14 or 20, whose stages have the channels in --maps "
        + "16,32,64; 0 for a plain network"),
    Setting(
      "kernel-size", \.kernelSize, .integer(in: 1...1024),
      "height and width of the convolution kernels"),
    Setting(
      "cell", \.cell, .choice(), "type of the recurrent layers: \(list(RecurrentCell.self))"),
    Setting(
      "recurrent", \.recurrent, .sizes(in: 1...65_536), "sizes of the recurrent layers, or none"),
    Setting(
      "embedding", \.embedding, .integer(in: 0...65_536),
      "length of the vectors of characters or words; 0 for data other than text"),
    Setting(
      "blocks", \.blocks, .integer(in: 0...1024),
      "blocks of a transformer, for text; 0 for recurrent layers"),
    Setting(
      "heads", \.heads, .integer(in: 1...1024), "attention heads of each block"),
    Setting(
      "levels", \.levels, .integer(in: 0...8),
      "how often a U-Net halves the image, for images with masks; 0 for other networks"),
    Setting(
      "width", \.width, .integer(in: 1...4096),
      "channels of the first level of a U-Net, doubled at each further one"),
    Setting(
      "skips", \.skips, .yesOrNo,
      "whether each level of a U-Net passes its details around those below it"),
    Setting(
      "regions", \.regions, .integer(in: 0...4096),
      "regions of each image that a detector is trained on; 0 for other networks"),
    Setting(
      "proposals", \.proposals, .choice(),
      "where a detector looks: windows (sliding), selective (search), or both"),
    Setting(
      "box-weight", \.boxWeight, .notNegative,
      "weight of the loss of a detector's boxes; 0 for no box regression"),
    Setting(
      "pretext", \.pretext, .choice("TASK"),
      "what an encoder of images learns without labels: vicreg, nt-xent (two views of an image belong "
        + "together), rotation"),
    Setting(
      "temperature", \.temperature, .positive(), "temperature of --pretext nt-xent"),
    Setting(
      "sequence-length", \.sequenceLength, .integer(in: 1...65_536),
      "training sequence length, in characters; of texts with classes, the most words that are read"
    ),
    Setting(
      "steps-per-epoch", \.stepsPerEpoch, .integer(in: 0...1_000_000),
      "training steps of an epoch, on windows of the text at random places (transformers); 0: the "
        + "whole text, window by window"),
    Setting(
      "hidden", \.hidden, .sizes(in: 1...65_536), "sizes of the hidden layers: 64,32; or none"),
    Setting(
      "activation", \.activation, .choice(),
      "activation after each hidden layer and convolution: \(list(HiddenActivation.self))"),
    Setting(
      "batch-norm", \.batchNorm, .yesOrNo,
      "batch normalisation after each convolution, or after each hidden layer if there is none"),
    Setting("dropout", \.dropout, .fraction, "dropout rate after each hidden layer, such as 0.5"),
    Setting("optimizer", \.optimizer, .choice(), "optimizer: \(list(OptimizerName.self))"),
    Setting(
      "learning-rate", \.learningRateChoice, .learningRate,
      "learning rate; find: the one at which the loss falls fastest while the rate grows (range test)"
    ),
    Setting(
      "momentum", \.momentum, .fraction,
      "momentum coefficient, for --optimizer momentum (default: 0.9)"),
    Setting(
      "beta2", \.beta2, .fraction,
      "share of the second moment that a step keeps, for --optimizer adam and adamw (default: 0.999)"
    ),
    Setting(
      "weight-decay", \.weightDecay, .notNegative,
      "weight decay, for --optimizer adamw (default: 0.01); of a transformer, of its weights only"),
    Setting(
      "augment", \.augment, .augmentations,
      "random augmentation of the training images, such as mirror,crop:4 ('generator preview "
        + "--help' lists all); or none"),
    Setting(
      "penalty", \.penalty, .notation("HOW", expected: PenaltySetting.expected),
      "weight penalty: l1:0.0001, l2:0.0001, elastic:0.0001,0.0001; or none"),
    Setting(
      "clip", \.clip, .notation("HOW", expected: ClipSetting.expected),
      "gradient clipping: norm:1 (of all gradients together), value:0.5 (of each element); or none"),
    Setting(
      "schedule", \.scheduleName, .choice(),
      "learning-rate schedule: step (see --decay), cosine, one-cycle"),
    Setting(
      "warm-up", \.warmUp, .integer(in: 0...1_000_000),
      "first steps, in which the learning rate rises, for --schedule step and cosine"),
    Setting(
      "final-learning-rate", \.finalLearningRate, .notNegative,
      "last learning rate, for --schedule cosine"),
    Setting(
      "decay", \.decay, .positive(upTo: 1), "learning-rate decay factor, for --schedule step"),
    Setting(
      "decay-every", \.decayEvery, .integer(in: 1...1_000_000),
      "epochs between decays, for --schedule step"),
    Setting(RunOptions.epochs, \.epochs, isFixed: false),
    Setting(
      "patience", \.patience, .integer(in: 1...1_000_000), isFixed: false,
      "stop after N epochs without a better validation loss (early stopping)"),
    Setting(
      "keep", \.keep, .choice("best|last"),
      "weights to keep: of the epoch with the best validation loss, or the last (default: best with "
        + "--patience, else last)"),
    Setting(
      "batch-size", \.batchSize, .integer(in: 1...1_000_000),
      "examples per training step (the mini-batch size)"),
    Setting(
      "validation", \.validation, .fraction,
      "fraction of the examples held out for validation during training"),
    Setting(
      "test", \.test, .fraction,
      "fraction held out for the final test, or 0 for none; a data set with its own test set uses that"
    ),
    Setting(
      "split", \.splitName, .choice(),
      "random (stratified by class), or ordered (train on the first examples, test on the last)"),
    Setting(RunOptions.seed, \.seed),
  ]

  /// The settings about the columns of a CSV file.
  static let tableSettings = [
    "columns", "ignore", "words", "word-limit", "missing", "missing-marks", "dates", "decimal",
  ]

  /// The user's decisions about the columns of a CSV file.
  var preparationOptions: PreparationOptions {
    func columns(_ names: [String]) -> [LabelColumn] { names.map { LabelColumn(argument: $0) } }
    var options = PreparationOptions()
    options.missing = missing
    options.missingMarks = missingMarks ?? []
    options.columns = self.columns.map(columns)
    options.ignored = columns(ignore ?? [])
    options.words = columns(words ?? [])
    options.wordLimit = wordLimit
    options.usesCalendar = dates == .calendar
    options.separator = separator
    options.window = window.flatMap { try? SeriesWindow(history: $0, horizon: horizon) }
    options.decimal = decimal == .comma ? .comma : decimal == .point ? .point : nil
    return options
  }

  private static func list<Name: CaseIterable & RawRepresentable<String>>(_: Name.Type) -> String {
    Name.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// Throws when settings that are valid one by one contradict each other.
  func check() throws(UsageError) {
    if separator != nil, loss != .crossEntropy {
      throw UsageError("'--separator' is for lists of labels: use the recipe csv-multilabel")
    }
    try checkTexts()
    if isOfTexts { return }
    if isSegmentation { return try checkSegmentation() }
    try checkPretraining()
    if isPretraining { return }
    if let masks {
      throw UsageError(
        "'--masks \(masks)' is for networks that name a class for each pixel: use the recipe "
          + "figures-unet")
    }
    guard isDetector || data != DataSource.scenes.name else {
      throw UsageError(DataSource.scenesAreNoClasses)
    }
    try checkDepth()
    if loss != nil || target != nil { return try checkRegression() }
    try checkSeries()
    try checkDetection()
    if data.isEmpty {
      throw UsageError(
        "recipe '\(recipe)' needs training data: "
          + (needsImages ? "--data FOLDER" : "--data FILE.csv --label COLUMN"))
    }
    if !maps.isEmpty, !recurrent.isEmpty {
      throw UsageError("--maps and --recurrent are mutually exclusive")
    }
    try checkLayers()
    try checkOptimizer()
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
      try checkHeads()
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
      try checkHeads()
      return try checkShares()
    }
    guard blocks == 0 else {
      throw UsageError("'--blocks' applies to text and to sorting only: use --blocks 0")
    }
    guard stepsPerEpoch == 0 else {
      throw UsageError("'--steps-per-epoch' applies to text data only: use --steps-per-epoch 0")
    }
    if !DataSource.isTable(data) {
      let usual = Recipe(recipe: "")
      for name in ["label"] + Self.tableSettings {
        guard let setting = Recipe.settings.first(where: { $0.name == name }),
          setting.text(self) != setting.text(usual)
        else { continue }
        throw UsageError("'--\(name)' applies to CSV files only, and --data is \(data)")
      }
    }
    if DataSource.isTable(data), label == nil {
      throw DataSource.labelIsMissing(data)
    }
  }

  /// Throws when the heads of a transformer cannot share its width.
  private func checkHeads() throws(UsageError) {
    guard blocks > 0, embedding % heads != 0 else { return }
    throw UsageError(
      "'--embedding \(embedding)' is divided among \(counted(heads, "head")): use a multiple of "
        + "\(heads), or other --heads")
  }

  /// Throws when settings do not fit the prediction of numbers.
  private func checkRegression() throws(UsageError) {
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
    guard !data.isEmpty, target != nil else {
      throw UsageError("recipe '\(recipe)' needs training data: --data FILE.csv --target COLUMN")
    }
    guard DataSource.isTable(data) else {
      throw UsageError("'--target' applies to CSV files only, and --data is \(data)")
    }
    guard maps.isEmpty, window != nil || recurrent.isEmpty, !isText else {
      throw UsageError("'--target' requires a dense network: use --maps none --recurrent none")
    }
    try checkSeries()
    try checkLayers()
    try checkOptimizer()
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

  /// Throws when the optimizer has no such setting.
  func checkOptimizer() throws(UsageError) {
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
