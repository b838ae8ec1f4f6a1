import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Losses of networks that name a class for each pixel.
@Suite(.watched) struct SegmentationLossTests {
  // Two images of 2 x 4 pixels and three classes, some pixels without one. In double precision, from PyTorch:
  //
  //     n = torch.Size(shape).numel()
  //     x = torch.tensor([(i * 7 % 23 - 11) / 6 for i in range(n)]).reshape(shape).requires_grad_()
  //     k = torch.tensor(labels).reshape(2, 2, 4)
  private static let shape = [2, 3, 2, 4]
  private static let x = Tensor(
    shape: shape, scalars: (0..<48).map { Float($0 * 7 % 23 - 11) / 6 })
  private static let labels = [0, 2, -1, 1, 0, 0, 2, -1, 1, 0, 0, 2, -1, 1, 0, 0]
  private static let target = Target.classSequences(labels, length: 8)

  /// Compares with finite differences. The pixels are few: a share of many is lost in the rounding of the loss.
  private func checkFewPixels(_ loss: some Loss) {
    let report = checkGradients(
      of: loss, prediction: Tensor(normal: [2, 3, 1, 3], key: RandomKey(seed: varied(1))),
      target: .classSequences([0, 2, Target.ignored, 1, 1, 0], length: 3), step: 0.03,
      seed: varied(2))
    #expect(report.passed, "\(report)")
  }

  // MARK: Cross-entropy

  // L = F.cross_entropy(x, k, ignore_index=-1); L.backward(); print(L, x.grad)
  @Test func crossEntropyMatchesPyTorch() throws {
    var loss = PixelCrossEntropyLoss()
    let (value, gradient) = try lossPass(&loss, Self.x, target: Self.target)
    expectClose(value, 1.84146508, "PixelCrossEntropyLoss.forward")
    expectClose(
      gradient,
      Tensor(
        shape: Self.shape,
        scalars: [
          -0.0746821278, 0.0111466231, 0, 0.0446944083, -0.0657764538, -0.0657764538, 0.0446944083,
          0, 0.0118646828, 0.0590156851, 0, -0.0718029372, 0.0590156851, 0.0590156851,
          0.00512013974, 0, 0.062817445, -0.0701623083, 0, 0.0271085289, 0.00676076867,
          0.00676076867, -0.049814548, 0, 0.0111466231, -0.0322286687, -0.0322286687, 0.0111466231,
          0, 0.0446944083, -0.0657764538, -0.0657764538, -0.0179073918, 0.00512013974,
          0.00512013974, 0.0590156851, 0, -0.0718029372, 0.0590156851, 0.0590156851, 0.00676076867,
          0.0271085289, 0.0271085289, -0.0701623083, 0, 0.0271085289, 0.00676076867, 0.00676076867,
        ]),
      "PixelCrossEntropyLoss.backward")
    var summed = PixelCrossEntropyLoss(reduction: .sum)
    expectClose(
      summed.forward(Self.x, target: Self.target), 23.939046,
      "PixelCrossEntropyLoss(reduction: .sum).forward")
  }

  // The same with weight=torch.tensor([0.5, 2, 1])
  @Test func classesCountDifferently() throws {
    var loss = PixelCrossEntropyLoss(classWeights: [0.5, 2, 1])
    let (value, gradient) = try lossPass(&loss, Self.x, target: Self.target)
    expectClose(value, 1.87592381, "PixelCrossEntropyLoss(classWeights:).forward")
    expectClose(
      gradient,
      Tensor(
        shape: Self.shape,
        scalars: [
          -0.0388347065, 0.011592488, 0, 0.0929643692, -0.034203756, -0.034203756, 0.0464821846, 0,
          0.00616963505, 0.0613763126, 0, -0.149350109, 0.0306881563, 0.0306881563, 0.00532494533,
          0, 0.0326650714, -0.0729688006, 0, 0.0563857402, 0.00351559971, 0.00351559971,
          -0.0518071299, 0, 0.0231849761, -0.0167589077, -0.0167589077, 0.011592488, 0,
          0.0929643692, -0.034203756, -0.034203756, -0.0372473749, 0.00266247267, 0.00266247267,
          0.0613763126, 0, -0.149350109, 0.0306881563, 0.0306881563, 0.0140623988, 0.014096435,
          0.014096435, -0.0729688006, 0, 0.0563857402, 0.00351559971, 0.00351559971,
        ]),
      "PixelCrossEntropyLoss(classWeights:).backward")
    #expect(loss.totalWeight(of: Self.target, weights: nil) == 12.5)  // 7, 3 and 3 pixels
  }

