import CourseTestSupport
import Shared
import Testing

/// Values and gradients of the activations of Phase 3 in PyTorch:
///
///     torch.set_default_dtype(torch.float64)
///     x = torch.tensor([-6., -2.5, -1, -0.3, 0, 0.3, 1, 2.5, 6], requires_grad=True)
///     y = layer(x); y.backward(torch.tensor([1., -2, 3, 0.5, 1, -1, 2, 0.25, -1]))
///
/// for nn.Tanh(), nn.Sigmoid(), nn.LeakyReLU(0.125), nn.GELU(), nn.GELU(approximate='tanh').
enum ActivationNumbers {
  static let x: Tensor = [[-6, -2.5, -1], [-0.3, 0, 0.3], [1, 2.5, 6]]
  static let dY: Tensor = [[1, -2, 3], [0.5, 1, -1], [2, 0.25, -1]]

  static func expect(_ layer: some Layer, y: Tensor, dX: Tensor) throws {
    var layer = layer
    let name = type(of: layer).typeName
    let (output, inputGradient) = try trainingPass(&layer, input: x, outputGradient: dY)
    expectClose(output, y, "\(name).forward", atol: 2e-6)
    expectClose(inputGradient, dX, "\(name).backward", atol: 2e-6)
    // The same in another shape, and in inference.
    #expect(
      layer.forward(x.reshaped(to: [3, 1, 3]), mode: .inference) == output.reshaped(to: [3, 1, 3]))
    expectInferenceKeepsNothing(layer, input: x)
  }
}
