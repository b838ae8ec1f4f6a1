import Networks

/// The options that change a recipe's settings: on the command line, and as keys of a config file.
enum RecipeOptions {
  static let data = Option(
    "data", .text("NAME|FILE|FOLDER"),
    "a name from 'data list', a CSV file with a row for each example, a folder with a folder of "
      + "images for each class, images in IDX, CIFAR or npz files, or (char-lstm) any text")
  static let label = Option(
    "label", .text("COLUMN"),
    "the column of the CSV file that holds the class: name, or number from 0")
  static let scaling = Option(
    "scaling", .scaling,
    "how features are scaled: " + Scaling.names.joined(separator: ", ")
      + ", or a number to divide by")
  static let shape = Option(
    "shape", .sizes(in: 1...65_536),
    "the shape of an example, as 1,8,8 for grey images; none: as in the data")
  static let maps = Option(
    "maps", .blocks,
    "the channels of the convolutions, a pooling after each comma: 32+32,64; or none")
  static let kernelSize = Option(
    "kernel-size", .integer(in: 1...1024), "the side of the convolutions' kernels")
  static let cell = Option<RecurrentCell>(
    "cell", .choice("NAME"),
    "the kind of the recurrent layers: "
      + RecurrentCell.allCases.map(\.rawValue).joined(separator: ", "))
  static let recurrent = Option(
    "recurrent", .sizes(in: 1...65_536), "the widths of the recurrent layers; or none")
  static let embedding = Option(
    "embedding", .integer(in: 0...65_536),
    "the size of the vector that stands for a character; 0: the data are not a text")
  static let sequenceLength = Option(
    "sequence-length", .integer(in: 1...65_536),
    "the characters of a text that gradients flow back over")
  static let hidden = Option(
    "hidden", .sizes(in: 1...65_536), "the widths of the hidden layers, such as 64,32; or none")
  static let batchNorm = Option(
    "batch-norm", .yesOrNo, "batch norm behind the convolutions, or behind the hidden layers")
  static let dropout = Option(
    "dropout", .dropout, "the fraction that is dropped behind each hidden layer, such as 0.5")
  static let optimizer = Option<OptimizerName>(
    "optimizer", .choice("NAME"),
    "how the weights change: " + OptimizerName.allCases.map(\.rawValue).joined(separator: ", "))
  static let learningRate = Option("learning-rate", .positive(), "the size of the steps")
  static let momentum = Option<Float?>(
    "momentum", .notNegative(below: 1), "of --optimizer momentum: what stays of each step (0.9)")
  static let weightDecay = Option<Float?>(
    "weight-decay", .notNegative(), "of --optimizer adamw: how much the weights shrink (0.01)")
  static let augment = Option(
    "augment", .augmentations,
    "what is done to the training images, anew in each epoch: mirror,crop:4 (all: see 'generator "
      + "preview --help'); or none")
  static let penalty = Option(
    "penalty", .penalty, "what the weights cost: l1:0.0001, l2:0.0001, elastic:0.0001,0.0001; none")
  static let clip = Option(
    "clip", .clip, "how gradients are limited: norm:1 (all together), value:0.5 (each); or none")
  static let schedule = Option<ScheduleName>(
    "schedule", .choice("NAME"),
    "how the learning rate changes: step (see --decay), cosine, one-cycle")
  static let decay = Option(
    "decay", .positive(upTo: 1), "what the schedule step multiplies the learning rate by")
  static let decayEvery = Option(
    "decay-every", .integer(in: 1...1_000_000), "after how many epochs it does so")
  static let epochs = Option(
    "epochs", .integer(in: 1...1_000_000), "how often each training example is seen")
  static let batchSize = Option(
    "batch-size", .integer(in: 1...1_000_000), "how many examples make one step")
  static let validation = Option(
    "validation", .share, "the share of the examples to report on during training")
  static let test = Option(
    "test", .share,
    "the share kept for the final test; of mnist and cifar10, the whole test part or (0) none")
  static let split = Option<SplitName>(
    "split", .choice("NAME"),
    "random; or ordered: the first examples train, the last ones test")
  static let seed = Option("seed", .seed, "the seed of split, weights and order")

