import CourseCommandLine
import ExplorationNetworks
import Networks

/// The settings of one experiment: data, network, training. Enough to repeat it.
///
/// As JSON its keys are the names of the command-line options, and a file may give only some of them:
///
///     { "recipe": "digits-mlp", "hidden": [128], "learning-rate": 0.05 }
///
/// A setting is a property here, with its usual value, and an entry of `settings`.
struct Recipe: Equatable, Sendable {
  /// The name of the recipe that the settings come from.
  var recipe: String
  /// The name of a data set, or the path of a file or folder.
  var data = ""
  /// The label column of a CSV file: a name, or an index from 0.
  var label: String?
  /// The weights of the classes in the loss.
  var classWeights = ClassWeightsSetting.none
  /// The columns of a CSV file with numbers or labels to predict.
  var target: [String]?
  /// The loss of predicted numbers or labels; `nil` for classes.
  var loss: TargetLoss?
  /// The text between the labels of a cell; `nil` to find it.
  var separator: String?
  /// The past rows of a CSV file that predict the next ones; `nil` where each row is an example.
  var window: Int?
  /// The number of next rows to predict.
  var horizon = 1
  /// The decisions about the columns of a CSV file.
  var missing = Preparation.Missing.indicator
  /// Further marks of missing values.
  var missingMarks: [String]?
  /// The only columns to use, columns to leave out, and columns to take as words.
  var columns: [String]?
  var ignore: [String]?
  var words: [String]?
  var wordLimit = 50
  var dates = DateFeatures.number
  var decimal: DecimalMark?
  var scaling = Scaling.standardize
  /// The input shape of an example, such as [1, 8, 8]; empty: the shape in the data.
  var shape: [Int] = []
  /// The height and width of images; `nil`: of the images, or a size that suits them.
  var imageSize: ImageSize?
  /// The treatment of images of another size; `nil`: `pad`.
  var fitting: ImageFitting?
  /// The channels of images; `nil`: those of the images.
  var channels: Int?
  /// The output channels of the convolutions, with pooling after each block; empty: no convolutions.
  var maps = Blocks()
  var kernelSize = 3
  /// The layers of a residual network, whose stages have the channels in `maps`; 0: no residual network.
  var depth = 0
  var cell = RecurrentCell.lstm
  /// The size of each recurrent layer; empty: none.
  var recurrent: [Int] = []
  /// The size of character embeddings; 0: the data are not a text.
  var embedding = 0
  /// The blocks of a transformer, for a text; 0: recurrent layers.
  var blocks = 0
  /// The attention heads of each block.
  var heads = 4
  /// The folder of masks, where it does not lie beside that of the images.
  var masks: String?
  /// How often a U-Net halves the image; 0: the network is none.
  var levels = 0
  /// The channels of the first level of a U-Net.
  var width = 16
  /// Whether each level of a U-Net passes its details around those below.
  var skips = true
  /// The regions that a detector sees of each image in training; 0 for other networks.
  var regions = 0
  /// How a detector finds out where to look.
  var proposals = DetectionData.ProposalMethod.both
  /// The weight of the loss of the boxes of a detector.
  var boxWeight: Float = 1
  /// The task from which an encoder of images learns without labels; `nil` for networks that are trained with them.
  var pretext: PretextTask?
  /// The temperature of NT-Xent.
  var temperature: Float = 0.5
  /// The file of the network whose encoder a classifier of images starts from; `nil` for random weights.
  var encoder: String?
  /// The learning rate of the encoder, as a share of that of the other layers; 0: its weights stay.
  var encoderRate: Float = 0.1
  /// The network of texts with classes; `nil` for other data.
  var textNetwork: TextNetwork?
  /// The column of a CSV file with the texts; `nil` where it is the only one beside the label.
  var text: String?
  /// The hashed pairs, and pieces, of words.
  var buckets = 65_536
  /// The training sequence length, in characters; of texts with classes, the most words that are read.
  var sequenceLength = 50
  /// The steps of an epoch, on windows of the text at random places; 0: the whole text, window by window.
  var stepsPerEpoch = 0
  var hidden: [Int] = []
  /// The activation of the hidden layers and convolutions.
  var activation = HiddenActivation.relu
  /// Whether batch norm follows every convolution, or every hidden layer where there is none.
  var batchNorm = false
  /// The dropout rate after each hidden layer.
  var dropout: Float = 0
  var optimizer = OptimizerName.sgd
  var learningRate: Float = 0.1
  /// Whether a range test is to find the learning rate first, in place of `learningRate`.
  var findsLearningRate = false
  /// The coefficient of the optimizer momentum; `nil`: its default.
  var momentum: Float?
  /// The share of the second moment that adam and adamw keep; `nil`: their default.
  var beta2: Float?
  /// The weight decay of the optimizer adamw; `nil`: its default.
  var weightDecay: Float?
  var augment = AugmentSetting.none
  var penalty = PenaltySetting.none
  var clip = ClipSetting.none
  var scheduleName = ScheduleName.step
  /// The first steps, in which the learning rate rises to that of the schedule.
  var warmUp = 0
  /// The last learning rate of the schedule `cosine`.
  var finalLearningRate: Float = 0
  /// The schedule `step` multiplies the learning rate by this ...
  var decay: Float = 1
  /// ... after each so many epochs.
  var decayEvery = 1
  var epochs = 1
  /// The epochs without a better validation loss after which training stops; `nil`: it does not stop early.
  var patience: Int?
  /// The weights to keep; `nil`: the best with a patience, else the last.
  var keep: KeptWeights?
  var batchSize = 32
  /// The fractions of the examples for validation and test; training gets the rest.
  var validation = 0.15
  var test = 0.15
  var splitName = SplitName.random
  /// The seed of the split, the weights and the shuffling.
  var seed: UInt64 = 1

