import CourseCommandLine
import ExplorationNetworks
import Networks

// Networks that give a text a class: their settings, data and layers.

extension Recipe {
  /// The settings of `definitions` and `csv-text` that follow the network, unless they are given.
  static let textSettings: Set = [
    "embedding", "maps", "recurrent", "blocks", "learning-rate", "weight-decay", "dropout",
    "epochs", "batch-size",
  ]

  /// Whether the network gives a text one of several classes.
  var isOfTexts: Bool { textNetwork != nil }

  /// The network that a setting belongs to, where it belongs to one.
  static func textNetwork(of setting: String) -> TextNetwork? {
    switch setting {
    case "buckets": .bag
    case "maps": .cnn
    case "recurrent": .lstm
    case "blocks", "heads": .transformer
    default: nil
    }
  }

  /// Whether a setting has an effect on a network of texts.
  func usesForTexts(_ setting: String) -> Bool {
    if let owner = Self.textNetwork(of: setting) { return owner == textNetwork }
    switch setting {
    case "network", "sequence-length", "embedding", "dropout", "class-weights", "split":
      return true
    case "text", "label": return data.isEmpty || DataSource.isTable(data)
    case "scaling", "shape", "hidden", "activation", "batch-norm", "depth", "kernel-size", "cell",
      "steps-per-epoch":
      return false
    default: return uses(setting, isOther: true)
    }
  }

  /// Throws when settings do not fit a network of texts.
  func checkTexts(_ given: Set<String> = []) throws(UsageError) {
    guard let textNetwork else {
      let usual = Recipe(recipe: "")
      if text != nil || buckets != usual.buckets {
        throw UsageError(
          "'--text' and '--buckets' apply to texts with classes: use the recipe csv-text")
      }
      guard data != DataSource.definitions else {
        throw UsageError("the definitions are texts with classes: use the recipe definitions")
      }
      return
    }
    let others =
      [
        "target", "loss", "window", "shape", "augment", "hidden", "activation", "batch-norm",
        "depth", "size", "fit", "channels", "steps-per-epoch", "levels", "regions", "buckets",
        "maps", "recurrent", "blocks", "heads", "pretext", "encoder", "encoder-rate",
      ] + Self.tableSettings
    let unfit = others.filter { Self.textNetwork(of: $0) != textNetwork }
    try checkKind("network", unfit: unfit, suitable: "csv-text", given)
    try checkScalingOfTexts(given)
    if let (name, option) = firstChanged(unfit, given: given) {
      throw UsageError(
        "'\(option)' does not apply to "
          + (Self.textNetwork(of: name).map {
            "--network \(textNetwork.rawValue): omit it, or use --network \($0.rawValue)"
          } ?? "texts with classes: omit it"))
    }
    guard maps.widths.flatMap({ $0 }).count <= 1, recurrent.count <= 1 else {
      throw UsageError(
        "a network of texts has one number of channels or of hidden values: use --maps 64, or "
          + "--recurrent 64")
    }
    try checkSizes(of: textNetwork)
    if textNetwork == .transformer { try checkHeads(of: textWidth, given) }
    if !automatic.contains("embedding"), embedding == 0 {
      throw UsageError("'--embedding 0' leaves no vectors of words: use --embedding 64")
    }
    try checkOptimizer(given)
    try checkStopping()
    if data.isEmpty {
      throw UsageError(
        "recipe '\(recipe)' needs training data: --data FILE.csv --text COLUMN --label COLUMN")
    }
    if data == DataSource.definitions {
      guard label == nil, text == nil else {
        throw UsageError("'--text' and '--label' apply to CSV files only, and --data is \(data)")
      }
      return try checkShares()
    }
    guard DataSource.isTable(data) else {
      throw UsageError(
        "texts with classes come from a CSV file, or are the data set definitions, and --data is "
          + data)
    }
    if label == nil { throw DataSource.labelIsMissing(data) }
    try checkShares()
  }

  /// Throws when a network of texts is to have none of the layers that make it.
  private func checkSizes(of network: TextNetwork) throws(UsageError) {
    let (name, size, layers): (String, String, String)
    switch network {
    case .bag: return
    case .cnn where maps.isEmpty: (name, size, layers) = ("maps", "64", "convolution")
    case .lstm where recurrent.isEmpty: (name, size, layers) = ("recurrent", "64", "LSTM")
    case .transformer where blocks == 0: (name, size, layers) = ("blocks", "2", "block")
    default: return
    }
    guard !automatic.contains(name) else { return }
    throw UsageError(
      "'--\(name) \(name == "blocks" ? "0" : "none")' leaves no \(layers) in --network "
        + "\(network.rawValue): use --\(name) \(size), or --network bag")
  }

  /// The length of the vectors of words: that of the settings, or one that suits the network.
  private var textWidth: Int {
    automatic.contains("embedding") ? textNetwork == .bag ? 32 : 64 : embedding
  }

  // MARK: Data

  /// The bytes of an example: those of as many words as the network reads, with room for long ones.
  private var textLength: Int { 16 * sequenceLength }

