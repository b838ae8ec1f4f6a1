import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

/// exp, log, tanh, sigmoid, square root against double precision, over all kinds of floats.
@Suite(.watched) struct VectorMathTests {
  struct Function: Sendable, CustomTestStringConvertible {
    var name: String
    var operation: UInt32
    /// In units in the last place. Measured over all 2^32 floats: see VectorMath.h.
    var maximumError: Double
    var exact: @Sendable (Double) -> Double

    var testDescription: String { name }
  }

  static let functions = [
    Function(name: "exp", operation: kernelExp.rawValue, maximumError: 1.1) { exp($0) },
    Function(name: "log", operation: kernelLog.rawValue, maximumError: 1) { log($0) },
    Function(name: "tanh", operation: kernelTanh.rawValue, maximumError: 1.5) { tanh($0) },
    Function(name: "sigmoid", operation: kernelSigmoid.rawValue, maximumError: 2.5) {
      1 / (1 + exp(-$0))
    },
    Function(name: "square root", operation: kernelSquareRoot.rawValue, maximumError: 0.5) {
      $0.squareRoot()
    },
    Function(name: "reciprocal", operation: kernelReciprocal.rawValue, maximumError: 0.5) {
      1 / $0
    },
  ]

  /// Every 99 991st bit pattern, a dense sweep where the functions bend, and the special values.
  static let inputs: [Float] = {
    var x = stride(from: UInt64(0), to: 1 << 32, by: 99_991).map { Float(bitPattern: UInt32($0)) }
    x += stride(from: Float(-10), to: 10, by: 0.003)
    x += stride(from: Float(-104.5), to: -86.5, by: 0.01)
    x += stride(from: Float(88), to: 89.5, by: 0.01)
    x += [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    ]
    x += [
      .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0.625, -0.625,
    ]
    return x
  }()

  /// |got - exact| in units of the last place of a float of that size (subnormal ones have 2^-149).
  func error(_ got: Float, _ exact: Double) -> Double {
    let rounded = Float(exact)
    if got.isNaN && exact.isNaN { return 0 }
    if got == rounded { return 0 }
    if got.isNaN || exact.isNaN || exact.isInfinite { return .infinity }
    // The float above the largest one, for results that round to infinity.
    let limit = 0x1p128
    let value = got.isInfinite ? (got < 0 ? -limit : limit) : Double(got)
    let bounded = max(-limit, min(limit, exact))
    let size = min(abs(bounded), Double(Float.greatestFiniteMagnitude))
    let unit = size < 0x1p-126 ? 0x1p-149 : size.binade * 0x1p-23
    return abs(value - bounded) / unit
  }

