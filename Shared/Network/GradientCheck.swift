/// The result of a comparison of analytic and numeric gradients.
public struct GradientReport: Sendable, CustomStringConvertible {
  /// One compared entry.
  public struct Entry: Sendable {
    /// The tensor: "input", or the name of a parameter.
    public var tensor: String
    /// The place in it, one index an axis.
    public var index: [Int]
    /// The gradient by `backward`.
    public var analytic: Double
    /// The gradient by finite differences.
    public var numeric: Double
    /// `|analytic − numeric| / max(|analytic|, |numeric|, 1)` in units of the typical gradient of that
    /// tensor, without the part that rounding can explain.
    public var relativeError: Double
  }

  /// The name of the layer or loss.
  public var subject: String
  /// All compared entries, the worst first.
  public var entries: [Entry]
  /// Entries left out because the function has a kink there (ReLU at 0), so that two step sizes disagree, or
  /// because their gradient is lost in the rounding of the function's values.
  public var skippedCount: Int
  /// The largest relative error that passes.
  public var tolerance: Double

  /// The verdict of a comparison.
  public enum Verdict: String, Sendable {
    /// Every entry that was compared agrees, and enough of them were.
    case agree = "gradients agree"
    /// An entry does not agree.
    case disagree = "GRADIENTS DISAGREE"
    /// No entry disagrees, but more than one in five could not be compared: nothing is proved.
    case undecided = "TOO FEW ENTRIES COULD BE COMPARED"
  }

  /// Whether the gradients agree. At least four in five entries must have been compared: a weight that a
  /// convolution shares among many places meets the kinks of all of them.
  public var verdict: Verdict {
    if let worst = entries.first, worst.relativeError > tolerance { return .disagree }
    return entries.isEmpty || skippedCount * 4 > entries.count ? .undecided : .agree
  }

  /// Whether every entry agrees, and enough entries could be compared.
  public var passed: Bool { verdict == .agree }

