import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct TensorMathTests {
  private let tiny = Float.leastNonzeroMagnitude
  private let large = Float.greatestFiniteMagnitude

  /// 40 001 numbers (more than one piece), evenly spread.
  private func spread(_ low: Float, _ high: Float) -> Tensor {
    Tensor(uniform: [40_001], in: low..<high, key: RandomKey(seed: 61))
  }

  /// Compares with the function of the system in double precision, at every 20th number.
  private func expectAccurate(
    _ name: String, _ x: Tensor, _ function: (Tensor) -> Tensor, _ exact: (Double) -> Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let some = (0..<x.count).filter { $0 % 20 == 0 }
    let wanted = x.rows(at: some).scalars.map { Float(exact(Double($0))) }
    expectClose(
      function(x).rows(at: some), Tensor(wanted), name, atol: 1e-37, rtol: 5e-7,
      sourceLocation: sourceLocation)
  }

  @Test func functionsMatchThoseOfTheSystem() {
    expectAccurate("exp", spread(-87, 88), { exp($0) }, { Foundation.exp($0) })
    expectAccurate("log", spread(1e-30, 1e3), { log($0) }, { Foundation.log($0) })
    expectAccurate("log near 1", spread(0.5, 2), { log($0) }, { Foundation.log($0) })
    expectAccurate("sqrt", spread(0, 1e6), { sqrt($0) }, { $0.squareRoot() })
    expectAccurate("tanh", spread(-10, 10), { tanh($0) }, { Foundation.tanh($0) })
    expectAccurate("tanh near 0", spread(-1, 1), { tanh($0) }, { Foundation.tanh($0) })
    expectAccurate("sigmoid", spread(-80, 80), { sigmoid($0) }, { 1 / (1 + Foundation.exp(-$0)) })
    expectAccurate("square", spread(-9, 9), { square($0) }, { $0 * $0 })
    expectAccurate("abs", spread(-9, 9), { abs($0) }, { Swift.abs($0) })
    expectAccurate("pow", spread(0, 9), { pow($0, 2.5) }, { Foundation.pow($0, 2.5) })
  }

  @Test func exponentialAtItsEdges() {
    let x = Tensor([0, -0.0, .infinity, -.infinity, .nan, 100, -200, 1])
    let y = exp(x)
    expectSame(y[..<7], Tensor([1, 1, .infinity, 0, .nan, .infinity, 0]), "exp")
    expectClose(y[7], 2.7182817, "exp 1", atol: 0, rtol: 2e-7)
    #expect(exp(Tensor(-100)).scalar > 0, "results below the normal numbers are not cut off")
  }

  @Test func logarithmAtItsEdges() {
    let x = Tensor([1, 0, -0.0, .infinity, -1, -.infinity, .nan])
    expectSame(log(x), Tensor([0, -.infinity, -.infinity, .infinity, .nan, .nan, .nan]), "log")
    expectClose(log(Tensor(tiny)).scalar, -103.27893, "log of the smallest number", rtol: 1e-6)
    expectClose(log(Tensor(large)).scalar, 88.72284, "log of the largest number", rtol: 1e-6)
  }

  @Test func rootsAtTheirEdges() {
    let x = Tensor([0, -0.0, 4, .infinity, -1, -.infinity, .nan])
    expectSame(sqrt(x), Tensor([0, -0.0, 2, .infinity, .nan, .nan, .nan]), "sqrt")
  }

  @Test func hyperbolicTangentAtItsEdges() {
    let x = Tensor([0, -0.0, .infinity, -.infinity, .nan, 100, -100])
    expectSame(tanh(x), Tensor([0, -0.0, 1, -1, .nan, 1, -1]), "tanh")
    #expect(tanh(Tensor(1e-20)).scalar == 1e-20)
  }

  @Test func sigmoidAtItsEdges() {
    let x = Tensor([0, .infinity, -.infinity, .nan, 200, -200])
    expectSame(sigmoid(x), Tensor([0.5, 1, 0, .nan, 1, 0]), "sigmoid")
    // 1 - σ(17) would be 0: the small side keeps its digits.
    expectClose(sigmoid(Tensor(-17)).scalar, 4.1399374e-8, "sigmoid -17", atol: 0, rtol: 1e-6)
  }

  @Test func absoluteValuesAndSquaresAtTheirEdges() {
    expectSame(abs(Tensor([-0.0, -2, -.infinity, .nan])), Tensor([0, 2, .infinity, .nan]), "abs")
    expectSame(
      square(Tensor([-3, 1e30, -.infinity, .nan])), Tensor([9, .infinity, .infinity, .nan]),
      "square")
  }

  @Test func powersAtTheirEdges() {
    expectSame(pow(Tensor([2, -2, 0, -3, .nan]), 3), Tensor([8, -8, 0, -27, .nan]), "cubes")
    expectSame(pow(Tensor([4, 0, -4, .infinity]), 0.5), Tensor([2, 0, .nan, .infinity]), "roots")
    expectSame(
      pow(Tensor([5, 0, .nan]), 0), [1, 1, 1], "to the power of 0, as C and NumPy have it")
    expectSame(pow([2, 0], -1), Tensor([0.5, .infinity]), "reciprocals")
    expectSame(
      pow([[2], [3]], [0, 1, 2, 3]), [[1, 2, 4, 8], [1, 3, 9, 27]], "tensors of exponents")
    expectSame(pow(Tensor(2), [[1, 2]]), [[2, 4]], "a scalar as base")
    let x = Tensor(uniform: [40_001], in: 1..<2, key: RandomKey(seed: 62))
    expectClose(pow(x, 2), x * x, "large", atol: 0, rtol: 2e-7)
  }

  @Test func clippingLimitsBothSides() {
    let x = Tensor([-.infinity, -1, -0.5, 0, 0.5, 1, .infinity, .nan])
    expectSame(
      x.clipped(to: -0.5...0.5), Tensor([-0.5, -0.5, -0.5, 0, 0.5, 0.5, 0.5, .nan]), "clipped")
    expectSame(x.clipped(to: 0...0), Tensor([0, 0, 0, 0, 0, 0, 0, .nan]), "clipped to one value")
    expectSame(x.clipped(to: -.infinity ... .infinity), x, "clipped to everything")
    let large = spread(-2, 2).clipped(to: -1...1)
    #expect(large.min() == -1 && large.max() == 1)
  }

  @Test func shapesStayAsTheyAre() {
    for shape in [[], [0], [3], [2, 0, 4], [2, 3, 4]] {
      let x = Tensor(ones: shape)
      for y in [exp(x), log(x), sqrt(x), tanh(x), sigmoid(x), abs(x), square(x), pow(x, 2)] {
        #expect(y.shape == shape)
      }
      #expect(x.clipped(to: 0...1).shape == shape)
    }
  }

  // MARK: Finiteness

  @Test func theFirstNumberThatIsNotFiniteIsFound() {
    for count in [1, 2, 15, 16, 17, 33, 1000] {
      let finite = Tensor(repeating: large, shape: [count])
      #expect(finite.isFinite)
      #expect(finite.firstNonFiniteIndex == nil)
      for place in Set([0, count / 2, count - 1]) {
        for bad in [Float.nan, .infinity, -.infinity, .signalingNaN] {
          var x = finite
          x[place] = bad
          x[count - 1] = bad
          #expect(!x.isFinite)
          #expect(x.firstNonFiniteIndex == place)
        }
      }
    }
    #expect(Tensor(zeros: [0]).isFinite)
    #expect(Tensor([[1, 2], [.nan, 3]]).firstNonFiniteIndex == 2)
    #expect(Tensor([tiny, -tiny, large, -large]).isFinite)
  }
}
