/// What a comparison of analytic and numeric gradients found.
public struct GradientReport: Sendable, CustomStringConvertible {
  /// One compared entry.
  public struct Entry: Sendable {
    /// The tensor: "input", or the name of a parameter.
    public var tensor: String
    /// The place in it, one index an axis.
    public var index: [Int]
    /// What `backward` computed.
    public var analytic: Double
    /// What finite differences gave.
    public var numeric: Double
    /// `|analytic − numeric| / max(|analytic|, |numeric|, 1)` in units of the typical gradient of that
    /// tensor.
    public var relativeError: Double
  }

  /// What was checked.
  public var subject: String
  /// All compared entries, the worst first.
  public var entries: [Entry]
  /// Entries left out because the function has a kink there (ReLU at 0): two step sizes disagree.
  public var skippedCount: Int
  /// The largest relative error that passes.
  public var tolerance: Double

  /// Whether every entry agrees, and at least four in five entries could be
  /// compared: a weight that a convolution shares among many places meets the kinks of all of them.
  public var passed: Bool {
    guard let worst = entries.first else { return false }
    return worst.relativeError <= tolerance && skippedCount * 4 <= entries.count
  }

  /// The verdict, and the worst entries when it is bad.
  public var description: String {
    let verdict =
      "\(subject): \(passed ? "gradients agree" : "GRADIENTS DISAGREE") "
      + "(\(entries.count) entries compared, \(skippedCount) at kinks left out, tolerance \(tolerance))"
    let lines = entries.prefix(passed ? 1 : 5).map { entry in
      "  \(entry.tensor)\(entry.index): backward \(Float(entry.analytic)), "
        + "finite differences \(Float(entry.numeric)), relative error \(Float(entry.relativeError))"
    }
    return ([verdict] + lines).joined(separator: "\n")
  }
}

/// Compares a layer's `backward` with finite differences of its `forward`.
///
/// The output is projected on a fixed random direction `r`: `φ = Σ r ⊙ layer(x)`, whose gradient
/// `backward(r)` must equal `(φ(x + h) − φ(x − h)) / 2h` for every entry of the input and of every
/// parameter. (A plain sum of the output would prove nothing for softmax or batch norm, whose outputs
/// have a constant sum.) The difference is of fourth order, so that `h` may be large enough for `Float`.
///
///     let report = checkGradients(of: Dense(inputSize: 3, outputSize: 2, seed: 1), inputShape: [5, 3])
///     print(report)   // Dense: gradients agree (...)
///
/// - Parameters:
///   - layer: the layer, with weights as they should be tested
///   - inputShape: the shape of the batch, drawn from a normal distribution
///   - input: the batch itself, in place of a drawn one
///   - samples: the most entries of each tensor to compare, chosen at random
///   - step: the step h
///   - tolerance: the largest relative error that passes
///   - seed: the seed of input, direction and choice
public func checkGradients(
  of layer: some Layer, inputShape: [Int], input: Tensor? = nil, samples: Int = 60,
  step: Float = 0.02, tolerance: Double = 2e-3, seed: UInt64 = 1
) -> GradientReport {
  let key = RandomKey(seed: seed)
  let input = input ?? Tensor(normal: inputShape, key: key.folded("input"))
  var reference = layer
  let output = reference.forward(input, mode: .training)
  let direction = Tensor(normal: output.shape, key: key.folded("direction"))
  let inputGradient = reference.backward(direction)

  var checker = GradientChecker(
    subject: type(of: layer).typeName, samples: samples, step: step, key: key)
  checker.compare("input", input, analytic: inputGradient) { moved in
    var copy = layer
    return projection(of: copy.forward(moved, mode: .training), on: direction)
  }
  reference.forEachParameter { name, parameter in
    let analytic = parameter.gradient ?? Tensor(zeros: parameter.value.shape)
    checker.compare(name, parameter.value, analytic: analytic) { moved in
      var copy = layer
      copy.forEachParameter { if $0 == name { $1.value = moved } }
      return projection(of: copy.forward(input, mode: .training), on: direction)
    }
  }
  return checker.report(tolerance: tolerance)
}

