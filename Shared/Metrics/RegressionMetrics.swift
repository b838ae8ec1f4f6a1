// Metrics of predicted numbers, in the unit of the targets.

/// The root of the mean squared error, `√(Σ (y − t)² / n)`, over all numbers: their usual distance from the truth.
///
///     var error = RootMeanSquaredError()
///     error.update(prediction: [[1], [5]], target: .values([[1], [2]]))
///     error.value   // 2.1213 = √(9 / 2)
public struct RootMeanSquaredError: Metric {
  /// "RMSE"
  public var name: String { "RMSE" }
  /// The sum of the squared errors, and the number of targets.
  public var sums = MetricSums()

  /// Starts without answers.
  public init() {}

  /// Collects one batch.
  public mutating func update(prediction: Tensor, target: Target) {
    let truth = target.numbers(for: prediction, metric: "RootMeanSquaredError")
    sums.form = .root
    sums.add(Double(square(prediction - truth).sum()), count: truth.count)
  }
}

/// The mean absolute error, `Σ |y − t| / n`, over all numbers.
///
///     var error = MeanAbsoluteError()
///     error.update(prediction: [[1], [5]], target: .values([[1], [2]]))
///     error.value   // 1.5
public struct MeanAbsoluteError: Metric {
  /// "MAE"
  public var name: String { "MAE" }
  /// The sum of the errors, and the number of targets.
  public var sums = MetricSums()

  /// Starts without answers.
  public init() {}

  /// Collects one batch.
  public mutating func update(prediction: Tensor, target: Target) {
    let truth = target.numbers(for: prediction, metric: "MeanAbsoluteError")
    sums.add(Double(abs(prediction - truth).sum()), count: truth.count)
  }
}

/// The coefficient of determination, `R² = 1 − Σ (y − t)² / Σ (t − t̄)²`: 1 for perfect predictions, 0 for the mean of
/// the targets `t̄`, below 0 for worse ones. Of several numbers an example, the mean of
/// their coefficients; of more than 64, one over all.
///
///     var r2 = R2()
///     r2.update(prediction: [[1], [2], [5]], target: .values([[1], [3], [5]]))
///     r2.value   // 0.875 = 1 − 1 / 8
///
/// - Reference: `r2_score` of scikit-learn, with the average over the numbers.
public struct R2: Metric {
  /// "R2"
  public var name: String { "R2" }
  /// The sums of each number of an example.
  public var sums = MetricSums()

  /// Starts without answers.
  public init() {}

  /// Collects one batch.
  public mutating func update(prediction: Tensor, target: Target) {
    let truth = target.numbers(for: prediction, metric: "R2")
    guard truth.count > 0, let count = prediction.shape.first else { return }
    let width = truth.count / count > 64 ? 1 : truth.count / count
    let (actual, predicted) = (
      truth.reshaped(to: [-1, width]), prediction.reshaped(to: [-1, width])
    )
    sums.form = .determination
    // Squares of numbers far from 0 would lose the digits of their differences.
    if sums.columns.isEmpty {
      sums.columns = actual[0..<1].scalars.map { .init(shift: Double($0)) }
    }
    let shifted = actual - Tensor(sums.columns.map { Float($0.shift) })
    let squares = square(shifted).sum(axis: 0).scalars
    let errors = square(predicted - actual).sum(axis: 0).scalars
    for (index, sum) in shifted.sum(axis: 0).scalars.enumerated() {
      sums.columns[index].sum += Double(sum)
      sums.columns[index].squares += Double(squares[index])
      sums.columns[index].errors += Double(errors[index])
    }
    sums.add(0, count: actual.shape[0])
  }
}

extension Target {
  /// The numbers to predict, after a check of their shape.
  fileprivate func numbers(for prediction: Tensor, metric: String) -> Tensor {
    guard case .values(let values) = self, values.shape == prediction.shape else {
      stop(metric, expected: "target values of shape \(prediction.shape)", received: summary)
    }
    return values
  }
}
