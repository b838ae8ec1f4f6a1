import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// AdamW, RMSProp and AdaGrad, which are given.
@Suite(.watched) struct AdaptiveOptimizerTests {
  // torch.optim.AdamW(w, lr=0.1, weight_decay=0.2), see Trajectory.
  @Test func tenStepsOfAdamWMatchPyTorch() {
    expectTrajectory(
      of: AdamW(learningRate: 0.1, weightDecay: 0.2),
      Trajectory(
        weights: [[-0.0352338, -0.6677262, 0.9485895], [0.1791676, 0.2431804, -0.0216386]],
        bias: [0.2304401, -0.9450342, 0.0268762],
        path: [
          2.84, 2.6841535, 2.5307574, 2.3827382, 2.2470787, 2.1241077, 2.0046978, 1.8827802,
          1.7587505, 1.6363329,
        ]), "AdamW.update")
  }

  // torch.optim.RMSprop(w, lr=0.05, alpha=0.9, eps=0.01), see Trajectory.
  @Test func tenStepsOfRMSPropMatchPyTorch() {
    expectTrajectory(
      of: RMSProp(learningRate: 0.05, decay: 0.9, epsilon: 0.01),
      Trajectory(
        weights: [[0.055276, -0.8167998, 1.4588215], [0.1917692, 0.173715, -0.191005]],
        bias: [0.4355091, -1.2997779, 0.1805352],
        path: [
          2.8451506, 2.7128478, 2.6084951, 2.544433, 2.5206411, 2.5060464, 2.458681, 2.376304,
          2.291777, 2.2327056,
        ]), "RMSProp.update")
  }

  // torch.optim.Adagrad(w, lr=0.3, eps=0.01), see Trajectory.
  @Test func tenStepsOfAdaGradMatchPyTorch() {
    expectTrajectory(
      of: AdaGrad(learningRate: 0.3, epsilon: 0.01),
      Trajectory(
        weights: [[-0.1854976, -0.6888478, 1.1430797], [0.2229033, 0.2495864, -0.1402307]],
        bias: [0.1131209, -0.9026105, 0.1503976],
        path: [
          2.7019868, 2.4553175, 2.2678281, 2.1630291, 2.1364454, 2.1275012, 2.0647413, 1.9415245,
          1.8124922, 1.7291312,
        ]), "AdaGrad.update")
  }

  // torch.optim.AdamW(w), torch.optim.RMSprop(w), torch.optim.Adagrad(w), see Trajectory.
  @Test func theDefaultValuesAreThoseOfPyTorch() {
    expectClose(
      Trajectory(of: AdamW()).weights,
      [[0.4937843, -0.998632, 1.9915215], [0.1011907, 0.0038358, -0.2965132]], "AdamW()", rtol: 0)
    expectClose(
      Trajectory(of: RMSProp()).weights,
      [[0.1948151, -0.8996226, 1.6628411], [0.1467313, 0.1269435, -0.2159502]], "RMSProp()",
      rtol: 0)
    expectClose(
      Trajectory(of: AdaGrad()).weights,
      [[0.4658817, -0.9906247, 1.9643831], [0.1050925, 0.0153041, -0.2896876]], "AdaGrad()", rtol: 0
    )
    #expect(Adam().configuration.learningRate == AdamW().configuration.learningRate)
  }

  @Test func theExamplesInTheCommentsAreTrue() {
    expectClose(stepped(AdamW(learningRate: 0.5, weightDecay: 0.1), [10], [[3]]), [9], "AdamW")
    expectClose(
      stepped(RMSProp(learningRate: 0.5, decay: 0.75), [2, 2], [[8, -0.01]]), [1, 3], "RMSProp")
    expectClose(stepped(AdaGrad(learningRate: 1), [2], [[3], [4]]), [0.2], "AdaGrad")
  }

  /// As PyTorch users do it with two groups of parameters.
  @Test func biasesCanBeExemptFromDecay() {
    let optimizer = AdamW(learningRate: 0.5, weightDecay: 0.1, exemptsBiases: true)
    let (weights, bias) = (Parameter([10]), Parameter([10], isRegularized: false))
    #expect(optimizer.rule(for: weights) == optimizer)
    expectClose(stepped(optimizer.rule(for: weights), [10], [[3]]), [9], "AdamW, weights")
    expectClose(stepped(optimizer.rule(for: bias), [10], [[3]]), [9.5], "AdamW, bias")
    #expect(AdamW().rule(for: bias) == AdamW())
  }

  @Test func resumingContinuesBitForBit() throws {
    try expectResumingBitForBit(AdamW(learningRate: 0.05))
    try expectResumingBitForBit(RMSProp(learningRate: 0.02))
    try expectResumingBitForBit(AdaGrad(learningRate: 0.05))
  }

  @Test func argumentsOutOfRangeAreRefused() {
    expectRefusals(
      of: AdamW(),
      [
        ("a finite learning rate of at least 0, got -1.0", { $0.learningRate = -1 }),
        ("a beta1 of at least 0 and below 1, got 1.0", { $0.beta1 = 1 }),
        ("a beta2 of at least 0 and below 1, got 2.0", { $0.beta2 = 2 }),
        ("a finite epsilon above 0, got 0.0", { $0.epsilon = 0 }),
        ("a finite weight decay of at least 0, got -0.1", { $0.weightDecay = -0.1 }),
      ])
    expectRefusals(
      of: RMSProp(),
      [
        ("a finite learning rate of at least 0, got nan", { $0.learningRate = .nan }),
        ("a decay of at least 0 and below 1, got 1.0", { $0.decay = 1 }),
        ("a finite epsilon above 0, got inf", { $0.epsilon = .infinity }),
      ])
    expectRefusals(
      of: AdaGrad(),
      [
        ("a finite learning rate of at least 0, got inf", { $0.learningRate = .infinity }),
        ("a finite epsilon above 0, got -1.0", { $0.epsilon = -1 }),
      ])
  }

  @Test func badArgumentsInTheProgramStop() async {
    let adamW = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = AdamW(weightDecay: -1) }
    expectWords(
      of: adamW,
      "AdamW: argument out of range: expected a finite weight decay of at least 0, got -1.0")
    let rmsProp = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = RMSProp(decay: 1) }
    expectWords(
      of: rmsProp,
      "RMSProp: argument out of range: expected a decay of at least 0 and below 1, got 1.0")
    let adaGrad = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = AdaGrad(epsilon: 0) }
    expectWords(
      of: adaGrad, "AdaGrad: argument out of range: expected a finite epsilon above 0, got 0.0")
  }
}
