import CourseCommandLine
import Foundation
import Networks

// The settings of the recipe `images` that follow the data: folders of 50 to 50 000 images need different ones.

extension Recipe {
  /// The settings of `images` that follow the data unless they are given.
  static let imageSettings: Set = ["maps", "augment", "epochs", "batch-size"]

  /// The recipe for training images, with the settings that follow them, and a remark on these; the recipe itself,
  /// where no setting is open.
  ///
  /// - Depth: each block halves the images, down to 4 to 7 pixels. Channels double from block to block.
  /// - Width and batch grow with the number of images.
  /// - Epochs: 15 to 60, as many as take about 3000 steps.
  ///
  /// Benchmarks/RESULTS.md has the measurements.
  func adapted(to training: Dataset) -> (recipe: Recipe, remark: String?) {
    guard !automatic.isEmpty else { return (self, nil) }
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
    let steps = (count + recipe.batchSize - 1) / recipe.batchSize
    fill("epochs", \.epochs, min(max(3000 / steps, 15), 60))
    let chosen = Recipe.settings.filter { automatic.contains($0.name) }
      .map { "--\($0.name) \($0.text(recipe))" }
    return (
      recipe,
      "Settings for \(counted(count, "training image")) of shape \(shape): "
        + chosen.joined(separator: " ")
    )
  }

  /// Throws when settings that follow images are open, and the data are none.
  func checkAutomatic() throws(UsageError) {
    guard !automatic.isEmpty, !data.isEmpty, !DataSource.hasImages(data) else { return }
    guard DataSource.names.contains(data) || FileManager.default.fileExists(atPath: data) else {
      throw UsageError("there is no folder \(data)")
    }
    throw UsageError(
      "recipe '\(recipe)' trains on images, and \(data) is no folder of images: give --data FOLDER, with a "
        + "subfolder of images for each class")
  }
}