  /// Texts with classes.
  /// - Parameters:
  ///   - source: `definitions`, or a table
  ///   - label: the label column, where it is not that of the settings
  ///   - text: the column with the texts, likewise
  ///   - classNames: the classes that a trained network knows
  func loadTexts(
    _ source: String, label: String? = nil, text: String? = nil, classNames: [String]?
  ) throws -> DataSource.Loaded {
    var loaded: DataSource.Loaded
    if source == DataSource.definitions {
      loaded = DataSource.Loaded(examples: try Dataset.definitions.withTexts(ofLength: textLength))
    } else {
      guard DataSource.isTable(source) else {
        throw UsageError("\(source) has no texts with classes: give a CSV file, or definitions")
      }
      guard let label = label ?? self.label else { throw DataSource.labelIsMissing(source) }
      let column = LabelColumn(argument: label)
      let wanted = (text ?? self.text).map { LabelColumn(argument: $0) }
      let table = try DataSource.table(source, expecting: column.names + (wanted?.names ?? []))
      let place = try table.column(wanted ?? table.onlyColumn(beside: column))
      // All of a text, to say which are cut.
      let whole = try Dataset(
        texts: table, text: .index(place), label: column, classNames: classNames)
      loaded = DataSource.Loaded(examples: try whole.withTexts(ofLength: textLength))
      loaded.textColumn = table.columnNames?[place]
      loaded.examples.name = DataSource.name(ofTable: source)
      loaded.remarks.notes = DataSource.encodingNotes(table) + textNotes(whole.texts)
    }
    return loaded
  }

  /// Notes on texts of which the network reads a part, or nothing.
  func textNotes(_ texts: [String]) -> [String] {
    let length = textLength
    var (wordy, long, wordless) = (0, 0, 0)
    for text in texts {
      let count = Tokenizer.words(of: text).count
      if count == 0 { wordless += 1 }
      if count > sequenceLength {
        wordy += 1
      } else if text.utf8.count > length {
        long += 1
      }
    }
    var notes: [String] = []
    for (count, limit) in [(wordy, "\(sequenceLength) words"), (long, "\(length) bytes")]
    where count > 0 {
      notes.append(
        "\(counted(count, "text")) of more than \(limit) (--sequence-length): the network reads the "
          + "beginning")
    }
    if wordless > 0 { notes.append("\(counted(wordless, "text")) without a letter or digit") }
    return notes
  }

  // MARK: The network

  /// The settings that follow the network: each kind has its own sizes, and its own rate.
  ///
  /// Benchmarks/RESULTS.md has their accuracy on the definitions.
  func adapted(toTexts training: Dataset) -> Recipe {
    guard let textNetwork else { return self }
    var recipe = self
    recipe.automatic = []
    func fill<Value>(_ name: String, _ path: WritableKeyPath<Recipe, Value>, _ value: Value) {
      if automatic.contains(name) { recipe[keyPath: path] = value }
    }
    let (isBag, steps): (Bool, Int)
    switch textNetwork {
    case .bag:
      (isBag, steps) = (true, 650)
      fill("dropout", \.dropout, 0)
    case .cnn:
      (isBag, steps) = (false, 2300)
      fill("maps", \.maps, Blocks([[64]]))
      fill("dropout", \.dropout, 0.5)
    case .lstm:
      (isBag, steps) = (false, 1400)
      fill("recurrent", \.recurrent, [64])
      fill("dropout", \.dropout, 0.3)
    case .transformer:
      (isBag, steps) = (false, 1800)
      fill("blocks", \.blocks, 2)
      fill("dropout", \.dropout, 0.4)
    }
    fill("embedding", \.embedding, textWidth)
    fill("learning-rate", \.learningRate, isBag ? 0.01 : textNetwork == .lstm ? 0.004 : 0.002)
    if optimizer == .adamw { fill("weight-decay", \.weightDecay, isBag ? 0.5 : 0.01) }
    fill("batch-size", \.batchSize, isBag ? 128 : 64)
    fill(
      "epochs", \.epochs,
      recipe.epochs(for: training.count, steps: steps, limits: 5...60))
    return recipe
  }

  /// The network before training, which knows the words of the training part.
  func textNetwork(_ kind: TextNetwork, for training: Dataset) throws -> NeuralNetwork {
    guard training.holdsTexts, training.classNames.count >= 2 else {
      throw CourseError(
        .invalidData, "there is nothing to tell apart", expected: "texts of at least two classes",
        received: "only the class \"\(training.classNames.joined().printable)\"",
        location: training.name)
    }
    let vocabulary = Tokenizer.vocabulary(of: training.texts)
    guard !vocabulary.isEmpty else {
      throw CourseError(
        .invalidData, "there are no words to learn", expected: "texts with letters or digits",
        received: "\(counted(training.count, "training text")) without any",
        location: training.name, remedy: "Choose the column of the texts with --text.")
    }
    var network = try NeuralNetwork.textClassifier(
      kind, inputLength: training.inputShape[0], vocabulary: Array(vocabulary.prefix(50_000)),
      classNames: training.classNames,
      sizes: TextNetworkSizes(
        maximumWords: sequenceLength, width: embedding, buckets: buckets,
        hidden: kind == .cnn ? maps.widths.first?.first ?? 0 : recurrent.first ?? 0,
        blocks: blocks, heads: heads, dropout: dropout),
      loss: SoftmaxCrossEntropyLoss(classWeights: classWeights.weights(for: training)),
      optimizer: optimizer.make(for: self), seed: seed)
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: min(batchSize, training.count))
    return network
  }
}

extension CSVTable {
  /// The column that is left when another one is the label.
  /// - Throws: when there are several, or none.
  func onlyColumn(beside label: LabelColumn) throws -> LabelColumn {
    let labelColumn = try column(label)
    let others = (0..<columnCount).filter { $0 != labelColumn }
    guard others.count == 1 else {
      let names = columnNames
      throw UsageError(
        others.isEmpty
          ? "\(name) has no column beside the label"
          : "\(name) has several columns beside the label: say which one holds the texts with --text: "
            + others.prefix(8).map { names?[$0] ?? "\($0)" }.joined(separator: ", "))
    }
    return .index(others[0])
  }
}
