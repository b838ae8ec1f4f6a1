/// A price on the weights themselves, which training pays in addition to the loss.
///
/// Training minimises `L + Σ R(W)`: `L` is the loss of the data, and the sum runs over the weights of the
/// network (each `Parameter` with `isRegularized`, so neither biases nor the scales of a normalisation).
/// A penalty is a function of one tensor of weights, with its gradient:
///
///     struct Half: Penalty {
///       static let typeName = "Half"
///       var configuration = NoConfiguration()
///       init(configuration: NoConfiguration) {}
///       func value(of weights: Tensor) -> Float { 0.5 * abs(weights).sum() }
///       func gradient(of weights: Tensor) -> Tensor { 0.5 * sign(weights) }
///     }
///
/// A network has one for all its layers (`network.penalty`), and a layer may have one of its own in its
/// place (`network.append(_:penalty:)`).
public protocol Penalty: Configurable {
  /// `R(W)`
  func value(of weights: Tensor) -> Float
  /// `dR/dW`, of the shape of the weights.
  func gradient(of weights: Tensor) -> Tensor
}