  /// One setting: its option, and where its value goes.
  struct Setting: Sendable {
    let option: any OptionDescription
    /// Puts the value of an option into a recipe.
    let set: @Sendable (any Sendable, inout Recipe) -> Void
    /// The value in a recipe, as it would be written on the command line.
    let text: @Sendable (Recipe) -> String

    fileprivate init<Value: Sendable>(
      _ option: Option<Value>, _ path: any WritableKeyPath<Recipe, Value> & Sendable,
      text: @escaping @Sendable (Value) -> String
    ) {
      self.option = option
      set = { value, recipe in if let value = value as? Value { recipe[keyPath: path] = value } }
      self.text = { text($0[keyPath: path]) }
    }
  }

  static let settings: [Setting] = [
    Setting(data, \.data) { $0 },
    Setting(label, \.labelText) { $0 },
    Setting(scaling, \.scaling, text: \.text),
    Setting(shape, \.shape, text: sizesText),
    Setting(maps, \.maps, text: \.text),
    Setting(kernelSize, \.kernelSize) { "\($0)" },
    Setting(cell, \.cell, text: \.rawValue),
    Setting(recurrent, \.recurrent, text: sizesText),
    Setting(embedding, \.embedding) { "\($0)" },
    Setting(sequenceLength, \.sequenceLength) { "\($0)" },
    Setting(hidden, \.hidden, text: sizesText),
    Setting(batchNorm, \.batchNorm) { $0 ? "yes" : "no" },
    Setting(dropout, \.dropout, text: shortNumber),
    Setting(optimizer, \.optimizer, text: \.rawValue),
    Setting(learningRate, \.learningRate, text: shortNumber),
    Setting(momentum, \.momentum) { $0.map(shortNumber) ?? "" },
    Setting(weightDecay, \.weightDecay) { $0.map(shortNumber) ?? "" },
    Setting(augment, \.augment, text: \.text),
    Setting(penalty, \.penalty, text: \.text),
    Setting(clip, \.clip, text: \.text),
    Setting(schedule, \.scheduleName, text: \.rawValue),
    Setting(decay, \.decay, text: shortNumber),
    Setting(decayEvery, \.decayEvery) { "\($0)" },
    Setting(epochs, \.epochs) { "\($0)" },
    Setting(batchSize, \.batchSize) { "\($0)" },
    Setting(validation, \.validation) { "\($0)" },
    Setting(test, \.test) { "\($0)" },
    Setting(split, \.splitName, text: \.rawValue),
    Setting(seed, \.seed) { "\($0)" },
  ]

  static var all: [any OptionDescription] { settings.map(\.option) }

  private static func sizesText(_ sizes: [Int]) -> String {
    sizes.isEmpty ? "none" : sizes.map(String.init).joined(separator: ",")
  }
}

extension Recipe {
  /// The label column, empty when there is none.
  fileprivate var labelText: String {
    get { label ?? "" }
    set { label = newValue.isEmpty ? nil : newValue }
  }

  /// Takes over the settings given on the command line.
  mutating func apply(_ arguments: Arguments) {
    for setting in RecipeOptions.settings {
      if let value = arguments.value(of: setting.option) { setting.set(value, &self) }
    }
  }

  /// Throws when settings that are right one by one do not make sense together.
  func check() throws(UsageError) {
    if data.isEmpty {
      throw UsageError(
        "the recipe '\(recipe)' needs data: --data FILE.csv --label COLUMN")
    }
    if !maps.isEmpty, !recurrent.isEmpty {
      throw UsageError("--maps and --recurrent make two different networks: give one of them")
    }
    try checkLayers()
    try checkOptimizer()
    if isText {
      if label != nil { throw UsageError("a text has no '--label'") }
      if recurrent.isEmpty {
        throw UsageError("a text needs recurrent layers: --recurrent 128")
      }
      if !hidden.isEmpty {
        throw UsageError("a text has no '--hidden' layers: its recurrent layers are --recurrent")
      }
      return try checkShares()
    }
    if !DataSource.isTable(data), label != nil {
      throw UsageError(
        "'--label' only goes with a CSV file, and --data is \(data)")
    }
    if DataSource.isTable(data), label == nil {
      throw DataSource.labelIsMissing(data)
    }
  }

