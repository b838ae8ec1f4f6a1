import CourseCommandLine
import CourseTraining
import Networks

// Things to ask of a training beside its settings, which not each of them has.

extension Recipe {
  /// Options of `train` that not every training has, and a value of a setting of which the same holds.
  enum Extra: String, CaseIterable {
    case folds, animate
    case skipBroken = "skip-broken"
    case findingRate = "learning-rate"
  }

  /// Why a training with these settings does not have an extra; `nil` where it has. The help leaves it out then.
  /// - Parameter value: the value that was given, such as the number of folds
  func refusal(of extra: Extra, _ value: String = "") -> UsageError? {
    switch extra {
    case .folds: refusalOfFolds(value)
    case .animate: refusalOfAnimation(value)
    case .skipBroken: isSegmentation || isDetector ? Self.skippingAnnotated : nil
    case .findingRate:
      isDetector || isPretraining
        ? UsageError(
          "'--learning-rate find' does not apply \(isDetector ? "to detectors" : "with --pretext"): give a "
            + "number, or omit it") : nil
    }
  }

  /// Throws for folds and a range test, which are asked of the recipe itself, where it has none.
  func checkExtras() throws(UsageError) {
    if let fold, let refusal = refusal(of: .folds, "\(fold.count)") { throw refusal }
    if findsLearningRate, let refusal = refusal(of: .findingRate) { throw refusal }
  }

  /// The error for images that are part of something, and are to be skipped.
  static let skippingAnnotated = UsageError(
    "'--skip-broken' does not apply to images with masks or boxes: correct the image, or remove it with its "
      + "mask or boxes")

  private func refusalOfFolds(_ count: String) -> UsageError? {
    let reason: String
    if isText {
      reason = "divides examples, and a text is divided by position"
    } else if isDetector {
      reason = "does not apply to detectors"
    } else if isPretraining {
      reason = "does not apply with --pretext"
    } else if window != nil {
      reason = "divides examples at random, and a series is divided by time"
    } else if DataSource.definesTest(data) {
      reason = "makes test parts of the examples, and \(data) has test data of its own"
    } else if splitName != .random {
      return UsageError(
        "'--folds \(count)' divides the examples at random, and '--split \(splitName.rawValue)' by their "
          + "order: use --split random, or --repeats \(count)")
    } else {
      return nil
    }
    return UsageError("'--folds \(count)' \(reason): use --repeats \(count)")
  }

  private func refusalOfAnimation(_ file: String) -> UsageError? {
    let isOther =
      loss != nil || isText || isSorting || isOfTexts || isSegmentation || isDetector
      || isPretraining
    let mayHaveTwoFeatures =
      data.isEmpty
      ? !needsImages : DataSource.isTable(data) || DataSource.toyNames.contains(data)
    guard isOther || !mayHaveTwoFeatures else { return nil }
    return UsageError(
      "'--animate \(file)': a decision boundary is drawn over two features of classes, and "
        + "\(data.isEmpty ? "the data of '\(recipe)'" : data) \(data.isEmpty ? "have" : "has") others: omit it"
    )
  }
}