/// Compares a loss's `backward` with finite differences of its `forward`.
public func checkGradients(
  of loss: some Loss, prediction: Tensor, target: Target, samples: Int = 60, step: Float = 0.01,
  tolerance: Double = 2e-3, seed: UInt64 = 1
) -> GradientReport {
  var reference = loss
  _ = reference.forward(prediction, target: target)
  var checker = GradientChecker(
    subject: type(of: loss).typeName, samples: samples, step: step, key: RandomKey(seed: seed))
  checker.compare("prediction", prediction, analytic: reference.backward()) { moved in
    var copy = loss
    return Double(copy.forward(moved, target: target))
  }
  return checker.report(tolerance: tolerance)
}

/// `Σ a ⊙ b`, summed in double precision: rounding here would drown the differences.
private func projection(of a: Tensor, on b: Tensor) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// Collects comparisons.
private struct GradientChecker {
  let subject: String
  let samples: Int
  let step: Float
  let key: RandomKey
  private var entries: [GradientReport.Entry] = []
  private var skippedCount = 0

  init(subject: String, samples: Int, step: Float, key: RandomKey) {
    self.subject = subject
    self.samples = samples
    self.step = step
    self.key = key
  }

  mutating func compare(
    _ name: String, _ value: Tensor, analytic: Tensor, function: (Tensor) -> Double
  ) {
    guard analytic.shape == value.shape else {
      stop(
        "checkGradients of \(subject)", expected: "a gradient of shape \(value.shape) for \(name)",
        received: "\(analytic.shape)")
    }
    let gradients = analytic.scalars
    // Errors are measured against the typical size of this tensor's gradient: the numeric gradient of an
    // entry near zero is all rounding.
    let typical = (gradients.reduce(0) { $0 + Double($1) * Double($1) } / Double(gradients.count))
      .squareRoot()
    let chosen = key.folded("choice").folded(name).permutation(of: value.count).prefix(samples)
    for place in chosen {
      let analytic = Double(gradients[place])
      guard let numeric = slope(of: function, at: value, place, typical: typical) else {
        skippedCount += 1
        continue
      }
      let scale = Swift.max(Swift.abs(analytic), Swift.abs(numeric), typical, 1e-3)
      let error = Swift.abs(analytic - numeric) / scale
      entries.append(
        GradientReport.Entry(
          tensor: name, index: indices(of: place, in: value.shape), analytic: analytic,
          numeric: numeric, relativeError: error.isNaN ? .infinity : error))
    }
  }

  func report(tolerance: Double) -> GradientReport {
    GradientReport(
      subject: subject, entries: entries.sorted { $0.relativeError > $1.relativeError },
      skippedCount: skippedCount, tolerance: tolerance)
  }

  /// The numeric derivative, `nil` at a kink. On a smooth function the estimates with three steps agree;
  /// where they do not, a smaller step may keep clear of the kink. None of this looks at the analytic
  /// gradient, so a wrong one cannot hide here.
  private func slope(
    of function: (Tensor) -> Double, at value: Tensor, _ place: Int, typical: Double
  ) -> Double? {
    for step in [step, step / 8] {
      let slopes = [2, 1, 0.5, 0.25].map { slope(value, place, $0 * step, function) }
      // Fourth order: `(8 (f₁ − f₋₁) − (f₂ − f₋₂)) / 12h`, for h, h/2 and h/4.
      let estimates = zip(slopes, slopes.dropFirst()).map { far, near in (4 * near - far) / 3 }
      // Well below the tolerance: a kink that is only grazed shifts the slope by less than a percent,
      // which would look like a wrong gradient. (Two estimates may agree by accident.)
      let limit = 0.001 * Swift.max(Swift.abs(estimates[1]), typical, 1e-3)
      if estimates.allSatisfy({ Swift.abs($0 - estimates[1]) <= limit }) { return estimates[1] }
    }
    return nil
  }

  /// The central difference `(f(x + h) − f(x − h)) / 2h`, with the steps really taken after rounding.
  private func slope(
    _ value: Tensor, _ place: Int, _ step: Float, _ function: (Tensor) -> Double
  ) -> Double {
    let old = value.read { $0[place] }
    var moved = value
    moved.write { $0[place] = old + step }
    let after = function(moved)
    moved.write { $0[place] = old - step }
    return (after - function(moved)) / (Double(old + step) - Double(old - step))
  }

  private func indices(of place: Int, in shape: [Int]) -> [Int] {
    var rest = place
    return shape.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }.reversed()
  }
}