  @Test func crossEntropyGradients() {
    for reduction in Reduction.allCases {
      checkFewPixels(PixelCrossEntropyLoss(reduction: reduction, labelSmoothing: 0.125))
    }
    // Nothing is asked for: nothing to learn.
    var loss = PixelCrossEntropyLoss()
    let nothing = Target.classSequences([Int](repeating: Target.ignored, count: 16), length: 8)
    #expect(loss.forward(Self.x, target: nothing) == 0)
    #expect(loss.backward() == Tensor(zeros: Self.shape))
  }

  // MARK: Dice

  // p = F.softmax(x, 1); m = (k >= 0).double().unsqueeze(1)
  // t = F.one_hot(k.clamp(min=0), 3).permute(0, 3, 1, 2) * m
  // d = (2 * (p * t).sum((2, 3)) + eps) / ((p * m).sum((2, 3)) + t.sum((2, 3)) + eps)
  // L = (w * (1 - d.mean(1))).sum() / w.sum()                # d[:, 1:] without background
  @Test func diceMatchesPyTorch() throws {
    var loss = SoftDiceLoss()
    let (value, gradient) = try lossPass(&loss, Self.x, target: Self.target)
    expectClose(
      value, 0.627560381, "SoftDiceLoss.forward",
      mistakes: ["it is the coefficient, not one minus it": 1 - 0.627560381])
    expectClose(
      gradient,
      Tensor(
        shape: Self.shape,
        scalars: [
          -0.00179781048, 0.000784535569, 0, 0.00175906492, -0.00744417915, -0.00744417915,
          0.0132135421, 0, -0.000326826681, 0.00441701114, 0, -0.00461054709, 0.00630678262,
          0.00630678262, 0.00153657135, 0, 0.00212463716, -0.00520154671, 0, 0.00285148217,
          0.00113739654, 0.00113739654, -0.0147501135, 0, 0.00594251048, -0.012018313, -0.012018313,
          0.00127619555, 0, 0.00111949136, -0.00560956142, -0.00560956142, -0.00996263447,
          0.00159860272, 0.00159860272, 0.00612838376, 0, -0.00346575957, 0.00459532585,
          0.00459532585, 0.00402012399, 0.0104197102, 0.0104197102, -0.00740457931, 0,
          0.00234626821, 0.00101423557, 0.00101423557,
        ]),
      "SoftDiceLoss.backward", atol: 1e-6)
  }

  @Test func diceWithoutBackground() throws {
    var loss = SoftDiceLoss(smoothing: 0.25, background: 0)
    let (value, gradient) = try lossPass(&loss, Self.x, target: Self.target)
    expectClose(value, 0.778099389, "SoftDiceLoss(background:).forward")
    expectClose(
      gradient,
      Tensor(
        shape: Self.shape,
        scalars: [
          -0.000442189367, 0.000634519376, 0, 0.00123116962, -0.000943599836, -0.000943599836,
          0.0215664028, 0, -0.00133875213, 0.00834553272, 0, -0.0080955863, -9.80375162e-06,
          -9.80375162e-06, 0.00290320899, 0, 0.00178094149, -0.00898005209, 0, 0.00686441668,
          0.000953403588, 0.000953403588, -0.0244696118, 0, 0.00813094096, -0.00369198561,
          -0.00369198561, 0.000453264333, 0, -0.000187933277, -0.00194176943, -0.00194176943,
          -0.0143860201, 0.000624819064, 0.000624819064, 0.0144765805, 0, -0.00500454844,
          0.00179609803, 0.00179609803, 0.00625507909, 0.00306716654, 0.00306716654, -0.0149298448,
          0, 0.00519248171, 0.000145671404, 0.000145671404,
        ]),
      "SoftDiceLoss(background:).backward", atol: 1e-6)
  }

  // w = torch.tensor([3, 0.5])
  @Test func imagesCountDifferently() throws {
    var loss = SoftDiceLoss()
    let value = loss.forward(Self.x, target: Self.target, weights: [3, 0.5])
    expectClose(value, 0.67190609, "SoftDiceLoss.forward with weights")
    expectClose(
      loss.backward(),
      Tensor(
        shape: Self.shape,
        scalars: [
          -0.00308196082, 0.00134491812, 0, 0.00301553986, -0.01276145, -0.01276145, 0.0226517865,
          0, -0.000560274311, 0.0075720191, 0, -0.00790379501, 0.0108116273, 0.0108116273,
          0.00263412231, 0, 0.00364223513, -0.00891693722, 0, 0.00488825515, 0.00194982264,
          0.00194982264, -0.0252859088, 0, 0.00169786014, -0.0034338037, -0.0034338037,
          0.0003646273, 0, 0.000319854675, -0.00160273183, -0.00160273183, -0.00284646699,
          0.000456743634, 0.000456743634, 0.00175096679, 0, -0.000990217021, 0.00131295024,
          0.00131295024, 0.00114860685, 0.00297706007, 0.00297706007, -0.00211559409, 0,
          0.000670362346, 0.000289781591, 0.000289781591,
        ]),
      "SoftDiceLoss.backward with weights", atol: 1e-6)
    #expect(loss.totalWeight(of: Self.target, weights: [3, 0.5]) == 3.5)
    #expect(loss.totalWeight(of: Self.target, weights: nil) == 2)
    var summed = SoftDiceLoss(reduction: .sum)
    expectClose(
      summed.forward(Self.x, target: Self.target), 2 * 0.627560381, "SoftDiceLoss(reduction: .sum)")
  }

