import CourseCommandLine
import Networks

extension Recipe {
  /// The names of the settings under the headings of the help.
  static let settingGroups: [(title: String, names: [String])] = [
    (
      "Data",
      [
        "data", "label", "text", "target", "separator", "window", "horizon", "validation", "test",
        "split",
        "seed", "scaling", "shape",
      ]
    ),
    ("Tables", tableSettings),
    ("Images", ["size", "fit", "channels", "masks", "augment"]),
    (
      "Network",
      [
        "hidden", "activation", "network", "buckets", "maps", "kernel-size", "depth", "cell",
        "recurrent",
        "embedding", "blocks", "heads", "sequence-length", "steps-per-epoch", "levels", "width",
        "skips", "regions", "proposals", "box-weight", "pretext", "temperature",
        "encoder", "encoder-rate",
      ]
    ),
    (
      "Optimization",
      [
        "epochs", "learning-rate", "batch-size", "optimizer", "momentum", "beta2", "weight-decay",
        "schedule", "warm-up", "final-learning-rate", "decay", "decay-every", "clip", "loss",
        "class-weights",
      ]
    ),
    ("Regularization", ["patience", "keep", "dropout", "penalty", "batch-norm"]),
  ]

  /// The settings that a detector does not have.
  private static let notOfDetectors: Set = [
    "label", "class-weights", "fit", "channels", "shape", "augment", "kernel-size", "activation",
    "batch-norm", "dropout", "scaling",
  ]

  /// The settings that a pretraining does not have.
  private static let notOfPretraining: Set = [
    "label", "class-weights", "activation", "batch-norm", "dropout",
  ]

  /// Whether a setting can change the training, the others being as they are.
  func uses(_ setting: String) -> Bool {
    isOfTexts
      ? usesForTexts(setting) : uses(setting, isOther: isText || isSegmentation || isDetector)
  }

  /// - Parameter isOther: whether the data are neither a table nor images with a class each
  func uses(_ setting: String, isOther: Bool) -> Bool {
    let isImages =
      isSegmentation || isDetector
      || !isOther && (data.isEmpty ? needsImages : DataSource.hasImages(data))
    let isTable = !isOther && (data.isEmpty ? !needsImages : DataSource.isTable(data))
    if isSegmentation, ["class-weights", "shape", "maps", "hidden"].contains(setting) {
      return false
    }
    if isDetector, Self.notOfDetectors.contains(setting) { return false }
    if isPretraining, Self.notOfPretraining.contains(setting) { return false }
    if encoder != nil, Self.settingsOfEncoder.contains(setting) { return false }
    switch setting {
    case "network", "text", "buckets": return false
    case "pretext": return isPretraining
    case "temperature": return pretext == .ntXent
    case "encoder":
      return isImages && !isSegmentation && !isDetector && !isPretraining && recurrent.isEmpty
    case "encoder-rate": return encoder != nil
    case "levels", "width", "skips": return isSegmentation
    // The scenes have masks of their own.
    case "masks": return isSegmentation && data != DataSource.scenes.name
    case "regions", "proposals", "box-weight": return isDetector
    case "label": return isTable && loss == nil
    case "class-weights": return !isText && !isSorting && loss == nil
    case "target", "loss": return loss != nil
    case "separator": return targetKind == .labels
    case "window", "horizon": return window != nil
    case _ where Self.tableSettings.contains(setting): return isTable
    // A detector takes the scenes as they are.
    case "size": return isImages && !(isDetector && data == DataSource.scenes.name)
    case "fit", "channels": return isImages
    case "shape": return !isText && !isSorting && loss == nil
    case "augment": return isImages || shape.count == 3
    case "maps": return !maps.isEmpty || isImages || shape.count == 3
    case "kernel-size": return !maps.isEmpty && depth == 0
    case "depth": return depth > 0
    case "recurrent": return !recurrent.isEmpty || shape.count == 2 || window != nil
    case "cell": return !recurrent.isEmpty
    case "embedding": return isText || isSorting
    case "sequence-length": return isText
    case "blocks", "heads": return blocks > 0
    case "steps-per-epoch": return isText && blocks > 0
    case "scaling": return !isText && !isSorting
    case "hidden": return !isText && !isSorting && depth == 0
    case "split": return !isText
    case "activation": return depth == 0 && !(hidden.isEmpty && maps.isEmpty)
    case "batch-norm":
      return depth == 0 && recurrent.isEmpty && !(hidden.isEmpty && maps.isEmpty)
    case "dropout": return recurrent.isEmpty && !hidden.isEmpty || blocks > 0
    case "momentum": return optimizer == .momentum
    case "beta2": return optimizer == .adam || optimizer == .adamw
    case "weight-decay": return optimizer == .adamw
    case "warm-up": return scheduleName != .oneCycle
    case "final-learning-rate": return scheduleName == .cosine
    case "decay": return scheduleName == .step
    case "decay-every": return scheduleName == .step && decay != 1
    default: return true
    }
  }
}

extension Recipe {
  /// The learning rate of a training without a range test.
  fileprivate static let learningRateAlone = Setting(
    "learning-rate", \.learningRate, .positive(), "learning rate")
}

extension Setting {
  /// The setting with its value in a recipe at the end of its help.
  func showing(_ recipe: Recipe) -> Setting {
    var setting = self
    if name == Recipe.Extra.findingRate.rawValue, recipe.refusal(of: .findingRate) != nil {
      setting = Recipe.learningRateAlone
    }
    let value = text(recipe)
    return value.isEmpty ? setting : setting.withHelp("\(setting.help) [\(value)]")
  }
}
