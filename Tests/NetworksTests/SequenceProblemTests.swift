import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct SequenceProblemTests {
  @Test func digitsAndTheirOrder() throws {
    let data = try Dataset.sorting(count: 500, length: 6, seed: varied(3))
    #expect(data.features.shape == [500, 11] && data.classCount == 10)
    guard case .classSequences(let targets, 11) = data.targets else {
      return fail("expected targets for each step")
    }
    let inputs = data.features.scalars.map { Int($0) }
    var known: Set<[Int]> = []
    for row in 0..<500 {
      let (x, t) = (inputs[(row * 11)..<(row * 11 + 11)], targets[(row * 11)..<(row * 11 + 11)])
      let sorted = x.prefix(6).sorted()
      #expect(Array(x.suffix(5)) == Array(sorted.prefix(5)))
      #expect(Array(t) == [Int](repeating: Target.ignored, count: 5) + sorted)
      known.insert(Array(x.prefix(6)))
    }
    #expect(known.count == 500, "no sequence comes twice")
    expectCourseError(.invalidArgument, "sorting", "at most 25 sequences of 2 digits", "26") {
      try Dataset.sorting(count: 26, length: 2, seed: 1)
    }
  }

  @Test(arguments: [2, 3, 100])
  func theAnswerIsTheSumOfTheMarkedNumbers(length: Int) throws {
    let data = try Dataset.addingProblem(count: 40, length: length, seed: 3)
    try #require(data.inputShape == [length, 2])
    guard case .values(let answers) = data.targets else {
      Issue.record("targets of the adding problem are numbers, got \(data.targets)")
      return
    }
    try #require(answers.shape == [40, 1])
    let features = data.features
    for row in 0..<40 {
      let marked = (0..<length).filter { features[row, $0, 1] == 1 }
      try #require(marked.count == 2, "two numbers are marked")
      #expect(marked[0] < length / 2 && marked[1] >= length / 2, "one in each half")
      let sum = features[row, marked[0], 0] + features[row, marked[1], 0]
      #expect(abs(answers[row, 0] - sum) < 1e-6)
    }
    #expect(features.min() >= 0 && features.max() <= 1)
  }

  @Test func marksFallOnAllSteps() throws {
    let data = try Dataset.addingProblem(count: 2000, length: 10, seed: 1)
    let counts = data.features.slice(axis: 2, at: 1).sum(axis: 0).scalars
    // 400 each on average; a false alarm needs six standard deviations.
    #expect(counts.allSatisfy { (290...510).contains($0) }, "\(counts)")
  }

  @Test func theSeedMakesTheData() throws {
    let first = try Dataset.addingProblem(count: 5, length: 8, seed: 1)
    #expect(try Dataset.addingProblem(count: 5, length: 8, seed: 1).features == first.features)
    #expect(try Dataset.addingProblem(count: 5, length: 8, seed: 2).features != first.features)
    let bits = try Dataset.sequenceSum(count: 5, length: 8, seed: 1)
    #expect(try Dataset.sequenceSum(count: 5, length: 8, seed: 2).features != bits.features)
  }

  @Test func theClassIsTheNumberOfOnes() throws {
    let data = try Dataset.sequenceSum(count: 64, length: 15, seed: 1)
    #expect(data.inputShape == [15, 1])
    #expect(data.classCount == 16)
    let sums = data.features.reshaped(to: [64, 15]).sum(axis: 1).scalars.map { Int($0) }
    #expect(sums == data.targets.classIndices)
    #expect(Set(sums).count == 16, "all sums are equally frequent")
    #expect(((data.features .== 0) + (data.features .== 1)).min() == 1)
  }

  @Test func sizesOutOfRangeAreRefused() {
    expectCourseError(.invalidArgument, "adding problem", "at least 2 steps", "5 of 1") {
      try Dataset.addingProblem(count: 5, length: 1, seed: 1)
    }
    expectCourseError(.invalidArgument, "sequence sum", "0 of 4") {
      try Dataset.sequenceSum(count: 0, length: 4, seed: 1)
    }
    expectCourseError(.invalidArgument, "sequence sum") {
      try Dataset.sequenceSum(count: .max, length: .max, seed: 1)
    }
  }
}