  @Test func diceGradients() {
    for (reduction, background) in [(Reduction.mean, nil), (.sum, 0), (.mean, 2)] {
      checkFewPixels(
        SoftDiceLoss(reduction: reduction, smoothing: 0.5, background: background))
    }
  }

  @Test func examplesOfTheDocumentation() {
    var dice = SoftDiceLoss()
    let scores = Tensor([[[[9, -9]], [[-9, 9]]]])
    expectClose(dice.forward(scores, target: .classSequences([0, 1], length: 2)), 0, "right")
    expectClose(dice.forward(scores, target: .classSequences([0, 0], length: 2)), 0.375, "half")
    var entropy = PixelCrossEntropyLoss()
    let target = Target.classSequences([0, Target.ignored], length: 2)
    expectClose(
      entropy.forward(Tensor([[[[0, 5]], [[0, 9]]]]), target: target), 0.693147, "ln 2")
    expectClose(entropy.backward(), Tensor([[[[-0.5, 0]], [[0.5, 0]]]]), "its gradient")
  }

  // MARK: In use

  @Test(arguments: [PixelCrossEntropyLoss() as any Loss, SoftDiceLoss(background: 0)])
  func inUse(_ loss: any Loss) throws {
    func copied<L: Loss>(_ loss: L) throws -> any Loss {
      try L(configuration: loss.configuration)
    }
    #expect(try copied(loss).inputKind == .scores)
    #expect(loss.metrics.count == 2)
    #expect(loss.answerClassCount(outputShape: [3, 2, 4]) == 3)
    expectClose(
      loss.prediction(from: Self.x).sum(axis: 1), Tensor(ones: [2, 2, 4]), "probabilities")
    var matrix = ConfusionMatrix(classCount: 3)
    loss.count(Self.x, target: Self.target, in: &matrix)
    #expect(matrix.total == 13)
    try loss.check(outputShape: [3, 2, 4], target: Self.target)
    for (shape, target) in [
      ([3, 2, 5], Self.target), ([3, 8], Self.target), ([3, 2, 4], Target.classes([0, 1])),
    ] {
      expectCourseError(.shapeMismatch, "targets that do not fit", "\(shape)", "as large as") {
        try loss.check(outputShape: shape, target: target)
      }
    }
    expectCourseError(
      .invalidData, "label out of range", "0 to 1", "got 2", "example 0, row 0, column 1"
    ) { try loss.check(outputShape: [2, 2, 4], target: Self.target) }
  }

  @Test func wrongArguments() async {
    for smoothing: Float in [0, -1, .nan, .infinity] {
      expectCourseError(.invalidArgument, "SoftDiceLoss: argument out of range") {
        try SoftDiceLoss(configuration: .init(smoothing: smoothing))
      }
    }
    expectCourseError(.invalidArgument, "SoftDiceLoss: argument out of range", "-1") {
      try SoftDiceLoss(configuration: .init(background: -1))
    }
    expectCourseError(.shapeMismatch, "a background that the network does not know", "got 3") {
      try SoftDiceLoss(background: 3).check(outputShape: [3, 2, 4], target: Self.target)
    }
    expectCourseError(.shapeMismatch, "class weights that do not fit") {
      try PixelCrossEntropyLoss(classWeights: [1, 2])
        .check(outputShape: [3, 2, 4], target: Self.target)
    }
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = SoftDiceLoss()
      _ = loss.forward(Tensor(zeros: [1, 2, 2, 2]), target: .classSequences([0, 1, 0], length: 3))
    }
    expectWords(
      of: shape, "SoftDiceLoss.forward: expected scores [N, C, H, W]", "got scores [1, 2, 2, 2]")
    let label = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = PixelCrossEntropyLoss()
      _ = loss.forward(Tensor(zeros: [1, 2, 1, 2]), target: .classSequences([0, 2], length: 2))
    }
    expectWords(of: label, "classes from 0 to 1, or -1", "got 2")
  }
}
