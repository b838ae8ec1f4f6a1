/// The treatment of the images at the end of an epoch that do not fill a batch.
public enum LastBatch: String, Sendable, CaseIterable, Codable {
  /// The batch is filled with images from the start of the epoch's order; the next batch begins the next
  /// epoch at its first image. An epoch is always the same number of batches, and every image is in it,
  /// those at the start once more at the end. This is the course's rule, as most people read it.
  case wrap
  /// The batch is filled with the first images of the *next* epoch, which continues after them: a stream
  /// without repetition, in which epochs begin in the middle of batches. This is the other reading of the
  /// course's rule.
  case wrapAndContinue
  /// The batch is smaller than the others.
  case short
  /// The images are left out of this epoch.
  case drop
}