  /// The fold of a cross-validation that the network is trained for; `nil` for parts by `validation` and `test`.
  var fold: Fold?
  /// The names of the settings that follow the data (`adapted(to:)`), unless they are given.
  var automatic: Set<String> = []

  /// The form in which images are loaded.
  var imageForm: ImageForm {
    // Borders would tell the quarter turns of an image apart.
    .suiting(
      size: imageSize, channels: channels, fitting: fitting ?? (pretext == .rotation ? .crop : nil))
  }

  /// The kind of the columns to predict.
  var targetKind: TargetKind {
    loss == nil ? .classes : loss == .crossEntropy ? .labels : .numbers
  }

  var learningRateChoice: LearningRateChoice {
    get { findsLearningRate ? .find : .rate(learningRate) }
    set {
      findsLearningRate = false
      switch newValue {
      case .rate(let rate): learningRate = rate
      case .find: findsLearningRate = true
      }
    }
  }

  /// Whether the network is a character model, trained on a text.
  var isText: Bool { embedding > 0 && !isSorting && !isOfTexts }

  /// Whether the network is a transformer that sorts digits.
  var isSorting: Bool { data == DataSource.sortingName && blocks > 0 }

  /// The number of pieces of a text that are read side by side: a transformer reads each window by itself.
  var textRows: Int { blocks > 0 ? 1 : batchSize }

  /// Whether the network names a class for each pixel, and is trained on images with masks.
  var isSegmentation: Bool { levels > 0 }

  /// Stops the training, or gives the network its best weights; `nil`: neither.
  var stopping: EarlyStopping? {
    guard patience != nil || keep == .best else { return nil }
    return EarlyStopping(patience: patience ?? .max, restoresBest: keep != .last)
  }

  /// The learning rate of each step, in a training of `stepsPerEpoch` steps an epoch.
  func schedule(stepsPerEpoch: Int) -> any LearningRateSchedule {
    let schedule: any LearningRateSchedule =
      switch scheduleName {
      case .step:
        // A function of the epoch alone, not of the number of epochs: more epochs continue a run instead
        // of changing it.
        StepDecay(every: decayEvery, factor: decay)
      case .cosine:
        CosineDecay(
          over: max(1, epochs * stepsPerEpoch), minimum: finalLearningRate, unit: .step)
      case .oneCycle: OneCycle(over: max(2, epochs * stepsPerEpoch))
      }
    return warmUp == 0
      ? schedule : WarmUp(over: warmUp, from: 1 / Float(warmUp), then: schedule)
  }
}

