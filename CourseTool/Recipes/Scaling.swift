import CourseCommandLine
import Networks

/// The scaling of features, fitted on the training part.
enum Scaling: TextValue {
  /// No scaling.
  case none
  /// Mean 0 and standard deviation 1 for each feature.
  case standardize
  /// Mean 0 and standard deviation 1 for all features together: for pixels, some of which never change.
  case standardizeAll
  /// Mean 0 and standard deviation 1 for each channel of images.
  case standardizeChannels
  /// From 0 to 1 for each feature.
  case minmax
  /// Division of all features by one number.
  case divide(Float)

  /// The notations besides a number.
  static let names = [
    Scaling.none, .standardize, .standardizeAll, .standardizeChannels, .minmax,
  ].map(\.text)
  static let expected = names.joined(separator: ", ") + ", or a number above 0 to divide by"

  /// The scaler, fitted on training data; `nil` for no scaling.
  /// - Parameter preparation: how the rows of a table became the examples
  func scaler(
    for training: Dataset, _ preparation: Preparation? = nil
  ) throws -> FeatureScaler? {
    switch self {
    case .none: nil
    case .standardize:
      try preparation?.standardizing(training) ?? .standardizing(training)
    case .standardizeAll: try .standardizingAll(training)
    case .standardizeChannels: try .standardizingChannels(training)
    case .minmax: try .minMax(training)
    case .divide(let divisor): .dividing(by: divisor)
    }
  }

  var text: String {
    switch self {
    case .none: "none"
    case .standardize: "standardize"
    case .standardizeAll: "standardize-all"
    case .standardizeChannels: "standardize-channels"
    case .minmax: "minmax"
    case .divide(let divisor): shortNumber(divisor)
    }
  }

  init?(_ text: String) {
    switch text {
    case "none": self = .none
    case "standardize": self = .standardize
    case "standardize-all": self = .standardizeAll
    case "standardize-channels": self = .standardizeChannels
    case "minmax": self = .minmax
    default:
      guard let divisor = Float(text), divisor.isFinite, divisor > 0 else { return nil }
      self = .divide(divisor)
    }
  }
}
