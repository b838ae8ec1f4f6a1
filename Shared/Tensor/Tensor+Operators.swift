import CCourseKernels

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence

// MARK: - Arithmetic, element by element, with broadcasting

extension Tensor {
  /// `a + b`, element by element, with broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor { elementwise(kernelAdd, a, b, name: "+") }
  /// `a + b` for every element of `a`.
  public static func + (a: Tensor, b: Float) -> Tensor { elementwise(kernelAdd, a, b) }
  /// `a + b` for every element of `b`.
  public static func + (a: Float, b: Tensor) -> Tensor { elementwise(kernelAdd, a, b) }
  /// `a - b`, element by element, with broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelSubtract, a, b, name: "-")
  }
  /// `a - b` for every element of `a`.
  public static func - (a: Tensor, b: Float) -> Tensor { elementwise(kernelSubtract, a, b) }
  /// `a - b` for every element of `b`.
  public static func - (a: Float, b: Tensor) -> Tensor { elementwise(kernelSubtract, a, b) }
  /// `a * b`, element by element (not the matrix product: that is `matmul`), with broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelMultiply, a, b, name: "*")
  }
  /// `a * b` for every element of `a`.
  public static func * (a: Tensor, b: Float) -> Tensor { elementwise(kernelMultiply, a, b) }
  /// `a * b` for every element of `b`.
  public static func * (a: Float, b: Tensor) -> Tensor { elementwise(kernelMultiply, a, b) }
  /// `a / b`, element by element, with broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelDivide, a, b, name: "/")
  }
  /// `a / b` for every element of `a`.
  public static func / (a: Tensor, b: Float) -> Tensor { elementwise(kernelDivide, a, b) }
  /// `a / b` for every element of `b`.
  public static func / (a: Float, b: Tensor) -> Tensor { elementwise(kernelDivide, a, b) }
  /// `-x` for every element.
  public static prefix func - (x: Tensor) -> Tensor { x.mapped(kernelNegate) }

  /// Adds `b`, which may be broadcast to the shape of `a`.
  public static func += (a: inout Tensor, b: Tensor) {
    a.elementwiseInPlace(kernelAdd, b, name: "+=")
  }
  /// Adds `b` to every element.
  public static func += (a: inout Tensor, b: Float) { a.elementwiseInPlace(kernelAdd, b) }
  /// Subtracts `b`, which may be broadcast to the shape of `a`.
  public static func -= (a: inout Tensor, b: Tensor) {
    a.elementwiseInPlace(kernelSubtract, b, name: "-=")
  }
  /// Subtracts `b` from every element.
  public static func -= (a: inout Tensor, b: Float) { a.elementwiseInPlace(kernelSubtract, b) }
  /// Multiplies by `b`, element by element; `b` may be broadcast to the shape of `a`.
  public static func *= (a: inout Tensor, b: Tensor) {
    a.elementwiseInPlace(kernelMultiply, b, name: "*=")
  }
  /// Multiplies every element by `b`.
  public static func *= (a: inout Tensor, b: Float) { a.elementwiseInPlace(kernelMultiply, b) }
  /// Divides by `b`, element by element; `b` may be broadcast to the shape of `a`.
  public static func /= (a: inout Tensor, b: Tensor) {
    a.elementwiseInPlace(kernelDivide, b, name: "/=")
  }
  /// Divides every element by `b`.
  public static func /= (a: inout Tensor, b: Float) { a.elementwiseInPlace(kernelDivide, b) }
}

// MARK: - Comparisons: 1 where they hold, 0 where they do not

extension Tensor {
  /// 1 where `a` equals `b`, else 0, with broadcasting. (`==` compares whole tensors.)
  public static func .== (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelEqual, a, b, name: ".==")
  }
  /// 1 where an element equals `b`, else 0.
  public static func .== (a: Tensor, b: Float) -> Tensor { elementwise(kernelEqual, a, b) }
  /// 1 where `a` differs from `b`, else 0, with broadcasting.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelNotEqual, a, b, name: ".!=")
  }
  /// 1 where an element differs from `b`, else 0.
  public static func .!= (a: Tensor, b: Float) -> Tensor { elementwise(kernelNotEqual, a, b) }
  /// 1 where `a` is less than `b`, else 0, with broadcasting.
  public static func .< (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelLess, a, b, name: ".<")
  }
  /// 1 where an element is less than `b`, else 0.
  public static func .< (a: Tensor, b: Float) -> Tensor { elementwise(kernelLess, a, b) }
  /// 1 where `a` is at most `b`, else 0, with broadcasting.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelLessOrEqual, a, b, name: ".<=")
  }
  /// 1 where an element is at most `b`, else 0.
  public static func .<= (a: Tensor, b: Float) -> Tensor { elementwise(kernelLessOrEqual, a, b) }
  /// 1 where `a` is greater than `b`, else 0, with broadcasting.
  public static func .> (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelGreater, a, b, name: ".>")
  }
  /// 1 where an element is greater than `b`, else 0.
  public static func .> (a: Tensor, b: Float) -> Tensor { elementwise(kernelGreater, a, b) }
  /// 1 where `a` is at least `b`, else 0, with broadcasting.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    elementwise(kernelGreaterOrEqual, a, b, name: ".>=")
  }
  /// 1 where an element is at least `b`, else 0.
  public static func .>= (a: Tensor, b: Float) -> Tensor {
    elementwise(kernelGreaterOrEqual, a, b)
  }
}
