import CourseTestSupport
import Networks
import Testing

/// Numbers at the edges: infinity, NaN, negative zero and subnormal numbers go through the activations as
/// they go through PyTorch's (2.9, double precision), as layers and as part of a `Dense`.
@Suite(.watched) struct SpecialValueTests {
  private static let inf = Float.infinity
  private static let tiny = Float.leastNonzeroMagnitude
  private static let inputs: [Float] = [
    -inf, -1, -tiny, -0.0, 0, tiny, 1, inf, .nan,
  ]
  private static let gradients: [Float] = [2, inf, -inf, .nan, 0, tiny]

  /// Equal, or both NaN.
  private func expectSame(
    _ got: [Float], _ expected: [Float], _ subject: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      Tensor(got), Tensor(expected), subject, atol: 0, rtol: 0, nanMatches: true,
      sourceLocation: sourceLocation)
  }

  /// Output and input gradient for every input, with one gradient for all.
  private func pass(_ layer: some Layer, _ gradient: Float) -> (y: [Float], dX: [Float]) {
    var layer = layer
    let y = layer.forward(Tensor(Self.inputs).reshaped(to: [9, 1]), mode: .training)
    return (y.scalars, layer.backward(Tensor(repeating: gradient, shape: [9, 1])).scalars)
  }

  /// torch.where(x <= 0, 0, dY): a comparison with NaN is false, so dY passes there.
  @Test func theGradientOfReLUIsLeftOutAndNotMultiplied() {
    for gradient in Self.gradients {
      let dX = Self.inputs.map { $0 <= 0 ? 0 : gradient }
      let layer = pass(ReLU(), gradient)
      expectSame(layer.y, [0, 0, 0, 0, 0, Self.tiny, 1, Self.inf, .nan], "ReLU.forward")
      expectSame(layer.dX, dX, "ReLU.backward of \(gradient)")
      let x = Tensor(Self.inputs)
      let y = Activation.relu(x)
      expectSame(y.scalars, layer.y, "Activation.relu")
      let fused = Activation.relu.inputGradient(
        output: y, outputGradient: Tensor(repeating: gradient, shape: [9]))
      expectSame(fused.scalars, dX, "Activation.relu.inputGradient of \(gradient)")
    }
  }

  @Test func sigmoidAndTanHAsLayersAndAsActivations() {
    for (layer, activation) in [
      (pass(Sigmoid(), 2), Activation.sigmoid), (pass(TanH(), 2), .tanh),
    ] {
      let y = activation(Tensor(Self.inputs))
      let dX = activation.inputGradient(
        output: y, outputGradient: Tensor(repeating: 2, shape: [9]))
      expectSame(layer.y, y.scalars, "\(activation)")
      expectSame(layer.dX, dX.scalars, "\(activation)'s gradient")
      #expect(y[0] == (activation == .sigmoid ? 0 : -1) && y[7] == 1 && y[8].isNaN)
      #expect(dX[0] == 0 && dX[7] == 0 && dX[8].isNaN)
    }
  }

  /// x > 0 ? x : a x, and x > 0 ? dY : a dY.
  @Test(arguments: [Float(0), 0.01, 0.3, 1]) func leakyReLU(slope: Float) {
    for gradient in Self.gradients {
      let layer = pass(LeakyReLU(negativeSlope: slope), gradient)
      expectSame(layer.y, Self.inputs.map { $0 > 0 ? $0 : slope * $0 }, "slope \(slope), forward")
      expectSame(
        layer.dX, Self.inputs.map { $0 > 0 ? gradient : slope * gradient },
        "slope \(slope), gradient \(gradient)")
    }
  }

  @Test func zeroedLeavesOutWhatAProductWouldNot() {
    let x = Tensor([1, -Self.inf, Self.inf, .nan])
    expectSame(x.zeroed(where: [0, 1, 0, 1]).scalars, [1, 0, Self.inf, 0], "zeroed")
    expectSame(
      [[1, 2], [3, Self.inf]].tensor.zeroed(where: [[0], [1]]).scalars, [1, 2, 0, 0], "rows")
  }

  // MARK: Pooling

  @Test func poolsPassInfinityAndNaN() {
    let rows: [[Float]] = [[-Self.inf, -Self.inf, 1, .nan], [-Self.inf, -Self.inf, 5, 2]]
    let x = Tensor([[rows]])
    for implementation in [Implementation.reference, .fast] {
      var pool = MaxPool2D(kernelSize: 2, implementation: implementation)
      expectSame(pool.forward(x, mode: .training).scalars, [-Self.inf, .nan], "max")
      expectSame(
        pool.backward([[[[1, 2]]]]).scalars, [1, 0, 0, 2, 0, 0, 0, 0], "max, gradient")
      var average = AveragePool2D(kernelSize: 2, implementation: implementation)
      expectSame(average.forward(x, mode: .training).scalars, [-Self.inf, .nan], "average")
      expectSame(
        average.backward(Tensor([Self.inf, 4]).reshaped(to: [1, 1, 1, 2])).scalars,
        [Self.inf, Self.inf, 1, 1, Self.inf, Self.inf, 1, 1], "average, gradient")
    }
  }

  // MARK: Classes that are ruled out

  /// -∞ for a class that cannot be: of all others the loss is as if it were not there.
  @Test func aScoreOfMinusInfinityOfAWrongClassCostsNothing() throws {
    var loss = SoftmaxCrossEntropyLoss()
    let scores = [[-Self.inf, 0], [-Self.inf, 3]].tensor
    #expect(loss.forward(scores, target: .classes([1, 1])) == 0)
    expectSame(loss.backward().scalars, [0, 0, 0, 0], "gradient")
    #expect(loss.forward(scores, target: .values([[0, 1], [0, 1]])) == 0)
    #expect(loss.prediction(from: scores) == [[0, 1], [0, 1]])

    let three = [[-Self.inf, 0, 0]].tensor
    expectClose(loss.forward(three, target: .classes([2])), 0.6931472, "two of three")
    expectClose(loss.backward(), [[0, 0.5, -0.5]], "gradient of two of three")
    // A right class that was ruled out.
    #expect(loss.forward(three, target: .classes([0])) == Self.inf)
    expectClose(loss.backward(), [[-1, 0.5, 0.5]], "gradient of the impossible")
    #expect(loss.forward(three, target: .values([[0.5, 0.5, 0]])) == Self.inf)

    var softmax = Softmax()
    #expect(softmax.forward(three, mode: .training) == [[0, 0.5, 0.5]])
    expectClose(softmax.backward([[1, 2, 4]]), [[0, -0.5, 0.5]], "softmax")
    var probabilities = CrossEntropyLoss()
    expectClose(
      probabilities.forward([[0, 0.5, 0.5]], target: .classes([2])), 0.6931472, "probabilities")

    var sequences = SequenceCrossEntropyLoss()
    let target = Target.classSequences([2, 0], length: 2)
    let steps = [[-Self.inf, 0, 0], [-Self.inf, 0, 0]].tensor.reshaped(to: [1, 2, 3])
    #expect(sequences.forward(steps, target: target) == Self.inf)
    expectClose(sequences.backward(), [[[0, 0.25, -0.25], [-0.5, 0.25, 0.25]]], "sequences")
  }

  @Test func anAnswerThatIsRuledOutCostsNothing() {
    var loss = BinaryCrossEntropyLoss(on: .logits)
    #expect(loss.forward([[-Self.inf], [Self.inf]].tensor, target: .classes([0, 1])) == 0)
    expectSame(loss.backward().scalars, [0, 0], "gradient")
    #expect(loss.forward([[-Self.inf], [0]].tensor, target: .classes([1, 0])) == Self.inf)
    expectSame(loss.backward().scalars, [-0.5, 0.25], "gradient of the impossible")
  }
}

extension [[Float]] {
  fileprivate var tensor: Tensor { Tensor(self) }
}
