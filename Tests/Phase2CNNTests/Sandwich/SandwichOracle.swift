import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// A sandwich once more, put together from layers that run their kernels: its results, and those of the usual
/// mistakes.
struct SandwichOracle {
  let x: Tensor, z: Tensor, a: Tensor, y: Tensor
  private let convolution: Conv2D
  private let pool: MaxPool2D?

  /// - Parameter pool: the pooling of a ConvReLUPool
  init(_ convolution: Conv2D, pool: MaxPool2D? = nil, x: Tensor) {
    var (convolution, pool) = (convolution, pool)
    self.x = x
    z = convolution.forward(x, mode: .training)
    a = z.zeroed(where: z .<= 0)
    y = pool?.forward(a, mode: .training) ?? a
    (self.convolution, self.pool) = (convolution, pool)
  }

  // MARK: Forward

  /// The outputs of mistakes.
  var outputMistakes: KeyValuePairs<String, Tensor> {
    let positive = relu(x)
    let onPositive = convolved(positive)
    let poolingFirst = relu(convolved(pooled(x)))
    guard pool != nil else {
      return [
        "ReLU is missing: A = max(0, Z)": z,
        "ReLU comes before the convolution: A = max(0, Z)": onPositive,
        "the convolution is missing: Z = X ∗ W + b": positive,
        "nothing is computed: the output is the input": x,
        "the positive numbers are cut off instead of the negative ones: A = max(0, Z)": z - a,
        "it is the mask, 1 where A is positive: return A": a .> 0,
        "it is zero": Tensor(zeros: z.shape),
      ]
    }
    return [
      "ReLU is missing: A = max(0, Z)": pooled(z),
      "the pooling is missing: Y = maxpool(A)": a,
      "ReLU and pooling are missing: Y = maxpool(max(0, Z))": z,
      "the convolution is missing: Z = X ∗ W + b": pooled(positive),
      "ReLU comes before the convolution: A = max(0, Z)": pooled(onPositive),
      "the pooling comes before the convolution: Y = maxpool(max(0, Z))": poolingFirst,
      "the positive numbers are cut off instead of the negative ones: A = max(0, Z)": pooled(z - a),
      "it is zero": Tensor(zeros: y.shape),
    ]
  }

  private func relu(_ x: Tensor) -> Tensor { x.zeroed(where: x .<= 0) }
  private func convolved(_ x: Tensor) -> Tensor {
    var convolution = convolution
    return convolution.forward(x, mode: .inference)
  }
  private func pooled(_ x: Tensor) -> Tensor {
    var pool = pool
    return pool?.forward(x, mode: .inference) ?? x
  }

  // MARK: Backward

  /// The gradients of input, weights and bias.
  typealias Gradients = (dX: Tensor, dW: Tensor, db: Tensor)

  /// The gradients when the convolution gets `dZ`.
  func gradients(ofConvolution dZ: Tensor) -> Gradients {
    var convolution = convolution
    let dX = convolution.backward(dZ)
    return (dX, convolution.weights.gradient ?? [], convolution.bias?.gradient ?? [])
  }

  func gradients(_ dY: Tensor) -> Gradients {
    gradients(ofConvolution: gradientOfReLU(dY) * (a .> 0))
  }

  /// What ReLU gets: dA.
  private func gradientOfReLU(_ dY: Tensor) -> Tensor {
    var pool = pool
    return pool?.backward(dY) ?? dY
  }

  /// What mistakes hand to the convolution.
  func mistakes(_ dY: Tensor) -> [(words: String, dZ: Tensor)] {
    let dA = gradientOfReLU(dY)
    var mistakes = [
      ("the mask is missing: the gradient passes ReLU only where A is positive", dA),
      ("the mask is that of the gradient: it belongs to A", dA * (dA .> 0)),
      ("the mask is turned round: the gradient passes where A is positive", dA * (a .<= 0)),
      ("at Z = 0 the gradient passes, where ReLU is flat: .> instead of .>=", dA * (z .>= 0)),
      ("A itself multiplies the gradient: the mask is 1 where A is positive", dA * a),
      ("the mask stands in for the gradient: dZ = dA ⊙ [A > 0]", a .> 0),
    ]
    if x.shape == z.shape {
      mistakes.append(("the mask is that of the input: it belongs to A", dA * (x .> 0)))
    }
    return mistakes
  }

  /// Input gradients of mistakes after which the convolution never saw dZ, or its answer was dropped.
  func inputGradientMistakes(_ dY: Tensor) -> KeyValuePairs<String, Tensor> {
    let dA = gradientOfReLU(dY)
    return [
      "dZ is returned: return what the convolution makes of it": dA * (a .> 0),
      "dA is returned: it has to go through ReLU and the convolution": dA,
      "dY is returned: it has to go through all layers, from last to first": dY,
      "it is zero": Tensor(zeros: x.shape),
    ]
  }
}