  /// The verdict, and the worst entries when it is bad.
  public var description: String {
    var lines = [
      "\(subject): \(verdict.rawValue) "
        + "(\(entries.count) entries compared, \(skippedCount) left out, tolerance \(tolerance))"
    ]
    lines += entries.prefix(verdict == .disagree ? 5 : 1).map { entry in
      "  \(entry.tensor)\(entry.index): backward \(Float(entry.analytic)), "
        + "finite differences \(Float(entry.numeric)), relative error \(Float(entry.relativeError))"
    }
    if verdict == .undecided {
      lines.append("  Try another input, a larger batch, or another step.")
    }
    return lines.joined(separator: "\n")
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
///   - input: the batch itself, in place of a drawn one. Of tokens there is no gradient: a layer that reads them, also
///     inside of containers, is compared in its parameters only, and its batch is drawn from its vocabulary
///   - samples: the most entries of each tensor to compare, chosen at random
///   - step: the step h
///   - tolerance: the largest relative error that passes
///   - seed: the seed of input, direction and choice
public func checkGradients(
  of layer: some Layer, inputShape: [Int], input: Tensor? = nil, samples: Int = 60,
  step: Float = 0.02, tolerance: Double = 2e-3, seed: UInt64 = 1
) -> GradientReport {
  requireArguments(samples: samples, step: step)
  let key = RandomKey(seed: seed)
  let vocabulary = layersAtInput(of: layer).compactMap { ($0 as? any TokenLayer)?.vocabularySize }
    .min()
  let input =
    input
    ?? vocabulary.map { size in
      let numbers = Tensor(uniform: inputShape, key: key.folded("input")) * Float(size)
      return Tensor(
        shape: inputShape, scalars: numbers.scalars.map { min($0.rounded(.down), Float(size - 1)) })
    } ?? Tensor(normal: inputShape, key: key.folded("input"))
  var reference = layer
  let output = reference.forward(input, mode: .training)
  let direction = Tensor(normal: output.shape, key: key.folded("direction"))
  let inputGradient = reference.backward(direction)

  var checker = GradientChecker(
    subject: type(of: layer).typeName, samples: samples, step: step, key: key,
    rounding: rounding(of: zip(output.scalars, direction.scalars).map { Double($0) * Double($1) }),
    tolerance: tolerance)
  if vocabulary == nil {
    checker.compare("input", input, analytic: inputGradient) { moved in
      var copy = layer
      return projection(of: copy.forward(moved, mode: .training), on: direction)
    }
  }
  reference.forEachParameter { name, parameter in
    let analytic = parameter.gradient ?? Tensor(zeros: parameter.value.shape)
    checker.compare(name, parameter.value, analytic: analytic) { moved in
      var copy = layer
      copy.forEachParameter { if $0 == name { $1.value = moved } }
      return projection(of: copy.forward(input, mode: .training), on: direction)
    }
  }
  return checker.report()
}

/// Compares a loss's `backward` with finite differences of its `forward`.
public func checkGradients(
  of loss: some Loss, prediction: Tensor, target: Target, samples: Int = 60, step: Float = 0.02,
  tolerance: Double = 2e-3, seed: UInt64 = 1
) -> GradientReport {
  requireArguments(samples: samples, step: step)
  var reference = loss
  let value = reference.forward(prediction, target: target)
  var checker = GradientChecker(
    subject: type(of: loss).typeName, samples: samples, step: step, key: RandomKey(seed: seed),
    rounding: rounding(of: [Double(value)]), tolerance: tolerance)
  checker.compare("prediction", prediction, analytic: reference.backward()) { moved in
    var copy = loss
    return Double(copy.forward(moved, target: target))
  }
  return checker.report()
}

/// `Σ a ⊙ b`, summed in double precision: rounding here would drown the differences.
private func projection(of a: Tensor, on b: Tensor) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

private func requireArguments(samples: Int, step: Float) {
  guard samples >= 1, step > 0, step.isFinite else {
    stop(
      "checkGradients", expected: "at least one sample, and a finite step above 0",
      received: "\(samples) samples, step \(step)")
  }
}

/// How far rounding moves a sum of such terms: each by two units in its last place or so, in either direction.
private func rounding(of terms: [Double]) -> Double {
  0x1p-22 * terms.reduce(0) { $0 + $1 * $1 }.squareRoot()
}

/// Collects comparisons.
private struct GradientChecker {
  let subject: String
  let samples: Int
  let step: Float
  let key: RandomKey
  /// The rounding error of the function's values.
  let rounding: Double
  /// The largest relative error that passes.
  let tolerance: Double
  private var entries: [GradientReport.Entry] = []
  private var skippedCount = 0
  /// Whether any gradient stood out of the rounding.
  private var hasMeasured = false

  init(
    subject: String, samples: Int, step: Float, key: RandomKey, rounding: Double, tolerance: Double
  ) {
    self.subject = subject
    self.samples = samples
    self.step = step
    self.key = key
    self.rounding = rounding
    self.tolerance = tolerance
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
    let here = function(value)
    for place in chosen {
      let analytic = Double(gradients[place])
      guard
        let (numeric, blur, noise) = slope(of: function, here, at: value, place, typical: typical)
      else {
        skippedCount += 1
        continue
      }
      let size = Swift.max(Swift.abs(analytic), Swift.abs(numeric))
      let scale = Swift.max(size, typical, 1e-3)
      var error = Swift.max(Swift.abs(analytic - numeric) - blur, 0) / scale
      if error.isNaN { error = .infinity }
      if noise == 0 {
        hasMeasured = true
      } else if Swift.abs(analytic - numeric) <= noise {
        // Lost in rounding, unless both are 0 as far as can be seen.
        guard size <= noise else {
          skippedCount += 1
          continue
        }
        error = tolerance * Swift.abs(analytic - numeric) / noise
      }
      entries.append(
        GradientReport.Entry(
          tensor: name, index: indices(of: place, in: value.shape), analytic: analytic,
          numeric: numeric, relativeError: error))
    }
  }

  func report() -> GradientReport {
    // Where nothing stands out of the rounding, that both are 0 says nothing.
    let isEmpty = !hasMeasured && entries.allSatisfy { $0.relativeError <= tolerance }
    return GradientReport(
      subject: subject,
      entries: isEmpty ? [] : entries.sorted { $0.relativeError > $1.relativeError },
      skippedCount: skippedCount + (isEmpty ? entries.count : 0), tolerance: tolerance)
  }

  /// The numeric derivative; `nil` at a kink. On a smooth function the estimates with three steps agree; where
  /// they do not, a smaller step may keep clear of the kink. If they only differ by rounding, that
  /// is the noise. None of this looks at the analytic gradient, so a wrong one cannot hide here.
  /// - Returns: the estimate; how far rounding moves it where the three agree, perhaps by accident; the noise
  private func slope(
    of function: (Tensor) -> Double, _ here: Double, at value: Tensor, _ place: Int, typical: Double
  ) -> (slope: Double, blur: Double, noise: Double)? {
    var noisy: (slope: Double, blur: Double, noise: Double)?
    for step in [step, step / 8] {
      let pairs = [2, 1, 0.5, 0.25].map { sides(value, place, $0 * step, here, function) }
      let slopes = pairs.map(\.slope)
      // Fourth order: `(8 (f₁ − f₋₁) − (f₂ − f₋₂)) / 12h`, for h, h/2 and h/4.
      let estimates = zip(slopes, slopes.dropFirst()).map { far, near in (4 * near - far) / 3 }
      // Well below the tolerance: a kink that is only grazed shifts the slope by less than a percent,
      // which would look like a wrong gradient. (Two estimates may agree by accident.)
      let limit = 0.001 * Swift.max(Swift.abs(estimates[1]), typical, 1e-3)
      // At a kink that is nearer than all steps, the slopes are the mean of its two sides, and agree. The difference of
      // the sides tells: on a smooth function it shrinks with the step, at a kink it stays.
      let jump = Swift.abs(2 * pairs[1].difference - pairs[0].difference)
      if jump > 2 * limit + 6 * rounding / Double(step) { continue }
      let scatter = estimates.map { Swift.abs($0 - estimates[1]) }.max() ?? 0
      // Divided by the smallest step, a quarter. Where it could be as large as the gradient, estimates may
      // agree because a step changes nothing.
      let noise = 4 * rounding / Double(step)
      // The estimate in the middle takes differences over h and 2h, of values that are each off by `rounding`:
      // 4/3 · √2/h and 1/3 · √2/2h, in all 1.9/h.
      if scatter <= limit && noise <= 1000 * limit {
        return (estimates[1], 2 * rounding / Double(step), 0)
      }
      if noisy == nil, scatter <= noise { noisy = (estimates[1], 0, 3 * noise) }
    }
    return noisy
  }

  /// The central difference `(f(x + h) − f(x − h)) / 2h`, with the steps really taken after rounding, and how much the
  /// slopes of the two sides differ, `(f(x + h) − 2 f(x) + f(x − h)) / h`.
  private func sides(
    _ value: Tensor, _ place: Int, _ step: Float, _ here: Double, _ function: (Tensor) -> Double
  ) -> (slope: Double, difference: Double) {
    let old = value.read { $0[place] }
    var moved = value
    moved.write { $0[place] = old + step }
    let after = function(moved)
    moved.write { $0[place] = old - step }
    let before = function(moved)
    let (up, down) = (Double(old + step) - Double(old), Double(old) - Double(old - step))
    return ((after - before) / (up + down), (after - here) / up - (here - before) / down)
  }

  private func indices(of place: Int, in shape: [Int]) -> [Int] {
    var rest = place
    return shape.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }.reversed()
  }
}
