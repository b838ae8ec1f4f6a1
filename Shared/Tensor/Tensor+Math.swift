import CCourseKernels

extension Tensor {
  func mapped(_ operation: CourseUnary) -> Tensor {
    Tensor(shape: shape) { out in
      read { x in
        forEachChunk(of: count) { start, length in
          kernels.elementwise.unary(operation, x + start, out + start, length)
        }
      }
    }
  }

  /// The larger of two tensors, element by element, with broadcasting. NaN wins.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    elementwise(kernelMaximum, a, b, name: "maximum")
  }

  /// Every element, or `low` where it is less: `maximum(x, 0)` is ReLU. NaN stays NaN.
  public static func maximum(_ a: Tensor, _ low: Float) -> Tensor {
    elementwise(kernelMaximum, a, low)
  }

  /// The smaller of two tensors, element by element, with broadcasting. NaN wins.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
    elementwise(kernelMinimum, a, b, name: "minimum")
  }

  /// Every element, or `high` where it is greater. NaN stays NaN.
  public static func minimum(_ a: Tensor, _ high: Float) -> Tensor {
    elementwise(kernelMinimum, a, high)
  }

  /// Every element limited to `low...high`. NaN stays NaN.
  public func clipped(to range: ClosedRange<Float>) -> Tensor {
    Tensor(shape: shape) { out in
      read { x in
        forEachChunk(of: count) { start, length in
          kernels.elementwise.clip(
            x + start, range.lowerBound, range.upperBound, out + start, length)
        }
      }
    }
  }

  /// Every element, or 0 where `mask` is not 0, with broadcasting.
  ///
  /// A product with 0 is no way to leave elements out: 0 times infinity is NaN.
  ///
  ///     let x = Tensor([1, -Float.infinity])
  ///     x.zeroed(where: x .< 0)   // [1, 0]
  public func zeroed(where mask: Tensor) -> Tensor {
    Tensor.elementwise(kernelZeroWhere, self, mask, name: "zeroed(where:)")
  }

  /// `self += factor * other` in one pass over memory; the shapes must be equal.
  ///
  /// The step of gradient descent: `weights.add(gradient, scaledBy: -learningRate)`.
  public mutating func add(_ other: Tensor, scaledBy factor: Float) {
    guard shape == other.shape else {
      stop("Tensor.add(_:scaledBy:)", expected: "shape \(shape)", received: "\(other.shape)")
    }
    let count = count
    other.read { x in
      write { y in
        forEachChunk(of: count) { start, length in
          kernels.elementwise.addScaled(factor, x + start, y + start, length)
        }
      }
    }
  }

  /// Whether no element is NaN or infinite.
  public var isFinite: Bool { firstNonFiniteIndex == nil }

  /// The row-major position of the first element that is NaN or infinite, `nil` if there is none.
  public var firstNonFiniteIndex: Int? {
    let index = read { kernels.reductions.firstNonFinite($0, count) }
    return index < count ? index : nil
  }
}

/// `eˣ` of every element (at most 2 units in the last place from the exact value).
public func exp(_ x: Tensor) -> Tensor { x.mapped(kernelExp) }
/// The natural logarithm of every element; `-inf` at 0, NaN below.
public func log(_ x: Tensor) -> Tensor { x.mapped(kernelLog) }
/// The square root of every element; NaN below 0.
public func sqrt(_ x: Tensor) -> Tensor { x.mapped(kernelSquareRoot) }
/// The hyperbolic tangent of every element.
public func tanh(_ x: Tensor) -> Tensor { x.mapped(kernelTanh) }
/// The logistic function `1 / (1 + e⁻ˣ)` of every element.
public func sigmoid(_ x: Tensor) -> Tensor { x.mapped(kernelSigmoid) }
/// The absolute value of every element.
public func abs(_ x: Tensor) -> Tensor { x.mapped(kernelAbsolute) }
/// 1 for every positive element, -1 for every negative one, 0 for a zero.
public func sign(_ x: Tensor) -> Tensor { (x .> 0) - (x .< 0) }
/// `x²` of every element.
public func square(_ x: Tensor) -> Tensor { x.mapped(kernelSquare) }
/// Every element raised to `exponent`.
public func pow(_ x: Tensor, _ exponent: Float) -> Tensor {
  Tensor.elementwise(kernelPower, x, exponent)
}
/// Every element of `x` raised to the element of `exponent` at its place, with broadcasting.
public func pow(_ x: Tensor, _ exponent: Tensor) -> Tensor {
  Tensor.elementwise(kernelPower, x, exponent, name: "pow")
}

/// The Gaussian error linear unit `x Φ(x)` of every element, Φ the distribution function of the standard
/// normal distribution.
/// - Parameter byTanh: whether Φ is approximated by `(1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`
public func gelu(_ x: Tensor, byTanh: Bool = false) -> Tensor {
  x.mapped(byTanh ? kernelGELUTanh : kernelGELU)
}
/// `gelu` and its derivative, `Φ(x) + x φ(x)` or that of the approximation: the two together cost little more
/// than one.
package func geluWithSlope(_ x: Tensor, byTanh: Bool) -> (value: Tensor, slope: Tensor) {
  let count = x.count
  var slope = Tensor(shape: x.shape) { _ in }
  let value = Tensor(shape: x.shape) { y in
    x.read { x in
      slope.write { slope in
        forEachChunk(of: count) { start, count in
          kernels.elementwise.gelu(byTanh, x + start, y + start, slope + start, count)
        }
      }
    }
  }
  return (value, slope)
}
