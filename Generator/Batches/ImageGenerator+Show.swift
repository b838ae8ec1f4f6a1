import Foundation
import Shared

extension ImageGenerator {
  /// Writes the next batch as a PNG file, each image with the name of its class, and returns it.
  ///
  ///     try generator.show(in: URL(filePath: "batch.png"))
  ///
  /// - Parameter count: how many images of the batch are drawn; all unless given
  @discardableResult
  public func show(
    in file: URL = URL(filePath: "batch.png"), count: Int? = nil,
    sheet: ContactSheet = ContactSheet()
  ) throws -> Batch {
    let batch = try next()
    try contactSheet(of: batch, count: count, sheet: sheet).write(to: file)
    return batch
  }

  /// The images of a batch with the names of their classes. Where the source has boxes, they are drawn;
  /// where it has masks, the background is darkened (unless `mixup` has laid another image over it).
  ///
  /// `normalize` is undone, so that images look as they did before; images that `mixup` has mixed stay mixed,
  /// and have both names, the larger share first.
  public func contactSheet(
    of batch: Batch, count: Int? = nil, sheet: ContactSheet = ContactSheet()
  ) -> PixelImage {
    sheet.image(
      of: (0..<Swift.min(count ?? batch.count, batch.count)).map { tile(of: $0, in: batch) })
  }

  /// Batches of the same images, each augmented differently: a row for each image.
  public func contactSheet(of batches: [Batch], sheet: ContactSheet = ContactSheet()) -> PixelImage
  {
    var sheet = sheet
    sheet.columns = sheet.columns ?? batches.count
    return sheet.image(
      of: (0..<(batches.map(\.count).min() ?? 0)).flatMap { number in
        batches.map { tile(of: number, in: $0) }
      })
  }

  private func tile(of number: Int, in batch: Batch) -> (image: PixelImage, text: String) {
    let shape = Array(batch.images.shape.dropFirst())
    let numbers = batch.images.rows(at: [number]).reshaped(to: shape)
    var image = PixelImage(withoutNormalization(numbers)).converted(toChannels: 3)
    if let mask = batch.masks?.rows(at: [number]), case .classes = batch.targets {
      image.darken(where: mask.scalars)
    }
    for box in batch.boxes[number] { image.outline(box) }
    return (image, text(of: number, in: batch))
  }

  /// From 0 to 1 again.
  private func withoutNormalization(_ image: Tensor) -> Tensor {
    augmentation.reversed().compactMap(\.normalization).reduce(image) { image, numbers in
      // X = X' · std + mean = (X' - (-mean / std)) / (1 / std)
      let std = numbers.std.map { 1 / $0 }
      let count = Swift.max(numbers.mean.count, std.count)
      let mean = (0..<count).map { c in
        -numbers.mean[numbers.mean.count == 1 ? 0 : c] / numbers.std[std.count == 1 ? 0 : c]
      }
      return image.normalized(mean: mean, std: std)
    }
  }

  private func text(of number: Int, in batch: Batch) -> String {
    guard case .values(let shares) = batch.targets else {
      return className(of: batch.labels[number])
    }
    let row = shares.rows(at: [number]).scalars
    let order = row.indices.sorted { row[$0] > row[$1] }.filter { row[$0] >= 0.05 }
    return order.map { "\(className(of: $0)) \(Int((row[$0] * 100).rounded()))" }
      .joined(separator: "\n")
  }
}
