import CourseTestSupport
import Networks
import Testing

/// Losses in which classes or examples count differently, or labels are smoothed.
@Suite(.watched) struct WeightedLossTests {
  private let x: Tensor = [[2, -1, 0.5], [0.1, 0.2, 3], [-0.3, 0.4, 0.9], [1, 1, 1]]
  private let target = Target.classes([0, 1, 2, 1])
  private let classWeights: [Float] = [0.5, 2, 1.5]
  private let weights: Tensor = [1, 0.25, 3, 0]

  private func expect(
    _ loss: some Loss, _ prediction: Tensor, _ target: Target, weights: Tensor? = nil,
    value: Float, gradient: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var loss = loss
    let name = "\(type(of: loss).typeName) \(loss.configuration)"
    expectClose(
      loss.forward(prediction, target: target, weights: weights), value, name,
      sourceLocation: sourceLocation)
    expectClose(loss.backward(), gradient, "its gradient", sourceLocation: sourceLocation)
    // A pass without weights of examples is the same as one with equal ones.
    if weights == nil {
      let equal = Tensor(repeating: 1, shape: [prediction.shape[0]])
      expectClose(
        loss.forward(prediction, target: target, weights: equal), value, "\(name), weights of 1",
        sourceLocation: sourceLocation)
      expectClose(loss.backward(), gradient, "its gradient", sourceLocation: sourceLocation)
    }
  }

  // x, w = torch.tensor(..., dtype=torch.float64); y = torch.tensor([0, 1, 2, 1])
  // F.cross_entropy(x, y, weight=w, label_smoothing=e, reduction="mean"); and "sum"
  @Test func softmaxMatchesPyTorch() {
    expect(
      SoftmaxCrossEntropyLoss(classWeights: classWeights), x, target, value: 1.517658367,
      gradient: [
        [-0.0178669138, 0.0032593811, 0.0146075327], [0.0164371091, -0.3151675184, 0.2987304094],
        [0.0394703419, 0.0794835079, -0.1189538498], [0.1111111111, -0.2222222222, 0.1111111111],
      ])
    expect(
      SoftmaxCrossEntropyLoss(labelSmoothing: 0.1), x, target, value: 1.25302577,
      gradient: [
        [-0.0369340747, 0.00144481, 0.0354892647], [0.0039944985, -0.2197089722, 0.2157144737],
        [0.0311370086, 0.0711501746, -0.1022871832], [0.075, -0.15, 0.075],
      ])
    let sum: Tensor = [
      [-0.0084017298, -0.0438509989, 0.0522527287], [0.0786685658, -1.7613049402, 1.6826363744],
      [0.2175240287, 0.4049354803, -0.622459509], [0.6277777778, -1.2222222222, 0.5944444444],
    ]
    expect(
      SoftmaxCrossEntropyLoss(classWeights: classWeights, labelSmoothing: 0.1), x, target,
      value: 1.506346673, gradient: sum / 6)
    expect(
      SoftmaxCrossEntropyLoss(reduction: .sum, classWeights: classWeights, labelSmoothing: 0.1),
      x, target, value: 9.038080038, gradient: sum)
  }

  // l = F.cross_entropy(x, y, weight=w, label_smoothing=0.1, reduction="none")
  // (s * l).sum() / (s * w[y]).sum(); and without w and smoothing (s * l).sum() / s.sum()
  @Test func examplesCountByTheirWeights() {
    expect(
      SoftmaxCrossEntropyLoss(classWeights: classWeights, labelSmoothing: 0.1), x, target,
      weights: weights, value: 0.876689916,
      gradient: [
        [-0.0015275872, -0.0079729089, 0.0095004961], [0.0035758439, -0.0800593155, 0.0764834716],
        [0.1186494702, 0.2208738983, -0.3395233686], [0, 0, 0],
      ])
    expect(
      SoftmaxCrossEntropyLoss(), x, target, weights: weights, value: 0.68386959,
      gradient: [
        [-0.0504477566, 0.0092029584, 0.0412447982], [0.0029006663, -0.0556177974, 0.0527171311],
        [0.1114456713, 0.2244240223, -0.3358696937], [0, 0, 0],
      ])
  }