  /// Throws when validation and test take all examples. For data without a test part of their own.
  func checkShares() throws(UsageError) {
    guard validation + test >= 1 else { return }
    throw UsageError("--validation \(validation) and --test \(test) leave nothing to train on")
  }

  /// Throws when there are no layers that batch norm or dropout would go behind.
  private func checkLayers() throws(UsageError) {
    let options = [
      ("--batch-norm yes", batchNorm, "no", maps.isEmpty && hidden.isEmpty, "layers"),
      ("--dropout \(shortNumber(dropout))", dropout > 0, "0", hidden.isEmpty, "--hidden layers"),
    ]
    for (option, isGiven, none, hasNoPlace, layers) in options where isGiven {
      let off = option.split(separator: " ")[0] + " " + none
      guard recurrent.isEmpty else {
        throw UsageError(
          "'\(option)' only goes with networks of convolutions and dense layers, and this one is "
            + "recurrent: \(off)")
      }
      guard !hasNoPlace else {
        throw UsageError("'\(option)' has no \(layers) to go behind: --hidden 64, or \(off)")
      }
    }
  }

  /// Throws when the optimizer has no such setting.
  private func checkOptimizer() throws(UsageError) {
    if momentum != nil && optimizer != .momentum {
      throw UsageError(
        "'--momentum' only goes with --optimizer momentum, and this is \(optimizer.rawValue)")
    }
    if weightDecay != nil && optimizer != .adamw {
      throw UsageError(
        "'--weight-decay' only goes with --optimizer adamw, and this is \(optimizer.rawValue): "
          + "--penalty l2:X does the same for --optimizer sgd")
    }
  }
}

extension ValueKind where Value == Scaling {
  static var scaling: ValueKind {
    ValueKind(placeholder: "HOW") { text throws(ValueProblem) in
      guard let scaling = Scaling(text) else {
        throw ValueProblem(
          expected: Scaling.names.joined(separator: ", ") + ", or a number above 0 to divide by",
          suggestions: suggestions(for: text, among: Scaling.names))
      }
      return scaling
    }
  }
}

extension ValueKind where Value == Blocks {
  static var blocks: ValueKind {
    ValueKind(placeholder: "N+N,N,...") { text throws(ValueProblem) in
      guard let blocks = Blocks(text) else {
        throw ValueProblem(
          expected: "sizes from 1 to 65536, with + within a block and a comma between blocks, such "
            + "as 32+32,64+64, or none")
      }
      return blocks
    }
  }
}

extension ValueKind where Value == Bool {
  /// Yes or no; in JSON true or false.
  static var yesOrNo: ValueKind {
    ValueKind(placeholder: "yes|no") { text throws(ValueProblem) in
      switch text {
      case "yes", "true": return true
      case "no", "false": return false
      default: throw ValueProblem(expected: "yes or no (in JSON true or false)")
      }
    }
  }
}

extension ValueKind where Value == Float {
  /// The fraction that dropout drops.
  static var dropout: ValueKind {
    ValueKind(placeholder: "X") { text throws(ValueProblem) in
      guard let rate = Float(text), (0..<1).contains(rate) else {
        throw ValueProblem(
          expected: "the fraction that is dropped, from 0 to below 1, such as 0.5")
      }
      return rate
    }
  }
}

extension ValueKind where Value == Double {
  /// A share of the examples.
  static var share: ValueKind {
    ValueKind(placeholder: "X") { text throws(ValueProblem) in
      guard let share = Double(text), (0..<1).contains(share) else {
        throw ValueProblem(expected: "a share from 0 to below 1, such as 0.15")
      }
      return share
    }
  }
}