  @Test(arguments: functions)
  func errorInUnitsOfTheLastPlace(_ function: Function) {
    let x = Self.inputs
    let exact = x.map { function.exact(Double($0)) }
    for name in instructionSets {
      var y = x
      kernelSet(name).pointee.elementwise.unary(CourseUnary(function.operation), x, &y, x.count)
      var worst = (error: 0.0, index: 0)
      for i in 0..<x.count {
        let error = error(y[i], exact[i])
        if !(error <= worst.error) { worst = (error, i) }
      }
      #expect(
        worst.error <= function.maximumError,
        "\(function.name)(\(x[worst.index])) on \(name): expected \(exact[worst.index]), got \(y[worst.index])"
      )
    }
  }

  @Test func specialValues() {
    let infinity = Float.infinity
    let expected: [(CourseUnary, Float, Float)] = [
      (kernelExp, 0, 1), (kernelExp, -0.0, 1), (kernelExp, infinity, infinity),
      (kernelExp, -infinity, 0), (kernelExp, 88.73, infinity), (kernelExp, -104, 0),
      (kernelLog, 1, 0), (kernelLog, 0, -infinity), (kernelLog, -0.0, -infinity),
      (kernelLog, -1, Float.nan), (kernelLog, infinity, infinity), (kernelLog, -infinity, .nan),
      (kernelTanh, 0, 0), (kernelTanh, -0.0, -0.0), (kernelTanh, infinity, 1),
      (kernelTanh, -infinity, -1), (kernelTanh, 20, 1), (kernelTanh, 0x1p-133, 0x1p-133),
      (kernelSigmoid, 0, 0.5), (kernelSigmoid, infinity, 1), (kernelSigmoid, -infinity, 0),
      (kernelSquareRoot, -1, .nan), (kernelReciprocal, 0, infinity),
      (kernelReciprocal, -0.0, -infinity),
    ]
    for name in instructionSets {
      let set = kernelSet(name)
      for (operation, x, y) in expected {
        var got: Float = 99
        set.pointee.elementwise.unary(operation, [x], &got, 1)
        #expect(sameBits([got], [y]), "operation \(operation.rawValue) of \(x) on \(name)")
      }
      for operation in [
        kernelExp, kernelLog, kernelTanh, kernelSigmoid, kernelReLU, kernelSquareRoot,
      ] {
        var got: Float = 99
        set.pointee.elementwise.unary(operation, [Float.nan], &got, 1)
        #expect(got.isNaN, "operation \(operation.rawValue) of NaN on \(name)")
      }
    }
  }

  /// GELU and its derivatives: absolute errors, of the values in units of max(1, |x|).
  @Test func errorOfGELU() {
    func bell(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
    func phi(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
    let inner = 2 * (2 / Double.pi).squareRoot()
    func logistic(_ x: Double) -> Double { 1 / (1 + exp(-inner * (x + 0.044715 * x * x * x))) }
    func slopeByTanh(_ x: Double) -> Double {
      let s = logistic(x)
      return s + x * s * (1 - s) * inner * (1 + 0.134145 * x * x)
    }
    typealias Exact = (Double) -> Double
    let functions: [(Bool, limits: (Double, Double), value: Exact, slope: Exact)] = [
      (false, (1.1e-7, 1.7e-7), { $0 * phi($0) }, { phi($0) + $0 * bell($0) }),
      (true, (1.5e-7, 2.5e-7), { $0 * logistic($0) }, slopeByTanh),
    ]
    let x = Array(stride(from: Float(-16), to: 16, by: 0.0017))
    for (byTanh, limits, value, slope) in functions {
      for set in instructionSets {
        let (y, slopes) = geluOf(x, byTanh: byTanh, set: set)
        for ((x, y), dY) in zip(zip(x, y), slopes) {
          let error = abs(Double(y) - value(Double(x))) / max(1, abs(Double(x)))
          let errorOfSlope = abs(Double(dY) - slope(Double(x)))
          if !(error <= limits.0 && errorOfSlope <= limits.1) {
            Issue.record(
              "by tanh \(byTanh), \(x) on \(set): \(y), \(dY), errors \(error), \(errorOfSlope)")
          }
        }
        let special = geluOf([.infinity, -.infinity, .nan, 3e38, -3e38], byTanh: byTanh, set: set)
        #expect(
          sameNumbers(special.y, [.infinity, 0, .nan, 3e38, 0]), "\(byTanh), \(set): \(special)")
        #expect(sameNumbers(special.slope, [1, 0, .nan, 1, 0]), "\(byTanh), \(set): \(special)")
      }
    }
  }

  /// With the slope and without it the values have the same bits, for each count of the last vector.
  @Test func geluIsTheSameWithItsSlope() {
    for set in instructionSets {
      for (byTanh, operation) in [(false, kernelGELU), (true, kernelGELUTanh)] {
        for count in 0...35 {
          let x = (0..<count).map { Float($0) * 0.37 - 6 }
          var alone = x
          kernelSet(set).pointee.elementwise.unary(operation, x, &alone, count)
          let both = geluOf(x, byTanh: byTanh, set: set)
          #expect(sameBits(alone, both.y), "\(count) numbers on \(set), by tanh \(byTanh)")
          for (x, slope) in zip(x, both.slope) {
            let single = geluOf([x], byTanh: byTanh, set: set).slope
            #expect(sameBits(single, [slope]), "\(x) among \(count) on \(set), by tanh \(byTanh)")
          }
        }
      }
    }
  }

  private func geluOf(_ x: [Float], byTanh: Bool, set: String) -> (y: [Float], slope: [Float]) {
    // One number more behind each, which must stay.
    var y = x + [77]
    var slope = [Float](repeating: 77, count: x.count + 1)
    kernelSet(set).pointee.elementwise.gelu(byTanh, x, &y, &slope, x.count)
    #expect(y.removeLast() == 77 && slope.removeLast() == 77)
    return (y, slope)
  }

  /// Equality in which a NaN equals a NaN and 0 equals -0.
  private func sameNumbers(_ a: [Float], _ b: [Float]) -> Bool {
    zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}