  // F.cross_entropy(x[:2], t, weight=w, label_smoothing=0.2, reduction="sum"), and (t * w).sum(): the mean of
  // PyTorch divides by N where the truth is given as rows.
  @Test func rowsOfTheTruthCountByTheirClasses() {
    let rows = Target.values([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]])
    let gradient: Tensor = [
      [0.6831965404, -0.4877019979, -0.1954945425], [0.0068797588, -1.0046841566, 0.9978043978],
    ]
    for (reduction, divisor) in [(Reduction.sum, 1), (.mean, 2.825)] as [(Reduction, Float)] {
      expect(
        SoftmaxCrossEntropyLoss(
          reduction: reduction, classWeights: classWeights, labelSmoothing: 0.2),
        x[0..<2], rows, value: 5.933814895 / divisor, gradient: gradient / divisor)
    }
  }

  // p = torch.softmax(x, 1); F.nll_loss(torch.log(p), y, weight=w)
  @Test func probabilitiesMatchPyTorch() {
    expect(
      CrossEntropyLoss(classWeights: classWeights), SoftmaxCrossEntropyLoss().prediction(from: x),
      target, value: 1.517658367,
      gradient: [
        [-0.1060764357, 0, 0], [0, -6.1164947297, 0], [0, 0, -0.4769312179], [0, -1, 0],
      ])
  }

  /// The loss of probabilities is that of the scores which they are made of.
  @Test func lossesOfProbabilitiesAndScoresAgree() {
    let p = SoftmaxCrossEntropyLoss().prediction(from: x)
    for reduction in Reduction.allCases {
      var ofScores = SoftmaxCrossEntropyLoss(
        reduction: reduction, classWeights: classWeights, labelSmoothing: 0.3)
      var ofProbabilities = CrossEntropyLoss(
        reduction: reduction, classWeights: classWeights, labelSmoothing: 0.3)
      expectClose(
        ofProbabilities.forward(p, target: target, weights: weights),
        ofScores.forward(x, target: target, weights: weights), "\(reduction)")
      // dX = p (dP − Σ p dP)
      let dP = ofProbabilities.backward()
      expectClose(
        p * (dP - (p * dP).sum(axis: -1, keepDims: true)), ofScores.backward(), "\(reduction)")
    }
  }

  // F.binary_cross_entropy_with_logits(x, t, pos_weight=torch.tensor([3, 0.5])); then with
  // reduction="none" * s[:, None], summed and divided by 2 s.sum(); then with t * 0.8 + 0.1
  @Test func yesOrNoMatchesPyTorch() {
    let x: Tensor = [[2, -1], [-0.5, 3], [0, -4]]
    let target = Target.values([[1, 0], [1, 1], [0.25, 1]])
    expect(
      BinaryCrossEntropyLoss(on: .logits, positiveWeights: [3, 0.5]), x, target,
      value: 1.114894347,
      gradient: [
        [-0.059601461, 0.0448235702], [-0.3112296656, -0.0039521561], [0, -0.0818344825],
      ])
    expect(
      BinaryCrossEntropyLoss(on: .logits, positiveWeights: [3, 0.5]), x, target,
      weights: [1, 0.5, 2], value: 1.180699929,
      gradient: [
        [-0.0510869666, 0.0384202031], [-0.1333841424, -0.0016937812], [0, -0.1402876843],
      ])
    expect(
      BinaryCrossEntropyLoss(on: .logits, positiveWeights: [3, 0.5], labelSmoothing: 0.2), x,
      target, value: 1.137692264,
      gradient: [
        [-0.0389613636, 0.0342490584], [-0.2738143546, 0.012319295],
        [-0.0166666667, -0.0733512641],
      ])
    // -(w t ln p + (1 - t) ln(1 - p)), its mean
    expect(
      BinaryCrossEntropyLoss(positiveWeights: [3, 0.5]), [[0.9, 0.2], [0.35, 0.6], [0.5, 0.01]],
      target, value: 1.214401691,
      gradient: [
        [-0.5555555556, 0.2083333333], [-1.4285714286, -0.1388888889], [0, -8.3333333333],
      ])
  }

  // F.cross_entropy(x.transpose(1, 2), y, weight=w, label_smoothing=0.1, ignore_index=-1)
  // l = the same with reduction="none"; v = w[y], 0 where it is ignored
  // (l * s[:, None]).sum() / (v * s[:, None]).sum()
  @Test func sequencesMatchPyTorch() {
    let target = Target.classSequences([0, 1, 2, Target.ignored], length: 2)
    let loss = SequenceCrossEntropyLoss(classWeights: classWeights, labelSmoothing: 0.1)
    expect(
      loss, x.reshaped(to: [2, 2, 3]), target, value: 1.72852407,
      gradient: [
        [
          [-0.0021004325, -0.0109627497, 0.0130631822],
          [0.0196671415, -0.4403262351, 0.4206590936],
        ],
        [[0.0543810072, 0.1012338701, -0.1556148773], [0, 0, 0]],
      ])
    expect(
      loss, x.reshaped(to: [2, 2, 3]), target, weights: [2, 0.5], value: 2.141050395,
      gradient: [
        [
          [-0.0029223408, -0.0152525214, 0.0181748622],
          [0.0273629794, -0.6126278053, 0.5852648259],
        ],
        [[0.0189151329, 0.0352117809, -0.0541269138], [0, 0, 0]],
      ])
  }

  // ((y - t) ** 2 * s[:, None]).sum() / (2 * s.sum())
  @Test func squaredErrorsCountByTheirWeights() {
    expect(
      MeanSquaredErrorLoss(), [[1, 2], [3, 4], [0, 0.5]], .values([[1, 1], [1, 4], [2, 2]]),
      weights: [1, 0.5, 2], value: 2.214285714,
      gradient: [[0, 0.2857142857], [0.2857142857, 0], [-1.1428571429, -0.8571428571]])
  }

  @Test func gradientsAgreeWithFiniteDifferences() {
    let scores = Tensor(normal: [4, 3], key: RandomKey(seed: 5))
    func check(_ loss: some Loss, _ prediction: Tensor, _ target: Target) {
      for weights in [nil, Tensor([1, 0.25, 3, 0])[0..<prediction.shape[0]]] {
        let report = checkGradients(
          of: WithWeights(loss: loss, weights: weights), prediction: prediction, target: target)
        #expect(report.passed, "\(type(of: loss)): \(report)")
      }
    }
    for reduction in Reduction.allCases {
      for smoothing in [0, 0.2] as [Float] {
        check(
          SoftmaxCrossEntropyLoss(
            reduction: reduction, classWeights: classWeights, labelSmoothing: smoothing),
          scores, target)
        check(
          SequenceCrossEntropyLoss(
            reduction: reduction, classWeights: classWeights, labelSmoothing: smoothing),
          scores.reshaped(to: [2, 2, 3]), .classSequences([2, -1, 0, 1], length: 2))
        check(
          BinaryCrossEntropyLoss(
            on: .logits, reduction: reduction, positiveWeights: [2, 1, 0.5],
            labelSmoothing: smoothing),
          scores, .values(Tensor(uniform: [4, 3], key: RandomKey(seed: 6))))
        check(
          CrossEntropyLoss(
            reduction: reduction, classWeights: classWeights, labelSmoothing: smoothing),
          Tensor(uniform: [4, 3], in: 0.35..<0.65, key: RandomKey(seed: 7)), target)
      }
      check(MeanSquaredErrorLoss(reduction: reduction), scores, .values(scores * 0.5 + 1))
    }
  }

  /// 0 / 0 would be no number.
  @Test func whereNothingCountsLossAndGradientAreZero() {
    func check(_ loss: some Loss, _ prediction: Tensor, _ target: Target) {
      var loss = loss
      let weights = Tensor(zeros: [prediction.shape[0]])
      #expect(loss.forward(prediction, target: target, weights: weights) == 0)
      #expect(loss.backward() == Tensor(zeros: prediction.shape))
    }
    check(SoftmaxCrossEntropyLoss(), x, target)
    check(CrossEntropyLoss(), SoftmaxCrossEntropyLoss().prediction(from: x), target)
    check(MeanSquaredErrorLoss(), x, .values(x + 1))
    check(BinaryCrossEntropyLoss(on: .logits), x, .values(x * 0))
    check(
      SequenceCrossEntropyLoss(), x.reshaped(to: [2, 2, 3]),
      .classSequences([0, 1, 2, 0], length: 2))
    var loss = SoftmaxCrossEntropyLoss(classWeights: [0, 1, 1])
    #expect(loss.forward(x[0..<1], target: .classes([0])) == 0)
  }

  /// A class that is ruled out costs nothing where its truth is 0.
  @Test func classesThatAreRuledOutCostNothing() {
    var loss = SoftmaxCrossEntropyLoss(classWeights: [1, 2])
    #expect(loss.forward(Tensor([[0, -Float.infinity]]), target: .classes([0])) == 0)
    #expect(loss.backward() == [[0, 0]])
  }

  @Test func passesWithAndWithoutWeightsDoNotMix() {
    var (loss, plain) = (SoftmaxCrossEntropyLoss(), SoftmaxCrossEntropyLoss())
    _ = loss.forward(x, target: target, weights: weights)
    #expect(loss.forward(x, target: target, weights: nil) == plain.forward(x, target: target))
    #expect(loss.backward() == plain.backward())
    var ofSequences = SequenceCrossEntropyLoss()
    let sequences = Target.classSequences([0, 1, 2, 1], length: 2)
    _ = ofSequences.forward(x.reshaped(to: [2, 2, 3]), target: sequences, weights: [1, 2])
    _ = ofSequences.forward(x.reshaped(to: [2, 2, 3]), target: sequences)
    expectClose(
      ofSequences.backward().reshaped(to: [4, 3]),
      {
        _ = plain.forward(x, target: target)
        return plain.backward()
      }(), "the gradient without weights")
  }

  @Test func wrongArgumentsAreRefused() throws {
    func refuse(_ word: String, configuration: ClassificationLossConfiguration) {
      expectCourseError(.invalidArgument, word) {
        _ = try SoftmaxCrossEntropyLoss(configuration: configuration)
      }
      expectCourseError(.invalidArgument, word) {
        _ = try CrossEntropyLoss(configuration: configuration)
      }
      expectCourseError(.invalidArgument, word) {
        _ = try SequenceCrossEntropyLoss(configuration: configuration)
      }
    }
    for wrong in [[], [0, 0], [1, -1], [1, .nan], [.infinity, 1]] as [[Float]] {
      refuse("class weights", configuration: .init(reduction: .mean, classWeights: wrong))
      expectCourseError(.invalidArgument, "positive weights") {
        _ = try BinaryCrossEntropyLoss(configuration: .init(positiveWeights: wrong))
      }
    }
    for wrong in [-0.1, 1, .nan] as [Float] {
      refuse("label smoothing", configuration: .init(reduction: .mean, labelSmoothing: wrong))
      expectCourseError(.invalidArgument, "label smoothing") {
        _ = try BinaryCrossEntropyLoss(configuration: .init(labelSmoothing: wrong))
      }
    }
  }

  @Test func weightsThatDoNotFitTheNetworkAreRefused() {
    expectCourseError(.shapeMismatch, "class weights", "each of 2 classes", "3") {
      try SoftmaxCrossEntropyLoss(classWeights: classWeights)
        .check(outputShape: [2], target: .classes([0, 1]))
    }
    expectCourseError(.shapeMismatch, "class weights", "each of 2 classes", "3") {
      try SequenceCrossEntropyLoss(classWeights: classWeights)
        .check(outputShape: [1, 2], target: .classSequences([0, 1], length: 1))
    }
    expectCourseError(.shapeMismatch, "positive weights", "[3]", "2") {
      try BinaryCrossEntropyLoss(positiveWeights: [1, 2])
        .check(outputShape: [3], target: .values([[0, 1, 0]]))
    }
  }

  @Test func aMissingWeightStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = SoftmaxCrossEntropyLoss()
      _ = loss.forward([[1, 2], [3, 4]], target: .classes([0, 1]), weights: [1])
    }
    expectWords(of: result, "SoftmaxCrossEntropyLoss.forward", "each of 2 examples", "[1]")
  }
}

/// A loss whose examples have these weights.
private struct WithWeights<Base: Loss>: Loss {
  static var typeName: String { "WithWeights" }
  var loss: Base
  var weights: Tensor?
  var configuration: NoConfiguration { NoConfiguration() }
  var reduction: Reduction { loss.reduction }

  init(loss: Base, weights: Tensor?) { (self.loss, self.weights) = (loss, weights) }
  init(configuration: NoConfiguration) throws {
    throw CourseError(.format, "WithWeights is in no file")
  }
  mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    loss.forward(prediction, target: target, weights: weights)
  }
  mutating func backward() -> Tensor { loss.backward() }
  func check(outputShape: [Int], target: Target) throws {}
}
