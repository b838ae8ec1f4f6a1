import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

/// The reference numbers come from PyTorch: the learning rate before each step of
///
///     optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
///     scheduler = ...
///     for _ in range(n): print(optimizer.param_groups[0]["lr"]); optimizer.step(); scheduler.step()
@Suite(.watched) struct ScheduleTests {
  /// The first rates of a schedule, counted in `unit`; the other clock runs wild.
  private func rates(
    _ schedule: some LearningRateSchedule, count: Int, unit: ScheduleUnit = .epoch
  ) -> Tensor {
    Tensor(
      (0..<count).map { index in
        unit == .epoch
          ? schedule.learningRate(step: 1000 - index, epoch: index, base: 0.4)
          : schedule.learningRate(step: index, epoch: 1000 - index, base: 0.4)
      })
  }

  private func expectRates(
    _ actual: Tensor, _ expected: Tensor, _ subject: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      actual, expected, subject, atol: 1e-8, rtol: 1e-5, sourceLocation: sourceLocation)
  }

  // StepLR(optimizer, 3, 0.1)
  @Test func stepDecayMatchesPyTorch() {
    expectRates(
      rates(StepDecay(every: 3, factor: 0.1), count: 8),
      [0.4, 0.4, 0.4, 0.04, 0.04, 0.04, 0.004, 0.004], "StepDecay")
  }

  // ExponentialLR(optimizer, 0.9)
  @Test func exponentialDecayMatchesPyTorch() {
    expectRates(
      rates(ExponentialDecay(factor: 0.9), count: 5), [0.4, 0.36, 0.324, 0.2916, 0.26244],
      "ExponentialDecay")
  }

  // CosineAnnealingLR(optimizer, 8, 0.05)
  @Test func cosineDecayMatchesPyTorchAndStaysAtTheMinimum() {
    expectRates(
      rates(CosineDecay(over: 8, minimum: 0.05), count: 12),
      [
        0.4, 0.386678918, 0.348743687, 0.291969601, 0.225, 0.158030399, 0.101256313, 0.063321082,
        0.05, 0.05, 0.05, 0.05,
      ], "CosineDecay")
  }

  // LinearLR(optimizer, 0.25, total_iters=3)
  @Test func warmUpMatchesPyTorch() {
    expectRates(
      rates(WarmUp(over: 3, from: 0.25), count: 5, unit: .step), [0.1, 0.2, 0.3, 0.4, 0.4], "WarmUp"
    )
  }

  // ChainedScheduler([LinearLR(optimizer, 0.1, total_iters=4), ExponentialLR(optimizer, 0.9)])
  @Test func warmUpOfAnotherScheduleMatchesPyTorch() {
    let schedule = WarmUp(over: 4, unit: .epoch, then: ExponentialDecay(factor: 0.9))
    expectRates(
      rates(schedule, count: 7), [0.04, 0.117, 0.1782, 0.22599, 0.26244, 0.236196, 0.2125764],
      "WarmUp, then ExponentialDecay")
  }

  // OneCycleLR(optimizer, max_lr=0.4, total_steps=10, cycle_momentum=False)
  @Test func oneCycleMatchesPyTorchAndStaysAtTheEnd() {
    expectRates(
      rates(OneCycle(over: 10), count: 12, unit: .step),
      [
        0.016, 0.208, 0.4, 0.380193853, 0.324698262, 0.244504809, 0.155496791, 0.075303338,
        0.019807747, 1.6e-06, 1.6e-06, 1.6e-06,
      ], "OneCycle")
  }

  // OneCycleLR(optimizer, max_lr=0.4, total_steps=7, pct_start=0.5, div_factor=10, final_div_factor=5,
  //   cycle_momentum=False)
  @Test func oneCycleWithItsOwnNumbersMatchesPyTorch() {
    expectRates(
      rates(OneCycle(over: 7, rise: 0.5, startDivisor: 10, endDivisor: 5, unit: .epoch), count: 7),
      [0.04, 0.164376941, 0.365623059, 0.380589898, 0.247614103, 0.081795999, 0.008], "OneCycle")
  }

  @Test func stepsAndEpochsAreCountedApart() {
    let schedules: [(any LearningRateSchedule, any LearningRateSchedule)] = [
      (StepDecay(every: 2, unit: .step), StepDecay(every: 2)),
      (ExponentialDecay(factor: 0.7, unit: .step), ExponentialDecay(factor: 0.7)),
      (CosineDecay(over: 9, unit: .step), CosineDecay(over: 9)),
      (WarmUp(over: 9), WarmUp(over: 9, unit: .epoch)),
      (OneCycle(over: 9), OneCycle(over: 9, unit: .epoch)),
    ]
    for (bySteps, byEpochs) in schedules {
      for count in 0..<12 {
        #expect(
          bySteps.learningRate(step: count, epoch: 3, base: 0.4)
            == byEpochs.learningRate(step: 3, epoch: count, base: 0.4),
          "\(type(of: bySteps)) after \(count)")
      }
    }
  }

  @Test func everyRateIsFiniteAndNotNegative() {
    let schedules: [any LearningRateSchedule] = [
      OneCycle(over: 2), OneCycle(over: 3, rise: 1 / 3), OneCycle(over: 3, rise: 0.999),
      CosineDecay(over: 1, unit: .step), WarmUp(over: 1, from: 1),
      ExponentialDecay(factor: 0.001, unit: .step), StepDecay(every: 1, unit: .step),
    ]
    for schedule in schedules {
      for step in 0..<100 {
        let rate = schedule.learningRate(step: step, epoch: 0, base: 0.4)
        #expect(rate.isFinite && rate >= 0 && rate <= 0.4, "\(type(of: schedule)) in step \(step)")
      }
    }
  }

  @Test func everyScheduleComesBackFromItsText() throws {
    func expectSame<S: LearningRateSchedule>(_ schedule: S) throws {
      // Inside options, which name the type. The known types are given where a checkpoint is read.
      let text = try JSONEncoder().encode(schedule)
      #expect(try JSONDecoder().decode(S.self, from: text) == schedule)
    }
    try expectSame(StepDecay(every: 3, factor: 0.7, unit: .step))
    try expectSame(ExponentialDecay(factor: 0.3))
    try expectSame(CosineDecay(over: 7, minimum: 0.01))
    try expectSame(OneCycle(over: 9, rise: 0.4, startDivisor: 3, endDivisor: 5))
    try expectSame(WarmUp(over: 4, from: 0.2))
    #expect(
      WarmUp(over: 4, then: CosineDecay(over: 7)) != WarmUp(over: 4, then: CosineDecay(over: 8)))
  }

  @Test func argumentsOutOfRangeAreRefusedInAFile() {
    expectCourseError(.invalidArgument, "StepDecay", "a finite factor above 0, got 0.0") {
      try StepDecay(
        configuration: JSONDecoder().decode(
          StepDecay.self, from: Data(#"{"interval": 1, "factor": 0, "unit": "epoch"}"#.utf8)))
    }
  }

  @Test func argumentsOutOfRangeStop() async {
    let step = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = StepDecay(every: 0) }
    expectWords(
      of: step, "StepDecay: argument out of range: expected a decay interval of at least 1, got 0")
    let exponential = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = ExponentialDecay(factor: -0.5) }
    expectWords(
      of: exponential,
      "ExponentialDecay: argument out of range: expected a finite factor above 0, got -0.5")
    let cosine = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = CosineDecay(over: 10, minimum: .nan) }
    expectWords(
      of: cosine,
      "CosineDecay: argument out of range: expected a finite minimum of at least 0, got nan")
    let warmUp = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = WarmUp(over: 5, from: 0) }
    expectWords(
      of: warmUp, "WarmUp: argument out of range: expected a start above 0 and at most 1, got 0.0")
    let oneCycle = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = OneCycle(over: 10, rise: 1) }
    expectWords(
      of: oneCycle, "OneCycle: argument out of range: expected a rise above 0 and below 1, got 1.0")
    let divisors = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = OneCycle(over: 10, startDivisor: 0.5) }
    expectWords(
      of: divisors,
      "OneCycle: argument out of range: expected a finite start divisor of at least 1, got 0.5")
  }
}
