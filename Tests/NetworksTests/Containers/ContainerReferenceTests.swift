import CourseTestSupport
import Foundation
import Networks
import Testing

/// Containers against PyTorch in double precision: outputs, and the gradients of input and parameters.
///
///     import torch, torch.nn as nn, torch.nn.functional as F
///     torch.set_default_dtype(torch.float64)
///     def numbers(shape, start, scale=1.0):
///         i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
///         return (torch.sin(i * 0.7 + start) * scale).reshape(shape)
///     def probes(t):
///         t = t.detach().reshape(-1); i = torch.arange(t.numel(), dtype=torch.float64)
///         return [t[0], t[-1], (t * torch.cos(i)).sum(), (t * torch.sin(1.3 * i + 1)).sum()]
///     def show(module, shape):
///         for number, p in enumerate(module.parameters()):
///             p.data = numbers(p.shape, number + 1, 0.4) + (1 if p.dim() == 1 and number % 2 == 1 else 0)
///         x = numbers(shape, 0).requires_grad_()
///         y = module(x)
///         y.backward(numbers(y.shape, 0.5))
///         for t in [y, x.grad] + [p.grad for p in module.parameters()]: print(probes(t))
@Suite(.watched) struct ContainerReferenceTests {
  private static func numbers(_ shape: [Int], start: Float, scale: Float = 1) -> Tensor {
    let count = shape.reduce(1, *)
    let values = (0..<count).map { Float(sin(Double($0) * 0.7 + Double(start))) * scale }
    return Tensor(shape: shape, scalars: values)
  }

  private static func probes(_ tensor: Tensor) -> Tensor {
    let values = tensor.scalars.map { Double($0) }
    let cosine = values.enumerated().reduce(0) { $0 + $1.element * cos(Double($1.offset)) }
    let sine = values.enumerated().reduce(0) { $0 + $1.element * sin(1.3 * Double($1.offset) + 1) }
    return Tensor([Float(values[0]), Float(values[values.count - 1]), Float(cosine), Float(sine)])
  }

  private func expect(
    _ layer: some Layer, inputShape: [Int], _ expected: [Tensor],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var network = NeuralNetwork(inputShape: Array(inputShape.dropFirst()))
    try network.append(layer)
    var number = 0
    network.forEachParameter { _, parameter in
      number += 1
      parameter.value = Self.numbers(parameter.value.shape, start: Float(number), scale: 0.4)
      if parameter.value.rank == 1 && number.isMultiple(of: 2) { parameter.value += 1 }
    }
    let output = network.forward(Self.numbers(inputShape, start: 0))
    let inputGradient = network.backwardToInput(Self.numbers(output.shape, start: 0.5))
    var results = [("output", output), ("input", inputGradient)]
    network.visitParameters { results.append(($0, $1.gradient ?? Tensor(zeros: [1]))) }
    try #require(results.count == expected.count)
    for ((name, result), expected) in zip(results, expected) {
      expectClose(
        Self.probes(result), expected, name, atol: 2e-5, rtol: 2e-5, sourceLocation: sourceLocation)
    }
  }

  private let padding = Padding.explicit(before: [1, 1], after: [1, 1])

  /// A block that halves the image, with a projection as its shortcut.
  ///
  ///     class Residual(nn.Module):
  ///         def __init__(s):
  ///             super().__init__()
  ///             s.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
  ///                 nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4))
  ///             s.shortcut = nn.Conv2d(3, 4, 1, 2)
  ///         def forward(s, x): return F.relu(s.body(x) + s.shortcut(x))
  ///     show(Residual(), (2, 3, 5, 6))
  @Test func residualBlock() throws {
    try expect(
      Sequential(
        Residual(
          Sequential(
            Conv2D(outputChannels: 4, kernelSize: 3, stride: 2, padding: padding, bias: false),
            BatchNorm(), ReLU(),
            Conv2D(outputChannels: 4, kernelSize: 3, padding: padding, bias: false), BatchNorm()),
          shortcut: Conv2D(outputChannels: 4, kernelSize: 1, stride: 2)),
        ReLU()),
      inputShape: [2, 3, 5, 6],
      [
        [2.350613, 2.125949, 0.7162391, 0.3333017],
        [1.230881, -0.8088493, 2.341486, 2.402455],
        [1.046404, -0.2509365, 8.101934, -7.176606],
        [-0.01848878, 0.002027052, -0.02804385, -0.02806262],
        [-0.2029437, -0.04540513, -0.1894045, -0.1752981],
        [0.3472645, -0.2323258, 1.785581, 0.5281617],
        [-10.21787, -8.786863, -2.946394, -3.170867],
        [0.009353738, 0.01176757, -0.001369351, -0.0009655164],
        [7.310005, -1.466027, 1.656529, -1.465876],
        [0.009353738, 0.01176757, -0.001369351, -0.0009655164],
      ])
  }

