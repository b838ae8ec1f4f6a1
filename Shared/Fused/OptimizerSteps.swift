import CCourseKernels
import Foundation

// The steps of the optimizers as kernels: one pass over memory, where the formula written with tensor
// operations takes one for each operation. Adam's kernel moves 7 numbers a weight where its
// formula moves 40. Each pass is split among the threads like any tensor operation.

extension Tensor {
  /// `v ← μ v − η g`, `w ← w + v`, or with Nesterov's momentum `w ← w + μ v − η g`. `self` is `w`.
  package mutating func momentumStep(
    gradient: Tensor, velocity: inout Tensor, learningRate: Float, momentum: Float, nesterov: Bool
  ) {
    requireSameShape(gradient, "Momentum.update")
    let count = count
    gradient.read { g in
      velocity.write { v in
        write { w in
          forEachChunk(of: count) { start, length in
            kernels.optimizerSteps.momentumStep(
              learningRate, momentum, nesterov, g + start, v + start, w + start, length)
          }
        }
      }
    }
  }

  /// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
  /// `w ← (1 − η λ) w − η m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)`, `v̂ = v / (1 − β₂ᵗ)`. `self` is `w`.
  package mutating func adamStep(
    gradient: Tensor, firstMoment: inout Tensor, secondMoment: inout Tensor, learningRate: Float,
    beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, stepCount: Int
  ) {
    requireSameShape(gradient, "Adam.update")
    let t = Double(stepCount)
    let eta = Double(learningRate)
    // 1 − β₂ᵗ is a small difference of numbers near 1: in single precision it would keep three digits.
    var step = KernelAdamStep(
      beta1: beta1, beta2: beta2, rate: Float(eta / (1 - Foundation.pow(Double(beta1), t))),
      rootScale: Float(1 / (1 - Foundation.pow(Double(beta2), t)).squareRoot()), epsilon: epsilon,
      keep: Float(1 - eta * Double(weightDecay)))
    let count = count
    gradient.read { g in
      firstMoment.write { m in
        secondMoment.write { v in
          write { w in
            withUnsafePointer(to: &step) { step in
              forEachChunk(of: count) { start, length in
                kernels.optimizerSteps.adamStep(
                  step, g + start, m + start, v + start, w + start, length)
              }
            }
          }
        }
      }
    }
  }

  /// `s ← decay · s + rest · g²`, `w ← w − η g / (√s + ε)`. `self` is `w`.
  package mutating func rootMeanSquareStep(
    gradient: Tensor, squares: inout Tensor, learningRate: Float, decay: Float, rest: Float,
    epsilon: Float, of optimizer: String
  ) {
    requireSameShape(gradient, "\(optimizer).update")
    let count = count
    gradient.read { g in
      squares.write { s in
        write { w in
          forEachChunk(of: count) { start, length in
            kernels.optimizerSteps.rootMeanSquareStep(
              learningRate, decay, rest, epsilon, g + start, s + start, w + start, length)
          }
        }
      }
    }
  }

  private func requireSameShape(_ gradient: Tensor, _ place: String) {
    guard gradient.shape == shape else {
      stop(place, expected: "a gradient of shape \(shape)", received: "\(gradient.shape)")
    }
  }
}

extension Optimizer {
  /// Whether two optimizers change weights alike, up to rounding: tried over three steps of two small
  /// parameters.
  ///
  /// An optimizer that has a `.reference` and a `.fast` body asks this before it runs the fast one. Where
  /// the two differ, training runs the reference: a network trains by the formula that stands there, also
  /// while it is unfinished or wrong.
  package func agrees(with other: some Optimizer) -> Bool {
    var (first, second) = (self, other)
    // Equal shapes: a state that is shared by mistake then gives wrong numbers and does not stop.
    var weights: [Tensor] = [[0.5, -1, 2], [0.25, 1, -3]]
    var copies = weights
    for step in 0..<3 {
      let gradients = [[1, -0.5, 0] + Float(step), [-1, 3, 0.5] - Float(step)] as [Tensor]
      first.beginStep()
      second.beginStep()
      for slot in weights.indices {
        first.update(&weights[slot], gradient: gradients[slot], slot: slot)
        second.update(&copies[slot], gradient: gradients[slot], slot: slot)
      }
    }
    return zip(weights, copies).allSatisfy { weights, copies in
      // The shapes first: a wrong formula may have changed them.
      weights.shape == copies.shape
        && (abs(weights - copies) .<= 1e-4).sum() == Float(weights.count)
    }
  }
}