/// One fold of a cross-validation: the part to test on.
struct Fold: Equatable, Sendable {
  /// From 0.
  var index: Int
  var count: Int
}

/// A learning rate as written on the command line: a number, or `find`.
enum LearningRateChoice: Encodable, Sendable {
  case rate(Float)
  /// The one that a range test suggests.
  case find

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .rate(let rate): try container.encode(rate)
    case .find: try container.encode("find")
    }
  }
}

extension ValueKind where Value == LearningRateChoice {
  /// A number above 0, or `find`.
  static var learningRate: ValueKind {
    let number = ValueKind<Float>.positive()
    return ValueKind(
      "X|find", text: { if case .rate(let rate) = $0 { number.text(rate) } else { "find" } }
    ) { text throws(ValueProblem) in
      if text == "find" { return .find }
      do throws(ValueProblem) {
        return .rate(try number.read(text))
      } catch {
        throw ValueProblem(
          expected: error.expected + ", or find",
          suggestions: suggestions(for: text, among: ["find"]))
      }
    }
  }
}

/// The output channels of convolutions in blocks: `32+32,64` are two convolutions of 32 channels, a
/// pooling, one of 64, and another pooling.
struct Blocks: TextValue {
  static let expected =
    "sizes from 1 to 65536, with + within a block and a comma between blocks, such as 32+32,64+64, "
    + "or none"

  var widths: [[Int]] = []
  var isEmpty: Bool { widths.isEmpty }

  init(_ widths: [[Int]] = []) { self.widths = widths }

  init?(_ text: String) {
    if text == "none" { return }
    for block in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sizes = block.split(separator: "+", omittingEmptySubsequences: false).map { Int($0) }
      guard sizes.allSatisfy({ $0.map((1...65_536).contains) ?? false }) else { return nil }
      widths.append(sizes.compactMap { $0 })
    }
  }

  var text: String {
    isEmpty
      ? "none"
      : widths.map { $0.map(String.init).joined(separator: "+") }.joined(separator: ",")
  }
}

/// The weights that a network keeps after its training: those of the epoch with the lowest validation loss, or those
/// of the last.
enum KeptWeights: String, CaseIterable, Encodable, Sendable {
  case best, last
}

/// The ways to divide the examples into parts.
enum SplitName: String, CaseIterable, Encodable, Sendable {
  /// At random, with each class in the same proportions.
  case random
  /// In their order: training on the first examples, testing on the last.
  case ordered
}

/// The learning-rate schedules that the command line knows.
enum ScheduleName: String, CaseIterable, Encodable, Sendable {
  case step, cosine
  case oneCycle = "one-cycle"
}

/// The optimizers that the command line knows.
enum OptimizerName: String, CaseIterable, Encodable, Sendable {
  case sgd, momentum, adam, adamw, rmsprop, adagrad

  /// The optimizer with the settings of a recipe, and its defaults for the others.
  func make(for recipe: Recipe) -> any Optimizer {
    let learningRate = recipe.learningRate
    return switch self {
    case .sgd: SGD(learningRate: learningRate)
    case .momentum: Momentum(learningRate: learningRate, momentum: recipe.momentum ?? 0.9)
    case .adam: Adam(learningRate: learningRate, beta2: recipe.beta2 ?? 0.999)
    case .adamw:
      // Only weights shrink in a transformer, as usual there.
      AdamW(
        learningRate: learningRate, beta2: recipe.beta2 ?? 0.999,
        weightDecay: recipe.weightDecay ?? 0.01,
        exemptsBiases: recipe.blocks > 0 || recipe.isOfTexts)
    case .rmsprop: RMSProp(learningRate: learningRate)
    case .adagrad: AdaGrad(learningRate: learningRate)
    }
  }
}
