import Shared

/// A batch of images with their labels, as a generator makes them.
public struct Batch: Sendable, Equatable {
  /// The images, `[N, C, H, W]`: numbers from 0 to 1, unless `normalize` made others of them.
  public var images: Tensor
  /// The class of each image.
  public var labels: [Int]
  /// The target of each image: its label, with `mixup` a row of shares, or the class of each pixel.
  public var targets: Target
  /// The class of each pixel, `[N, H, W]`; `nil` when the source has no masks.
  public var masks: Tensor?
  /// The objects in each image.
  public var boxes: [[ImageBox]]
  /// The number that each image has in its source.
  public var indices: [Int]
  /// The epoch of the last image, counted from 0.
  public var epoch: Int
  /// Whether with this batch every image of the epoch has been handed out.
  public var endsEpoch: Bool

  /// The number of images.
  public var count: Int { labels.count }
}
