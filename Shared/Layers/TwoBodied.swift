import Synchronization

/// Which of two bodies of code runs, where a part has a readable one and a fast one.
///
/// Both compute the same, up to rounding. The choice is not part of a saved configuration: it changes how
/// fast a network is, not what it is.
public struct Implementation: Sendable, Equatable, CustomStringConvertible {
  private enum Body { case reference, fast, kernel }
  private let body: Body

  /// "reference" or "fast".
  public var description: String { "\(body)" }

  /// The formula, written to be read: the body that a student writes.
  public static let reference = Implementation(body: .reference)
  /// A kernel that computes the same in fewer passes over memory. It runs only where it agrees with the
  /// readable body: an unfinished or wrong body runs as it stands.
  public static let fast = Implementation(body: .fast)
  /// The kernel, whether or not the readable body agrees: for the comparison of the two.
  package static let kernel = Implementation(body: .kernel)

  /// Whether the kernel is the body to run.
  fileprivate func runsKernel(where bodiesAgree: @autoclosure () -> Bool) -> Bool {
    self == .kernel || self == .fast && bodiesAgree()
  }
}

/// A part with two bodies: the formula that a student writes, and a kernel that stands in for it.
///
/// The kernel runs only after both bodies gave the same on a few small examples, so an unfinished task
/// never trains and a wrong one trains wrongly. A type states its examples, and asks `runsKernel`:
///
///     static let agreement = agree(on: [(Conv1D(...), Tensor(...))])
package protocol TwoBodied {
  /// Which body is asked for.
  var implementation: Implementation { get set }
  /// Whether both bodies compute the same: a `static let`.
  static var agreement: Agreement { get }
}

/// Whether two bodies compute the same: tried the first time a kernel is to run.
///
/// No lock is held meanwhile, and the trial is no initial value: one that comes upon code which is not written yet
/// never ends, and others would wait for it.
package final class Agreement: Sendable {
  private let trial: @Sendable () -> Bool
  private let known = Mutex<Bool?>(nil)

  /// An agreement that `trial` finds out.
  package init(_ trial: @escaping @Sendable () -> Bool) { self.trial = trial }

  /// Whether both bodies compute the same.
  package var holds: Bool {
    if let known = known.withLock({ $0 }) { return known }
    let holds = trial()
    known.withLock { $0 = holds }
    return holds
  }
}

extension TwoBodied {
  /// Whether both bodies compute the same.
  package static var bodiesAgree: Bool { agreement.holds }

  /// Whether the kernel is the body to run.
  package var runsKernel: Bool { implementation.runsKernel(where: Self.bodiesAgree) }

  /// Whether both bodies give the same tensors in each trial, up to rounding.
  package static func agree<Trial: Sendable>(
    on trials: [Trial], running results: @escaping @Sendable (Trial, Implementation) -> [Tensor]
  ) -> Agreement {
    Agreement {
      trials.allSatisfy { trial in
        let readable = results(trial, .reference)
        let kernel = results(trial, .kernel)
        return readable.count == kernel.count && zip(readable, kernel).allSatisfy(areClose)
      }
    }
  }
}

/// A function with two bodies, where there is no type to keep them.
///
///     static let mirroring = TwoBodiedFunction(
///       reference: { $0.mirroredReference() }, kernel: { $0.mirroredByKernel() }, trials: [Tensor(...)])
///     mirroring(image)                                 // the kernel, where both bodies agree
///     mirroring(image, implementation: .reference)     // the body that a student writes
package final class TwoBodiedFunction<Argument: Sendable>: Sendable {
  private let reference: @Sendable (Argument) -> Tensor
  private let kernel: @Sendable (Argument) -> Tensor
  private let agreement: Agreement

  /// A function that is tried on each of the arguments in `trials`.
  package init(
    reference: @escaping @Sendable (Argument) -> Tensor,
    kernel: @escaping @Sendable (Argument) -> Tensor, trials: [Argument]
  ) {
    (self.reference, self.kernel) = (reference, kernel)
    agreement = Agreement { trials.allSatisfy { areClose(reference($0), kernel($0)) } }
  }

  /// Whether both bodies compute the same.
  package var bodiesAgree: Bool { agreement.holds }

  /// Whether the kernel is the body to run.
  package func runsKernel(_ implementation: Implementation = .fast) -> Bool {
    implementation.runsKernel(where: bodiesAgree)
  }

  /// The result of the body to run.
  package func callAsFunction(
    _ argument: Argument, implementation: Implementation = .fast
  ) -> Tensor {
    runsKernel(implementation) ? kernel(argument) : reference(argument)
  }
}

/// Whether two tensors are equal up to rounding; NaN equals NaN.
private func areClose(_ a: Tensor, _ b: Tensor) -> Bool {
  // The shapes first: an unfinished body may return anything.
  guard a.shape == b.shape else { return false }
  let areNaN = (a .!= a) * (b .!= b)
  return ((abs(a - b) .<= 1e-4 + 1e-4 * abs(b)) + areNaN).sum() == Float(a.count)
}

extension TwoBodied where Self: Optimizer {
  /// Whether both bodies agree on each trial, an optimizer: in three steps of two parameters and in their
  /// states.
  package static func agree(on trials: [Self]) -> Agreement {
    agree(on: trials) { trial, implementation in
      var (optimizer, results) = (trial, [Tensor]())
      optimizer.implementation = implementation
      for var (value, gradient) in [
        ([0.5, -1, 2], [1, -0.5, 0]), ([0.25, 1, -3], [-1, 3, 0.5]),
      ]
        as [(Tensor, Tensor)]
      {
        var state = State(for: value)
        for step in 1...3 {
          optimizer.update(&value, gradient: gradient, state: &state, step: step)
          gradient += Float(step)
        }
        results.append(value)
        state.forEach { results.append($1) }
      }
      return results
    }
  }
}

extension TwoBodied where Self: Layer {
  /// Whether both bodies agree on each trial, a layer and a batch for it: in the output; then in the gradients, the
  /// states after the pass, and the output in inference. A body whose output is wrong is not asked for gradients,
  /// which it may be unable to compute.
  package static func agree(on trials: [(layer: Self, input: Tensor)]) -> Agreement {
    Agreement {
      trials.allSatisfy { layer, input in
        var (readable, kernel) = (layer, layer)
        (readable.implementation, kernel.implementation) = (.reference, .kernel)
        let output = kernel.forward(input, mode: .training)
        guard areClose(readable.forward(input, mode: .training), output) else { return false }
        let gradient = Tensor(normal: output.shape, key: RandomKey(seed: 1).folded("agreement"))
        let expected = kernel.results(after: input, gradient)
        let results = readable.results(after: input, gradient)
        return results.count == expected.count && zip(results, expected).allSatisfy(areClose)
      }
    }
  }

  /// The gradients of a training pass, the states after it, and the output in inference.
  private mutating func results(after input: Tensor, _ outputGradient: Tensor) -> [Tensor] {
    var results = [backward(outputGradient)]
    // A body that accumulates no gradient has one tensor less.
    forEachParameter { if let gradient = $1.gradient { results.append(gradient) } }
    forEachState { results.append($1) }
    return results + [forward(input, mode: .inference)]
  }
}
