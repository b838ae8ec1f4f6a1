import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

/// Functions that treat each element by itself, over counts around the vector widths.
@Suite(.watched) struct ElementwiseTests {
  static let binaries: [(CourseBinary, @Sendable (Float, Float) -> Float)] = [
    (kernelAdd, { $0 + $1 }), (kernelSubtract, { $0 - $1 }), (kernelMultiply, { $0 * $1 }),
    (kernelDivide, { $0 / $1 }), (kernelPower, { pow($0, $1) }),
    (kernelMaximum, { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }),
    (kernelMinimum, { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }),
    (kernelEqual, { $0 == $1 ? 1 : 0 }), (kernelNotEqual, { $0 != $1 ? 1 : 0 }),
    (kernelLess, { $0 < $1 ? 1 : 0 }), (kernelLessOrEqual, { $0 <= $1 ? 1 : 0 }),
    (kernelGreater, { $0 > $1 ? 1 : 0 }), (kernelGreaterOrEqual, { $0 >= $1 ? 1 : 0 }),
  ]

  @Test(arguments: instructionSets)
  func binary(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 1)
    for count in oddSizes where count > 0 {
      var a = numbers.floats(count, in: -3...3), b = numbers.floats(count, in: -3...3)
      a[count / 2] = b[count / 2]
      if count > 4 { (a[count - 1], b[0], a[1]) = (.nan, .nan, .infinity) }
      for (operation, exact) in Self.binaries {
        for (strideA, strideB) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
          // One element more than is written: it must keep its value.
          var out = [Float](repeating: 77, count: count + 1)
          set.pointee.elementwise.binary(operation, a, strideA, b, strideB, &out, count)
          let expected = (0..<count).map { exact(a[$0 * strideA], b[$0 * strideB]) } + [77]
          #expect(
            sameBits(out, expected),
            "binary \(operation.rawValue) on \(name), count \(count), strides \(strideA) \(strideB)"
          )
        }
      }
      var inPlace = a
      inPlace.withUnsafeMutableBufferPointer {
        set.pointee.elementwise.binary(kernelAdd, $0.baseAddress, 1, b, 1, $0.baseAddress, count)
      }
      #expect(sameBits(inPlace, zip(a, b).map(+)), "binary in place on \(name), count \(count)")
    }
  }

  /// An exponent of 2 is a product; it must not differ from pow.
  @Test(arguments: instructionSets)
  func squaresByPower(_ name: String) {
    let x: [Float] = [0, -0.0, 3, -1.7, .infinity, -.infinity, .nan, 1e30, 1e-30]
    var y = x
    kernelSet(name).pointee.elementwise.binary(kernelPower, x, 1, [2], 0, &y, x.count)
    #expect(sameBits(y, x.map { pow($0, 2) }))
  }

  @Test(arguments: instructionSets)
  func unary(_ name: String) {
    let set = kernelSet(name)
    let exact: [(CourseUnary, @Sendable (Double) -> Double)] = [
      (kernelNegate, { -$0 }), (kernelAbsolute, { abs($0) }), (kernelSquare, { $0 * $0 }),
      (kernelReLU, { max($0, 0) }), (kernelExp, { exp($0) }), (kernelTanh, { tanh($0) }),
      (kernelSigmoid, { 1 / (1 + exp(-$0)) }), (kernelReciprocal, { 1 / $0 }),
    ]
    var numbers = TestNumbers(seed: 2)
    for count in oddSizes {
      let x = numbers.floats(count, in: -5...5)
      for (operation, function) in exact {
        var y = [Float](repeating: 77, count: count + 1)
        set.pointee.elementwise.unary(operation, x, &y, count)
        let difference = firstDifference(
          y, x.map { function(Double($0)) } + [77], tolerance: 3e-7)
        #expect(difference == nil, "unary \(operation.rawValue) on \(name), count \(count)")
      }
    }
  }

  @Test(arguments: instructionSets)
  func clipAndAddScaled(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 3)
    for count in oddSizes {
      var x = numbers.floats(count, in: -2...2)
      if count > 2 { x[1] = .nan }
      var y = [Float](repeating: 77, count: count + 1)
      set.pointee.elementwise.clip(x, -1, 0.5, &y, count)
      #expect(
        sameBits(y, x.map { $0.isNaN ? $0 : min(max($0, -1), 0.5) } + [77]),
        "clip on \(name), \(count)")

      let start = numbers.floats(count + 1), addend = numbers.floats(count)
      y = start
      set.pointee.elementwise.addScaled(0.3, addend, &y, count)
      let expected = (0...count).map {
        Double(start[$0]) + ($0 < count ? Double(Float(0.3)) * Double(addend[$0]) : 0)
      }
      #expect(
        firstDifference(y, expected, tolerance: 2e-7) == nil, "addScaled on \(name), \(count)")
    }
  }

  /// In terms of the output y: ReLU y > 0, sigmoid y (1 - y), tanh 1 - y^2.
  @Test(arguments: instructionSets)
  func activationGradient(_ name: String) {
    let set = kernelSet(name)
    let slopes: [(CourseActivation, @Sendable (Double) -> Double)] = [
      (kernelActivationIdentity, { _ in 1 }), (kernelActivationReLU, { $0 > 0 ? 1 : 0 }),
      (kernelActivationSigmoid, { $0 * (1 - $0) }), (kernelActivationTanh, { 1 - $0 * $0 }),
    ]
    var numbers = TestNumbers(seed: 4)
    for count in oddSizes {
      var y = numbers.floats(count)
      if count > 0 { y[0] = 0 }
      let dY = numbers.floats(count)
      for (activation, slope) in slopes {
        var dX = [Float](repeating: 77, count: count + 1)
        set.pointee.elementwise.activationGradient(activation, y, dY, &dX, count)
        let expected = zip(y, dY).map { Double($1) * slope(Double($0)) } + [77]
        #expect(
          firstDifference(dX, expected, tolerance: 3e-7) == nil,
          "activation \(activation.rawValue) on \(name), count \(count)")
      }
    }
  }
}
