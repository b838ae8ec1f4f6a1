import CourseCommandLine
import Foundation
import Networks

// The settings of recipes that follow the data: folders of 50 to 50 000 images need different ones, and small tables more
// epochs than large ones.

extension Recipe {
  /// The settings of `images` that follow the data unless they are given.
  static let imageSettings: Set = ["maps", "augment", "epochs", "batch-size"]

  /// The recipe with the settings that follow the training data, and a remark on these; the recipe itself, where no
  /// setting is open.
  func adapted(to training: Dataset) -> (recipe: Recipe, remark: String?) {
    guard !automatic.isEmpty else { return (self, nil) }
    let recipe =
      isOfTexts
      ? adapted(toTexts: training)
      : needsImages || !maps.isEmpty ? adapted(toImages: training) : adapted(toRows: training)
    let chosen = Recipe.settings.filter { automatic.contains($0.name) && uses($0.name) }
      .map { "--\($0.name) \($0.text(recipe))" }
    return (
      recipe,
      "Settings for "
        + (needsImages
          ? "\(counted(training.count, "training image")) of shape \(training.inputShape): "
          : "\(counted(training.count, "training example")): ") + chosen.joined(separator: " ")
    )
  }

  /// The recipe for a table: 20 to 200 epochs, as many as take about 2000 steps.
  private func adapted(toRows training: Dataset) -> Recipe {
    var recipe = self
    recipe.automatic = []
    recipe.epochs = epochs(for: training.count, steps: 2000, limits: 20...200)
    return recipe
  }

  /// As many epochs as take a number of steps, within limits.
  func epochs(for count: Int, steps: Int, limits: ClosedRange<Int>) -> Int {
    let stepsPerEpoch = max(1, (count + batchSize - 1) / batchSize)
    return min(max(steps / stepsPerEpoch, limits.lowerBound), limits.upperBound)
  }

  /// The recipe for training images.
  ///
  /// - Depth: each block halves the images, down to 4 to 7 pixels. Channels double from block to block.
  /// - Width and batch grow with the number of images.
  /// - Epochs: 15 to 60, as many as take about 3000 steps.
  ///
  /// Benchmarks/RESULTS.md has the measurements.
  private func adapted(toImages training: Dataset) -> Recipe {
    let (count, shape) = (training.count, training.inputShape)
    // Without convolutions an image is a row of numbers, which cannot be augmented.
    let side = shape.count == 3 ? shape.dropFirst().min() ?? 1 : 1
    var recipe = self
    recipe.automatic = []
    func fill<Value>(_ name: String, _ path: WritableKeyPath<Recipe, Value>, _ value: Value) {
      if automatic.contains(name) { recipe[keyPath: path] = value }
    }
    var depth = 1
    while depth < 5, side >> depth >= 8 { depth += 1 }
    let base = count < 1000 ? 16 : 32
    fill(
      "maps", \.maps,
      Blocks(
        (0..<depth).map { block in
          [Int](repeating: min(base << block, 256), count: count < 10_000 ? 1 : 2)
        }))
    fill("batch-size", \.batchSize, count < 100 ? 8 : count < 1000 ? 16 : count < 10_000 ? 32 : 64)
    fill(
      "augment", \.augment,
      AugmentSetting(
        shape.count == 3 ? [.mirror] + (side >= 8 ? [.crop(padding: side / 8)] : []) : []))
    fill("epochs", \.epochs, recipe.epochs(for: count, steps: 3000, limits: 15...60))
    return recipe
  }

  /// Whether settings are open that only images decide.
  var needsImages: Bool { !isOfTexts && !automatic.subtracting(["epochs"]).isEmpty }

  /// Throws when settings that follow images are open, and the data are none.
  func checkAutomatic() throws(UsageError) {
    guard needsImages, !data.isEmpty, !DataSource.hasImages(data) else { return }
    guard DataSource.names.contains(data) || FileManager.default.fileExists(atPath: data) else {
      throw UsageError("there is no folder \(data)")
    }
    throw UsageError(
      "recipe '\(recipe)' trains on images, and \(data) is not a folder of images: give --data FOLDER, with a "
        + "subfolder of images for each class")
  }
}
