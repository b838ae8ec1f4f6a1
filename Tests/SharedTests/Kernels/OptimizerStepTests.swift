import CCourseKernels
import CourseTestSupport
import Testing

/// The steps of the optimizers against their formulas in double precision, over counts around the vector
/// widths.
@Suite(.watched) struct OptimizerStepTests {
  /// Gradient, two states and weights; one element more than is written, which must keep its value.
  private struct Buffers {
    var gradient, first, second, weights: [Float]

    init(_ count: Int, _ numbers: inout TestNumbers) {
      gradient = numbers.floats(count + 1, in: -2...2)
      first = numbers.floats(count + 1)
      second = numbers.floats(count + 1, in: 0...4)
      weights = numbers.floats(count + 1, in: -3...3)
      if count > 2 { (gradient[1], first[1], second[1]) = (0, 0, 0) }
    }
  }

  /// `formula` for each written element, the old value for the one behind them.
  private func expect(
    _ actual: [Float], _ before: [Float], _ subject: String, tolerance: Double = 1e-6,
    _ formula: (Int) -> Double
  ) {
    let count = before.count - 1
    let expected = (0..<count).map(formula) + [Double(before[count])]
    let difference = firstDifference(actual, expected, tolerance: tolerance)
    #expect(difference == nil, "\(subject), count \(count): \(difference ?? "")")
  }

  @Test(arguments: instructionSets) func momentum(_ name: String) {
    var numbers = TestNumbers(seed: 11)
    let (eta, mu) = (Double(Float(0.3)), Double(Float(0.9)))
    for count in oddSizes {
      for nesterov in [false, true] {
        let old = Buffers(count, &numbers)
        var new = old
        kernelSet(name).pointee.optimizerSteps.momentumStep(
          0.3, 0.9, nesterov, old.gradient, &new.first, &new.weights, count)
        func velocity(_ i: Int) -> Double {
          mu * Double(old.first[i]) - eta * Double(old.gradient[i])
        }
        expect(new.first, old.first, "velocity on \(name)", velocity)
        expect(new.weights, old.weights, "weights on \(name), nesterov \(nesterov)") { i in
          Double(old.weights[i])
            + (nesterov ? mu * velocity(i) - eta * Double(old.gradient[i]) : velocity(i))
        }
      }
    }
  }

  @Test(arguments: instructionSets) func adam(_ name: String) {
    var numbers = TestNumbers(seed: 12)
    var step = CourseAdamStep(
      beta1: 0.9, beta2: 0.75, rate: 0.25, rootScale: 1.5, epsilon: 0.125, keep: 0.875)
    let beta1 = Double(Float(0.9))
    for count in oddSizes {
      let old = Buffers(count, &numbers)
      var new = old
      kernelSet(name).pointee.optimizerSteps.adamStep(
        &step, old.gradient, &new.first, &new.second, &new.weights, count)
      func first(_ i: Int) -> Double {
        beta1 * Double(old.first[i]) + (1 - beta1) * Double(old.gradient[i])
      }
      func second(_ i: Int) -> Double {
        0.75 * Double(old.second[i]) + 0.25 * Double(old.gradient[i]) * Double(old.gradient[i])
      }
      expect(new.first, old.first, "first moment on \(name)", first)
      expect(new.second, old.second, "second moment on \(name)", second)
      expect(new.weights, old.weights, "weights on \(name)") { i in
        0.875 * Double(old.weights[i]) - 0.25 * first(i) / (1.5 * second(i).squareRoot() + 0.125)
      }
    }
  }

  /// RMSProp (rest = 1 − decay) and AdaGrad (both 1).
  @Test(arguments: instructionSets) func rootMeanSquare(_ name: String) {
    var numbers = TestNumbers(seed: 13)
    for count in oddSizes {
      for (decay, rest) in [(0.75, 0.25), (1.0, 1.0)] {
        let old = Buffers(count, &numbers)
        var new = old
        kernelSet(name).pointee.optimizerSteps.rootMeanSquareStep(
          0.5, Float(decay), Float(rest), 0.125, old.gradient, &new.second, &new.weights, count)
        func squares(_ i: Int) -> Double {
          decay * Double(old.second[i]) + rest * Double(old.gradient[i]) * Double(old.gradient[i])
        }
        expect(new.second, old.second, "squares on \(name)", squares)
        expect(new.weights, old.weights, "weights on \(name)") { i in
          Double(old.weights[i])
            - 0.5 * Double(old.gradient[i]) / (squares(i).squareRoot() + 0.125)
        }
      }
    }
  }

  /// A NaN in the gradient shows in the weights: training must notice it.
  @Test(arguments: instructionSets) func notANumberStays(_ name: String) {
    var step = CourseAdamStep(
      beta1: 0.9, beta2: 0.75, rate: 0.25, rootScale: 1.5, epsilon: 0.125, keep: 1)
    for place in [0, 16, 18] {
      var gradient = [Float](repeating: 1, count: 19)
      gradient[place] = .nan
      var (first, second, weights) = (gradient.map { _ in Float(0) }, gradient, gradient)
      (second, weights) = (first, first)
      kernelSet(name).pointee.optimizerSteps.adamStep(
        &step, gradient, &first, &second, &weights, 19)
      #expect(weights.indices.filter { weights[$0].isNaN } == [place], "Adam on \(name)")
    }
  }
}