  /// Two levels of a U-Net.
  ///
  ///     class UNet(nn.Module):
  ///         def __init__(s):
  ///             super().__init__()
  ///             s.a = nn.Conv2d(2, 3, 3, padding=1); s.b = nn.Conv2d(3, 4, 3, padding=1)
  ///             s.c = nn.Conv2d(4, 5, 3, padding=1)
  ///             s.d = nn.Conv2d(9, 4, 3, padding=1); s.e = nn.Conv2d(7, 2, 1)
  ///         def forward(s, x):
  ///             a = torch.tanh(s.a(x)); b = torch.tanh(s.b(F.max_pool2d(a, 2)))
  ///             c = torch.tanh(s.c(F.max_pool2d(b, 2)))
  ///             d = torch.tanh(s.d(torch.cat([b, F.interpolate(c, scale_factor=2)], 1)))
  ///             return s.e(torch.cat([a, F.interpolate(d, scale_factor=2)], 1))
  ///     show(UNet(), (2, 2, 8, 12))
  @Test func nestedSkips() throws {
    func convolution(_ channels: Int) -> Conv2D {
      Conv2D(outputChannels: channels, kernelSize: 3, padding: .same, activation: .tanh)
    }
    try expect(
      Sequential(
        convolution(3),
        Skip(
          Sequential(
            MaxPool2D(kernelSize: 2), convolution(4),
            Skip(Sequential(MaxPool2D(kernelSize: 2), convolution(5), Upsample2D(scaleFactor: 2))),
            convolution(4), Upsample2D(scaleFactor: 2))),
        Conv2D(outputChannels: 2, kernelSize: 1)),
      inputShape: [2, 2, 8, 12],
      [
        [1.016072, 0.3524292, -2.355853, -2.487364],
        [0.476423, 0.07067034, -0.03302618, 3.859163],
        [-3.538004, -13.92381, 93.48111, 6.427616],
        [11.49995, -7.134087, 15.24062, 13.89912],
        [0.02365789, 0.07574668, 0.08789535, -0.1196017],
        [0.03299521, 0.05596491, -0.02230691, -0.02000803],
        [-0.02677617, 0.0003023475, 0.01104529, 0.001819458],
        [-0.02235055, 0.00634596, -0.03252723, -0.02605686],
        [0.01369945, 0.02243463, -0.4243457, 0.08868936],
        [-0.002548827, 0.057191, -0.1121934, -0.1115031],
        [-52.03224, -0.816013, -41.54106, -37.5571],
        [-0.6549562, 1.605206, 0.2123406, 0.6458842],
      ])
  }

  /// Four branches, as in an inception module.
  ///
  ///     class Inception(nn.Module):
  ///         def __init__(s):
  ///             super().__init__()
  ///             s.a = nn.Conv2d(3, 2, 1); s.b = nn.Conv2d(3, 2, 1); s.c = nn.Conv2d(2, 3, 3, padding=1)
  ///             s.d = nn.Conv2d(3, 1, 1); s.e = nn.Conv2d(1, 2, 5, padding=2); s.f = nn.Conv2d(3, 2, 1)
  ///         def forward(s, x):
  ///             return torch.cat([torch.relu(s.a(x)), torch.relu(s.c(torch.relu(s.b(x)))),
  ///                 torch.tanh(s.e(s.d(x))), s.f(F.max_pool2d(x, 3, 1, 1))], 1)
  ///     show(Inception(), (2, 3, 5, 4))
  @Test func branches() throws {
    try expect(
      Branches(
        [
          ConvReLU(outputChannels: 2, kernelSize: 1),
          Sequential(
            ConvReLU(outputChannels: 2, kernelSize: 1),
            ConvReLU(outputChannels: 3, kernelSize: 3, padding: .same)),
          Sequential(
            Conv2D(outputChannels: 1, kernelSize: 1),
            Conv2D(outputChannels: 2, kernelSize: 5, padding: .same, activation: .tanh)),
          Sequential(
            MaxPool2D(kernelSize: 3, stride: 1, padding: .same),
            Conv2D(outputChannels: 2, kernelSize: 1)),
        ], merge: .concatenate),
      inputShape: [2, 3, 5, 4],
      [
        [1.829854, 1.699576, 2.591936, 3.771064],
        [0.361944, 0.7225675, -2.876544, -0.1590573],
        [-1.665783, 7.797789, 10.71443, 17.76775],
        [3.24842, 2.354916, 4.520786, 4.489524],
        [13.46272, -15.53106, 2.92378, -14.63758],
        [-3.318947, -3.382985, -5.146781, -5.315507],
        [-1.373302, 2.710668, -51.3422, 8.504204],
        [-2.364299, 1.765622, -4.756249, -5.058007],
        [21.93389, -20.74047, 32.92279, 30.88899],
        [-8.566088, -8.566088, -8.566088, -7.208114],
        [4.175503, 0.7092909, 19.29767, -12.9958],
        [5.981819, 1.770688, 6.938526, 6.353938],
        [-3.134116, 1.054172, -2.490104, -2.58128],
        [-3.767362, -0.2354911, -3.894598, -3.345732],
      ])
  }
}
