import Shared

/// Layers with a way around them, which adds what they are given to what they return.
///
/// Computes `Y = max(0, F(X) + S(X))`.
/// - `X`: input; `Y`: output, of the shape that F returns
/// - `F`: `body`, any layer, usually two convolutions
/// - `S`: `shortcut`, a layer that gives X the shape of F(X); without one, `S(X) = X`
///
/// Given `dY`, with `dZ = dY ⊙ [Y > 0]`, the gradient of the sum:
///
///     dX = F'(dZ) + S'(dZ)              F'(dZ): the input gradient of F; without a shortcut, S'(dZ) = dZ
///
///     var block = ResidualBlock(body: body)                    // body: 2 · X, say
///     block.forward([[1, -1]], mode: .training)                // [[3, 0]]: max(0, 2 X + X)
///     block.backward([[1, 1]])                                 // [[3, 0]]: 2 · 1 + 1, and 0 where Y is 0
///
/// In a network use `Residual` with `activation: .relu`, which is a layer like any other.
///
/// - Complexity: that of body and shortcut.
/// - Reference: He, Zhang, Ren, Sun (2016), "Deep Residual Learning for Image Recognition", *CVPR*, section 3.
///   Task: Protocols/Explorations.md, 5.1.
public struct ResidualBlock: Sendable {
  /// F.
  public var body: any Layer
  /// S; `nil` is the identity.
  public var shortcut: (any Layer)?
  private var kept = Kept<Tensor>()

  /// `Y = max(0, F(X) + S(X))`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(5.1): the output of body plus that of the shortcut, or plus the input where there is none (`shortcut == nil`);
    // of it Tensor.maximum(z, 0). Keep Y for backward: kept.set(y, in: mode).
    // BEGIN SOLUTION
    let sum = body.forward(input, mode: mode) + (shortcut?.forward(input, mode: mode) ?? input)
    let output = Tensor.maximum(sum, 0)
    kept.set(output, in: mode)
    return output
    // END SOLUTION
  }

  /// `dX = F'(dZ) + S'(dZ)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: "ResidualBlock")
    requireGradient(outputGradient, shape: output.shape, of: "ResidualBlock")
    // TODO(5.1): dZ = dY ⊙ [Y > 0], where (output .> 0) is 1 or 0; then the sum of both ways back.
    // BEGIN SOLUTION
    let dZ = outputGradient * (output .> 0)
    return body.backward(dZ) + (shortcut?.backward(dZ) ?? dZ)
    // END SOLUTION
  }

  /// Creates the block.
  /// - Parameters:
  ///   - body: F
  ///   - shortcut: S; `nil` for the identity
  public init(body: any Layer, shortcut: (any Layer)? = nil) {
    (self.body, self.shortcut) = (body, shortcut)
  }
}
