/// A recipe with what there is to say about it.
struct NamedRecipe: Sendable {
  /// What it shows, in one sentence.
  let abstract: String
  let settings: Recipe
  var name: String { settings.recipe }
}

/// The recipes there are.
enum Recipes {
  static let all = [
    NamedRecipe(
      abstract: "Handwritten digits of 8 x 8 pixels: one hidden layer, about 98 % right.",
      settings: Recipe(
        recipe: "digits-mlp", data: "digits", scaling: .standardizeAll, hidden: [256],
        learningRate: 0.15, decay: 0.95, epochs: 30, batchSize: 10)),
    NamedRecipe(
      abstract: "The same digits as images: three convolutions, about 99 % right.",
      settings: Recipe(
        recipe: "digits-cnn", data: "digits", scaling: .divide(16), shape: [1, 8, 8],
        maps: Blocks([[64, 64], [128]]), kernelSize: 3, hidden: [128], optimizer: .adam,
        learningRate: 0.007, scheduleName: .oneCycle, epochs: 30, batchSize: 64,
        validation: 0.05)),
    NamedRecipe(
      abstract: "The same digits read row by row by an LSTM.",
      settings: Recipe(
        recipe: "digits-rows-lstm", data: "digits", scaling: .divide(16), shape: [8, 8],
        recurrent: [64], optimizer: .adam, learningRate: 0.01, clip: .limit(.norm(1)),
        scheduleName: .oneCycle, epochs: 30, batchSize: 32)),
    NamedRecipe(
      abstract: "Zeros and ones, one a step: an LSTM counts the ones.",
      settings: Recipe(
        recipe: "sequence-sum", data: "sequence-sum", scaling: .none, shape: [15, 1],
        recurrent: [16], optimizer: .adam, learningRate: 0.02, clip: .limit(.norm(1)),
        scheduleName: .oneCycle, epochs: 30, batchSize: 32)),
    NamedRecipe(
      abstract: "A language model of characters: any text with --data; then 'course sample'.",
      settings: Recipe(
        recipe: "char-lstm", data: "almanac", scaling: .none, recurrent: [128], embedding: 32,
        sequenceLength: 50, optimizer: .adam, learningRate: 0.005, clip: .limit(.norm(1)),
        scheduleName: .cosine, epochs: 20, batchSize: 32, validation: 0.05, test: 0.05)),
    NamedRecipe(
      abstract: "Three kinds of iris from four lengths: a small network on a classic.",
      settings: Recipe(
        recipe: "iris-mlp", data: "iris", scaling: .standardize, hidden: [16],
        learningRate: 0.1, epochs: 60, batchSize: 10)),
    NamedRecipe(
      abstract: "Any CSV file with a column of classes: give --data and --label.",
      settings: Recipe(
        recipe: "csv-mlp", scaling: .standardize, hidden: [32], learningRate: 0.05, epochs: 50,
        batchSize: 16)),
    NamedRecipe(
      abstract: "LeNet on MNIST, handwritten digits of 28 x 28 pixels.",
      settings: Recipe(
        recipe: "lenet-mnist", data: "mnist", scaling: .none, maps: Blocks([[20], [50]]),
        kernelSize: 5, hidden: [500], optimizer: .adam, learningRate: 0.002,
        scheduleName: .oneCycle, epochs: 8, batchSize: 50, validation: 0.1)),
    NamedRecipe(
      abstract: "One convolution and two dense layers on the small photographs of CIFAR-10.",
      settings: Recipe(
        recipe: "cifar10-3layer", data: "cifar10", scaling: .standardizeChannels,
        maps: Blocks([[32]]), kernelSize: 7, hidden: [500], optimizer: .adam,
        learningRate: 0.001, scheduleName: .oneCycle, epochs: 6, batchSize: 50, validation: 0.1)),
    NamedRecipe(
      abstract:
        "A deep network in the manner of VGG on CIFAR-10, batch norm, dropout: minutes an epoch.",
      settings: Recipe(
        recipe: "cifar10-vgg", data: "cifar10", scaling: .standardizeChannels,
        maps: Blocks([[64, 64], [128, 128], [256, 256]]), kernelSize: 3, hidden: [512],
        batchNorm: true, dropout: 0.5,
        optimizer: .adam, learningRate: 0.001, scheduleName: .oneCycle, epochs: 10, batchSize: 64,
        validation: 0.1)),
  ]

  static var names: [String] { all.map(\.name) }

  /// The recipe of a name; `nil` when there is none.
  static func named(_ name: String) -> NamedRecipe? { all.first { $0.name == name } }
}
