import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

/// The examples of Protocols/Phase2-CNN.md, with the numbers that stand there. The last one needs Phase 1 and
/// is tested in NetworksTests.
///
/// The lines between "Text" and the checks are those of the text.
@Suite(.watched) struct Phase2TextTests {
  @Test func notation() {
    // Text
    let image = Tensor([[[[1, 2], [3, 4]]]])
    let padded = image.padded(before: [0, 0, 1, 0], after: [0, 0, 0, 1])
    var sums = Tensor(zeros: [1, 1, 2, 2])
    sums[0, 0, 1, 0] += 5

    #expect(image[0, 0, 1, 0] == 3)
    #expect(sums == Tensor([[[[0, 0], [5, 0]]]]))
    #expect(padded == Tensor([[[[0, 0, 0], [1, 2, 0], [3, 4, 0]]]]))
    #expect(image[0..., 0..., 0..<1, 0..<2] == Tensor([[[[1, 2]]]]))
  }

  @Test(.waits(for: Conv2DTests.steps)) func tasks1And2Conv2D() throws {
    // Text, 2.1 and 2.2
    var layer = Conv2D(
      inputChannels: 1, outputChannels: 1, kernelSize: 2, implementation: .reference, seed: 1)
    layer.weights.value = Tensor([[[[1, 2], [3, -1]]]])
    layer.bias?.value = [10]

    let y = layer.forward(Tensor([[[[1, 2, 3], [4, 5, 6], [7, 8, 10]]]]), mode: .training)
    let dX = layer.backward(Tensor([[[[1, 2], [-1, 3]]]]))

    expectClose(y, Tensor([[[[22, 27], [37, 41]]]]), "task 2.1, by hand, Y")
    expectClose(
      dX, Tensor([[[[1, 4, 4], [2, 6, 4], [-3, 10, -3]]]]), "task 2.2, by hand, dX")
    expectClose(
      try #require(layer.weights.gradient), Tensor([[[[16, 21], [31, 39]]]]),
      "task 2.2, by hand, dW")
    expectClose(try #require(layer.bias?.gradient), [5], "task 2.2, by hand, db")
  }

  /// Text, 2.1: H = 5, kH = 4, s = 2.
  @Test(.waits(for: Conv2DTests.steps), arguments: [Implementation.reference, .fast])
  func theExampleOfSamePadding(implementation: Implementation) throws {
    func layer(_ padding: Padding) -> Conv2D {
      var layer = Conv2D(
        inputChannels: 1, outputChannels: 1, kernelSize: [4, 1], stride: 2, padding: padding,
        implementation: implementation, seed: 1)
      layer.weights.value = Tensor([[[[1], [10], [100], [1000]]]])
      return layer
    }
    var (same, explicit) = (layer(.same), layer(.explicit(before: [1, 0], after: [2, 0])))
    let x = Tensor([[[[1], [2], [3], [4], [5]]]])
    let (y, expected) = try (forwardPass(&same, input: x), forwardPass(&explicit, input: x))
    expectClose(y, Tensor([[[[3210], [5432], [54]]]]), "the example of .same")
    expectClose(expected, y, "1 row above, 2 below")
  }

  /// Text, 2.1: what the FAU exercise pads, and its shapes.
  @Test func thePaddingOfTheCourse() throws {
    let (m, n) = (5, 8)
    let layer = Conv2D(
      inputChannels: 3, outputChannels: 4, kernelSize: [m, n], stride: [3, 2],
      padding: .explicit(before: [m / 2, n / 2], after: [(m - 1) / 2, (n - 1) / 2]), seed: 1)
    #expect(try layer.outputShape(for: [3, 10, 14]) == [4, 4, 7])
    #expect(try layer.outputShape(for: [3, 11, 15]) == [4, 4, 8])
  }

  @Test(.waits(for: Conv1DTests.steps)) func task3Conv1D() throws {
    // Text, 2.3
    var layer = Conv1D(
      inputChannels: 1, outputChannels: 1, kernelSize: 3, implementation: .reference, seed: 1)
    layer.weights.value = [[[1, 0, -2]]]
    layer.bias?.value = [100]

    let y = layer.forward([[[1, 2, 4, 8, 16]]], mode: .training)
    let dX = layer.backward([[[1, 10, 1000]]])

    expectClose(y, [[[93, 86, 72]]], "task 2.3, by hand, Y")
    expectClose(dX, [[[1, 10, 998, -20, -2000]]], "task 2.3, by hand, dX")
    expectClose(
      try #require(layer.weights.gradient), [[[4021, 8042, 16084]]], "task 2.3, by hand, dW")
    expectClose(try #require(layer.bias?.gradient), [1011], "task 2.3, by hand, db")
  }

  @Test(.waits(for: MaxPool2DTests.steps)) func task4MaxPool2D() throws {
    // Text, 2.4
    var pool = MaxPool2D(kernelSize: 2, stride: 1, implementation: .reference)
    let y = pool.forward(Tensor([[[[1, 5, 2], [7, 3, 4], [6, 0, 8]]]]), mode: .training)
    let dX = pool.backward(Tensor([[[[1, 10], [100, 1000]]]]))

    expectClose(y, Tensor([[[[7, 5], [7, 8]]]]), "task 2.4, by hand, Y")
    expectClose(
      dX, Tensor([[[[0, 10, 0], [101, 0, 0], [0, 0, 1000]]]]), "task 2.4, by hand, dX")
  }

  @Test(.waits(for: AveragePool2DTests.steps)) func task5AveragePool2D() throws {
    // Text, 2.5
    var pool = AveragePool2D(kernelSize: 2, stride: 1, implementation: .reference)
    let y = pool.forward(Tensor([[[[1, 5, 2], [7, 3, 4], [6, 0, 8]]]]), mode: .training)
    let dX = pool.backward(Tensor([[[[4, 8], [12, 16]]]]))

    expectClose(y, Tensor([[[[4, 3.5], [4, 3.75]]]]), "task 2.5, by hand, Y")
    expectClose(dX, Tensor([[[[1, 3, 2], [4, 10, 6], [3, 7, 4]]]]), "task 2.5, by hand, dX")
  }

  @Test(.waits(for: FlattenTests.steps)) func task6Flatten() throws {
    // Text, 2.6
    var flatten = Flatten()
    let y = flatten.forward(Tensor([[[[1, 2]], [[3, 4]]]]), mode: .training)
    let dX = flatten.backward([[5, 6, 7, 8]])

    expectClose(y, [[1, 2, 3, 4]], "task 2.6, by hand, Y")
    expectClose(dX, Tensor([[[[5, 6]], [[7, 8]]]]), "task 2.6, by hand, dX")
  }

  @Test(.waits(for: MomentumTests.steps)) func task7Momentum() {
    // Text, 2.7
    let optimizer = Momentum(learningRate: 1, momentum: 0.9, implementation: .reference)
    var weights: Tensor = [1]
    var state = Momentum.State(for: weights)
    optimizer.update(&weights, gradient: [1], state: &state, step: 1)
    expectClose(weights, [0], "task 2.7, by hand, first step")
    optimizer.update(&weights, gradient: [1], state: &state, step: 2)
    expectClose(weights, [-1.9], "task 2.7, by hand, second step")
  }

  @Test(.waits(for: AdamTests.steps)) func task8Adam() {
    // Text, 2.8
    let optimizer = Adam(learningRate: 1, beta1: 0.5, beta2: 0.75, implementation: .reference)
    var weights: Tensor = [1]
    var state = Adam.State(for: weights)
    optimizer.update(&weights, gradient: [2], state: &state, step: 1)
    expectClose(weights, [0], "task 2.8, by hand, first step")
    optimizer.update(&weights, gradient: [0], state: &state, step: 2)
    expectClose(weights, [-0.5092], "task 2.8, by hand, second step", atol: 5e-5)
  }

  @Test(
    .waits(for: Conv2DTests.steps), .waits(for: MaxPool2DTests.steps),
    .waits(for: SandwichTests.steps)) func task9SandwichLayers() throws
  {
    // Text, 2.9
    let x = Tensor([[[[0, 2, 0, 1, 3], [1, 0, 0, 0, 1], [2, 2, 0, 0, 1]]]])

    var layer = ConvReLU(
      inputChannels: 1, outputChannels: 1, kernelSize: 2, implementation: .reference, seed: 1)
    layer.convolution.weights.value = Tensor([[[[1, -1], [2, -2]]]])
    layer.convolution.bias?.value = [-1]
    let a = layer.forward(x, mode: .training)
    let dX = layer.backward(Tensor([[[[1, 2, 3, 4], [5, 6, 7, 8]]]]))

    let z = layer.convolution.forward(x, mode: .inference)
    expectClose(z, Tensor([[[[-1, 1, -2, -5], [0, 3, -1, -4]]]]), "task 2.9, by hand, Z")
    expectClose(a, Tensor([[[[0, 1, 0, 0], [0, 3, 0, 0]]]]), "task 2.9, by hand, A")
    expectClose(
      dX, Tensor([[[[0, 2, -2, 0, 0], [0, 10, -10, 0, 0], [0, 12, -12, 0, 0]]]]),
      "task 2.9, by hand, dX")
    expectClose(
      try #require(layer.convolution.weights.gradient), Tensor([[[[4, 0], [12, 0]]]]),
      "task 2.9, by hand, dW")
    expectClose(try #require(layer.convolution.bias?.gradient), [8], "task 2.9, by hand, db")

    // Text, 2.9
    var sandwich = ConvReLUPool(
      inputChannels: 1, outputChannels: 1, kernelSize: 2, implementation: .reference, seed: 1)
    sandwich.convolution.weights.value = layer.convolution.weights.value
    sandwich.convolution.bias?.value = [-1]
    let y = sandwich.forward(x, mode: .training)
    let dXOfPool = sandwich.backward(Tensor([[[[10, 100]]]]))

    expectClose(y, Tensor([[[[3, 0]]]]), "task 2.9, by hand, Y of ConvReLUPool")
    expectClose(
      dXOfPool, Tensor([[[[0, 0, 0, 0, 0], [0, 10, -10, 0, 0], [0, 20, -20, 0, 0]]]]),
      "task 2.9, by hand, dX of ConvReLUPool")
  }

  @Test(.waits(for: AssemblyTests.steps)) func task10Networks() throws {
    // Text, 2.10: the table
    var network = NeuralNetwork(inputShape: [3, 32, 32], seed: 1)
    let layers = vggNetLayers(
      inputShape: [3, 32, 32], blocks: [[32, 32], [64, 64]], hiddenSizes: [256], classCount: 10,
      dense: AssembledDense.init)
    var counts: [Int] = []
    for layer in layers {
      let before = network.parameterCount
      try network.append(layer)
      counts.append(network.parameterCount - before)
    }
    #expect(
      network.layerOutputShapes == [
        [32, 32, 32], [32, 16, 16], [64, 16, 16], [64, 8, 8], [4096], [256], [10],
      ])
    #expect(counts == [896, 9248, 18_496, 36_928, 0, 1_048_832, 2570])
    let blocks = [[32, 32], [64, 64]]
    let count = convNetParameterCount(
      inputShape: [3, 32, 32], blocks: blocks, kernelSize: 3, hiddenSizes: [256], classCount: 10)
    #expect(network.parameterCount == 1_116_970 && count == 1_116_970)
    #expect(Float(1_048_832) / 1_116_970 > 0.93 && Float(1_048_832) / 1_116_970 < 0.95)

    // Text, 2.10: CS231n's network, and LeNet-5 in the FAU exercises
    #expect(
      convNetParameterCount(
        inputShape: [3, 32, 32], blocks: [[32]], kernelSize: 7, hiddenSizes: [100], classCount: 10)
        == 825_046)
    #expect(
      convNetParameterCount(
        inputShape: [1, 28, 28], blocks: [[6], [16]], kernelSize: 5, hiddenSizes: [120, 84],
        classCount: 10) == 107_786)
    // Two kernels of 3 x 3 against one of 5 x 5, from 32 channels to 32.
    #expect(2 * (32 * 32 * 9) == 18_432 && 32 * 32 * 25 == 25_600)
  }

  /// Each symptom in quotation marks is what a test of this folder says, or one of its helpers.
  @Test func everySymptomOfTheTextIsToldByATest() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let tests = folder.deletingLastPathComponent()
    func text(of folder: URL) throws -> String {
      try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix(".swift") && $0 != "Phase2TextTests.swift" }
        .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
    }
    let words = try text(of: folder) + text(of: tests.appending(path: "TestSupport"))
    let protocols = tests.deletingLastPathComponent().appending(path: "Protocols/Phase2-CNN.md")
    let rows = try String(contentsOf: protocols, encoding: .utf8)
      .split(separator: "\n").filter { $0.hasPrefix("| \"") }
    #expect(rows.count > 40)
    for row in rows {
      let symptoms = (row.split(separator: "|").first ?? "").split(separator: "\"")
        .enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      for symptom in symptoms where !words.contains(symptom) {
        Issue.record("no test of Phase 2 can print \"\(symptom)\"")
      }
    }
  }
}
