extension EarlyStopping {
  /// The score that a callback watches: `EarlyStopping`, `ReduceOnPlateau`.
  public enum Monitor: String, Sendable {
    /// The loss on the validation data; lower is better.
    case validationLoss
    /// The accuracy on the validation data; higher is better.
    case validationAccuracy
    /// The loss on the training data; lower is better.
    case trainingLoss

    /// The score of an epoch, lower is better. One that is no number is worse than all others: it would
    /// compare as neither better nor worse, and never be improved on.
    func score(of report: EpochReport, for callback: String) throws -> Double {
      let score: Double? =
        switch self {
        case .validationLoss: report.validation?.loss
        case .validationAccuracy: report.validation?.accuracy.map { -$0 }
        case .trainingLoss: report.training.loss
        }
      guard let score else {
        throw CourseError(
          .invalidArgument, "\(callback) has nothing to monitor",
          expected: "validation data for \(rawValue)", received: "none",
          remedy: "Pass validation data to fit, or monitor the training loss.")
      }
      return score.isNaN ? .infinity : score
    }
  }
}
