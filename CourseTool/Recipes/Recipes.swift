/// A recipe with its description.
struct NamedRecipe: Sendable {
  /// One sentence for the list of recipes.
  let abstract: String
  let settings: Recipe
  var name: String { settings.recipe }
}

/// The built-in recipes.
enum Recipes {
  static let all =
    [
      NamedRecipe(
        abstract: "8 x 8 handwritten digits, one hidden layer, about 98 % accuracy.",
        settings: Recipe(
          recipe: "digits-mlp", data: "digits", scaling: .standardizeAll, hidden: [256],
          learningRate: 0.15, decay: 0.95, epochs: 30, batchSize: 10)),
      NamedRecipe(
        abstract: "The same digits, three convolutions, about 99 % accuracy.",
        settings: Recipe(
          recipe: "digits-cnn", data: "digits", scaling: .divide(16), shape: [1, 8, 8],
          maps: Blocks([[64, 64], [128]]), kernelSize: 3, hidden: [128], optimizer: .adam,
          learningRate: 0.007, scheduleName: .oneCycle, epochs: 30, batchSize: 64,
          validation: 0.05)),
      NamedRecipe(
        abstract: "The same digits, read row by row by an LSTM.",
        settings: Recipe(
          recipe: "digits-rows-lstm", data: "digits", scaling: .divide(16), shape: [8, 8],
          recurrent: [64], optimizer: .adam, learningRate: 0.01, clip: .limit(.norm(1)),
          scheduleName: .oneCycle, epochs: 30, batchSize: 32)),
      NamedRecipe(
        abstract: "Sequences of zeros and ones: an LSTM counts the ones.",
        settings: Recipe(
          recipe: "sequence-sum", data: "sequence-sum", scaling: .none, shape: [15, 1],
          recurrent: [16], optimizer: .adam, learningRate: 0.02, clip: .limit(.norm(1)),
          scheduleName: .oneCycle, epochs: 30, batchSize: 32)),
      NamedRecipe(
        abstract: "A character language model of any text (--data), for 'course sample'.",
        settings: Recipe(
          recipe: "char-lstm", data: "shakespeare", scaling: .none, recurrent: [128], embedding: 32,
          sequenceLength: 50, optimizer: .adam, learningRate: 0.005, clip: .limit(.norm(1)),
          scheduleName: .cosine, epochs: 6, batchSize: 32, validation: 0.05, test: 0.05)),
      NamedRecipe(
        abstract: "The same by attention: a transformer of four blocks.",
        settings: Recipe(
          recipe: "char-transformer", data: "shakespeare", scaling: .none, embedding: 128,
          blocks: 4,
          sequenceLength: 64, stepsPerEpoch: 250, optimizer: .adamw, learningRate: 0.001,
          beta2: 0.99, weightDecay: 0.1, clip: .limit(.norm(1)), scheduleName: .cosine,
          warmUp: 100, finalLearningRate: 0.0001, epochs: 8, batchSize: 12, validation: 0.05,
          test: 0.05)),
      NamedRecipe(
        abstract: "Sort six digits, one after the other: a transformer of three blocks.",
        settings: Recipe(
          recipe: "sort-transformer", data: "sorting", scaling: .none, embedding: 48, blocks: 3,
          heads: 3, optimizer: .adamw, learningRate: 0.003, beta2: 0.95, weightDecay: 0.1,
          clip: .limit(.norm(1)), scheduleName: .cosine, warmUp: 100, epochs: 6, batchSize: 64,
          validation: 0.02, test: 0.1)),
      NamedRecipe(
        abstract: "The category of a definition: texts with classes (--network bag, cnn, ...).",
        settings: Recipe(
          recipe: "definitions", data: DataSource.definitions, scaling: .none, textNetwork: .bag,
          sequenceLength: 32, optimizer: .adamw, clip: .limit(.norm(1)), scheduleName: .cosine,
          validation: 0.08, test: 0.2, splitName: .ordered, automatic: Recipe.textSettings)),
      NamedRecipe(
        abstract: "The class of each pixel in scenes of figures, or in your own images: a U-Net.",
        settings: Recipe(
          recipe: "figures-unet", data: DataSource.scenes.name, scaling: .standardizeAll,
          levels: 3, optimizer: .adam, learningRate: 0.005, scheduleName: .oneCycle, epochs: 16,
          batchSize: 16)),
      NamedRecipe(
        abstract: "Find figures in drawn scenes: Fast R-CNN, with boxes, classes and scores.",
        settings: Recipe(
          recipe: "figures-fast-rcnn", data: DataSource.scenes.name, scaling: .none,
          maps: Blocks([[24], [48], [64]]), regions: 64, hidden: [128], optimizer: .adamw,
          learningRate: 0.002, scheduleName: .oneCycle, epochs: 15, batchSize: 8, validation: 0.05,
          test: 0.15)),
      NamedRecipe(
        abstract: "An encoder of drawn figures, or of your own images, learned without labels.",
        settings: Recipe(
          recipe: "figures-vicreg", data: DataSource.figures.name, scaling: .standardizeAll,
          maps: Blocks([[32], [64], [128]]), pretext: .vicReg, hidden: [256, 64],
          optimizer: .adamw, learningRate: 0.004,
          augment: AugmentSetting([
            .mirror, .rotate90, .rotate(degrees: 45), .zoom(0.2), .crop(padding: 4),
            .brightness(0.5), .contrast(0.5), .saturation(1), .hue(0.5),
          ]), scheduleName: .cosine, epochs: 20, batchSize: 64, validation: 0.05, test: 0.2)),
      NamedRecipe(
        abstract: "Iris species from four measurements: a small network on a classic data set.",
        settings: Recipe(
          recipe: "iris-mlp", data: "iris", scaling: .standardize, hidden: [16],
          learningRate: 0.1, epochs: 60, batchSize: 10)),
    ] + toys + [
      NamedRecipe(
        abstract: "Classify the rows of any CSV file: give --data and --label.",
        settings: Recipe(
          recipe: "csv-mlp", scaling: .standardize, hidden: [100], optimizer: .adam,
          learningRate: 0.001, penalty: .l2(0.003), batchSize: 32, automatic: ["epochs"])),
      NamedRecipe(
        abstract: "Classify the texts in any CSV file: give --data, --text and --label.",
        settings: Recipe(
          recipe: "csv-text", scaling: .none, textNetwork: .bag, sequenceLength: 100,
          optimizer: .adamw, clip: .limit(.norm(1)), scheduleName: .cosine,
          automatic: Recipe.textSettings)),
      NamedRecipe(
        abstract: "Classify images of any size, in a folder for each class: give --data.",
        settings: Recipe(
          recipe: "images", scaling: .standardizeAll, maps: Blocks([[16], [32], [64]]),
          kernelSize: 3, batchNorm: true,
          optimizer: .adam, learningRate: 0.003, scheduleName: .oneCycle,
          automatic: Recipe.imageSettings)),
      NamedRecipe(
        abstract: "Predict numbers in the rows of any CSV file: give --data and --target.",
        settings: Recipe(
          recipe: "csv-regression", loss: .squared, scaling: .standardize, hidden: [100],
          optimizer: .adam, learningRate: 0.001, penalty: .l2(0.01), batchSize: 32,
          automatic: ["epochs"])),
      NamedRecipe(
        abstract: "Give the rows of any CSV file several labels each: give --data and --target.",
        settings: Recipe(
          recipe: "csv-multilabel", loss: .crossEntropy, scaling: .standardize, hidden: [64],
          optimizer: .adam, learningRate: 0.002, penalty: .l2(0.001), epochs: 60, batchSize: 16)),
      NamedRecipe(
        abstract: "Predict the next rows of a series in a CSV file: give --data and --target.",
        settings: Recipe(
          recipe: "csv-sequence", loss: .squared, window: 14, dates: .calendar,
          scaling: .standardize, cell: .gru, recurrent: [32], optimizer: .adam,
          learningRate: 0.003, penalty: .l2(0.003), clip: .limit(.norm(1)), scheduleName: .cosine,
          epochs: 20,
          batchSize: 32, splitName: .ordered)),
      NamedRecipe(
        abstract: "LeNet on MNIST, 28 x 28 handwritten digits.",
        settings: Recipe(
          recipe: "lenet-mnist", data: "mnist", scaling: .none, maps: Blocks([[20], [50]]),
          kernelSize: 5, hidden: [500], optimizer: .adam, learningRate: 0.002,
          scheduleName: .oneCycle, epochs: 8, batchSize: 50, validation: 0.1)),
      NamedRecipe(
        abstract: "An encoder of MNIST's digits, learned without labels.",
        settings: Recipe(
          recipe: "mnist-vicreg", data: "mnist", scaling: .standardizeAll,
          maps: Blocks([[32], [64], [128]]), pretext: .vicReg, hidden: [256, 256],
          optimizer: .adamw, learningRate: 0.004,
          augment: AugmentSetting([
            .rotate(degrees: 15), .zoom(0.2), .crop(padding: 3), .shear(degrees: 20),
            .elastic(0.75), .thickness(1),
          ]), scheduleName: .cosine, epochs: 5, batchSize: 64, validation: 0.05)),
      NamedRecipe(
        abstract: "A convolution and two dense layers on CIFAR-10, 32 x 32 colour photographs.",
        settings: Recipe(
          recipe: "cifar10-3layer", data: "cifar10", scaling: .standardizeChannels,
          maps: Blocks([[32]]), kernelSize: 7, hidden: [500], optimizer: .adam,
          learningRate: 0.001, scheduleName: .oneCycle, epochs: 6, batchSize: 50, validation: 0.1)),
      NamedRecipe(
        abstract:
          "A VGG-style network with batch norm and dropout on CIFAR-10: minutes per epoch.",
        settings: Recipe(
          recipe: "cifar10-vgg", data: "cifar10", scaling: .standardizeChannels,
          maps: Blocks([[64, 64], [128, 128], [256, 256]]), kernelSize: 3, hidden: [512],
          batchNorm: true, dropout: 0.5,
          optimizer: .adam, learningRate: 0.001, scheduleName: .oneCycle, epochs: 10, batchSize: 64,
          validation: 0.1)),
      NamedRecipe(
        abstract: "A residual network on CIFAR-10 (--depth 8, 14, 20, ...).",
        settings: Recipe(
          recipe: "cifar10-resnet", data: "cifar10", scaling: .standardizeChannels,
          maps: Blocks([[16], [32], [64]]), depth: 8, optimizer: .momentum, learningRate: 0.1,
          augment: AugmentSetting([.mirror, .crop(padding: 4)]), penalty: .l2(5e-4),
          scheduleName: .oneCycle, epochs: 10, batchSize: 128, validation: 0.1)),
    ]

  /// Small networks on points in the plane, for `--animate` and `course plot boundary`.
  private static let toys = [
    toy("blobs", "Two blobs: a straight line separates them.", hidden: [], epochs: 30),
    toy("moons", "Two half moons: hidden units bend the line."),
    toy("circles", "A circle inside another one."),
    toy("xor", "Four corners, opposite ones of one class."),
    toy("checkerboard", "A checkerboard of 4 x 4 cells.", hidden: [64, 64], epochs: 150),
    // Slowly, so that the boundary can be seen to move.
    toy("spirals", "Two arms of a spiral.", hidden: [32, 32], learningRate: 0.004, epochs: 40),
  ]

  private static func toy(
    _ name: String, _ abstract: String, hidden: [Int] = [16], learningRate: Float = 0.02,
    epochs: Int = 60
  ) -> NamedRecipe {
    NamedRecipe(
      abstract: abstract,
      settings: Recipe(
        recipe: name, data: name, scaling: .standardize, hidden: hidden, optimizer: .adam,
        learningRate: learningRate, epochs: epochs, batchSize: 20))
  }

  static var names: [String] { all.map(\.name) }

  /// The recipe with a name, if there is one.
  static func named(_ name: String) -> NamedRecipe? { all.first { $0.name == name } }
}
