import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

@Suite(.watched) struct ResNetTests {
  private func network(
    _ inputShape: [Int] = [2, 7, 7], depth: Int = 6, widths: [Int] = [4, 6], classCount: Int = 3,
    shortcuts: Bool = true
  ) throws -> NeuralNetwork {
    try NeuralNetwork.resNet(
      inputShape: inputShape, depth: depth, widths: widths, classCount: classCount,
      shortcuts: shortcuts, optimizer: Momentum(learningRate: 0.05), seed: 1)
  }

  /// Weights, gradients and outputs of the same network in PyTorch, in double precision:
  ///
  ///     class Block(nn.Module):
  ///         def __init__(self, inputs, outputs, stride):
  ///             super().__init__()
  ///             self.body = nn.Sequential(
  ///                 nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
  ///                 nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
  ///             self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
  ///                 nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
  ///         def forward(self, x): return torch.relu(self.body(x) + self.shortcut(x))
  ///     net = nn.Sequential(
  ///         nn.Conv2d(2, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), Block(4, 4, 1), Block(4, 6, 2),
  ///         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))
  ///     # Each parameter is 0.3 * sin(0.7 * k + 0.1), k counting on from one to the next, plus 1 for the
  ///     # scales; the weights of Linear are counted transposed.
  ///     x = torch.sin(0.37 * torch.arange(2 * 2 * 7 * 7)).reshape(2, 2, 7, 7)
  ///     nn.CrossEntropyLoss()(net(x), torch.tensor([0, 2])).backward()
  @Test func itIsPyTorchsNetwork() throws {
    var network = try network()
    var count = 0
    network.forEachParameter { name, parameter in
      let offset: Double = name.hasSuffix("scale") ? 1 : 0
      let values = parameter.value.scalars.indices.map { index in
        Float(0.3 * sin(0.7 * Double(count + index) + 0.1) + offset)
      }
      count += values.count
      parameter.value = Tensor(shape: parameter.value.shape, scalars: values)
    }
    let x = Tensor(
      shape: [2, 2, 7, 7], scalars: (0..<196).map { Float(sin(0.37 * Double($0))) })
    var loss = SoftmaxCrossEntropyLoss()
    let output = network.forward(x)
    expectClose(
      output,
      [
        [-0.236588805, -0.296831841, -0.217470223], [-0.340355838, -0.374267324, -0.232155038],
      ], "the scores", atol: 1e-5)
    let value = loss.forward(output, target: .classes([0, 2]))
    #expect(abs(value - 1.051251312) < 1e-5)
    network.backward(loss.backward())
    for (name, norm, first) in [
      ("layers.0.convolution.weights", 0.0623675677, -0.014812523),
      ("layers.1.body.0.convolution.weights", 0.0159084109, 0.001385661),
      ("layers.2.shortcut.0.weights", 0.0528191749, -0.000697741),
      ("layers.2.body.2.scale", 0.0665377898, -0.007129514),
    ] as [(String, Float, Float)] {
      let gradient = try #require(network.parameters[name]?.gradient)
      expectClose(Float(square(gradient).sum()).squareRoot(), norm, name, atol: 1e-5)
      expectClose(gradient.scalars[0], first, name, atol: 1e-5)
    }
    let averaged = network.forward(x, mode: .inference)
    let expected: Tensor = [
      [-0.122663205, -0.187086207, -0.163519643], [-0.973589555, -0.734295879, -0.149651377],
    ]
    expectClose(averaged, expected, "the scores in inference", atol: 1e-5)
    // Without batch norm, which the convolutions take over, also those of the shortcuts.
    let fused = try network.fused()
    var copy = fused
    expectClose(copy.forward(x, mode: .inference), expected, "the fused network", atol: 1e-5)
    let summary = fused.summary()
    #expect(!summary.contains("BatchNorm"), "\(summary)")
    #expect(summary.contains("ConvReLU"))
  }

  /// He et al. (2016), table 6: 0.27 million weights in 20 layers, 0.46 in 32.
  @Test(arguments: [(8, 78_042), (20, 272_474), (32, 466_906)])
  func depthAndWeights(depth: Int, weights: Int) throws {
    let network = try network([3, 32, 32], depth: depth, widths: [16, 32, 64], classCount: 10)
    #expect(network.parameterCount == weights)
    #expect(network.outputShape == [10])
    var convolutions = 0
    network.visitParameters { _, parameter in
      if parameter.value.shape.suffix(2) == [3, 3] { convolutions += 1 }
    }
    #expect(convolutions == depth - 1)
  }

  /// The plain network has the same layers but for the projections.
  @Test func theSameLayersWithoutShortcuts() throws {
    let plain = try network(depth: 10, shortcuts: false)
    let residual = try network(depth: 10)
    func shapes(_ network: NeuralNetwork) -> [[Int]] {
      var shapes: [[Int]] = []
      network.visitParameters { name, parameter in
        if !name.contains("shortcut") { shapes.append(parameter.value.shape) }
      }
      return shapes
    }
    #expect(shapes(plain) == shapes(residual))
    #expect(!plain.summary().contains("Residual"))
  }

  @Test func itLearnsAndIsSaved() throws {
    // Vertical and horizontal stripes, at any phase.
    let count = 24
    let images = Tensor(
      shape: [count, 1, 8, 8],
      scalars: (0..<count * 64).map { place in
        let (image, row, column) = (place / 64, place / 8 % 8, place % 8)
        return Float(((image % 2 == 0 ? row : column) + image / 2) % 4 / 2)
      })
    let data = try Dataset(features: images, targets: .classes((0..<count).map { $0 % 2 }))
    var network = try network([1, 8, 8], classCount: 2)
    try network.fit(data, options: TrainingOptions(epochs: 12, batchSize: 8))
    #expect(try network.evaluate(data).accuracy == 1)
    try expectReloaded(network, predictsTheSameFor: images)
  }

  @Test func sizesThatDoNotFitAreRefused() {
    for depth in [-4, 2, 7, 8, 1206] {
      expectCourseError(.invalidArgument, "no such depth", "4 n + 2", "6 or 10", "\(depth)") {
        _ = try network(depth: depth)
      }
    }
    for widths in [[], [0, 4], [4, 1 << 20]] {
      expectCourseError(.invalidArgument, "resNet: sizes", "\(widths)") {
        _ = try network(widths: widths)
      }
    }
    expectCourseError(.invalidArgument, "input shape", "[64]") { _ = try network([64]) }
  }
}
