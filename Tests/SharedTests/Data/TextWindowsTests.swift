import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TextWindowsTests {
  private static let letters = "abcdefghijklmnopqrstuvwxyz"

  private func windows(seed: UInt64 = 1, steps: Int = 5) throws -> TextWindows {
    try TextWindows(
      of: CharacterText(Self.letters).dataset(batchSize: 1, sequenceLength: 4), batchSize: 3,
      stepsPerEpoch: steps, seed: seed)
  }

  /// 24 characters in windows, and the next one: a window begins at one of 21 places.
  @Test func aWindowIsAPartOfTheTextAndItsTargetsAreTheNextCharacters() throws {
    var windows = try windows()
    #expect(windows.examplesPerEpoch == 15 && windows.inputShape == [4])
    var starts: Set<Int> = []
    for _ in 0..<100 {
      let batch = windows.nextBatch()
      #expect(batch.features.shape == [3, 4])
      let inputs = batch.features.scalars.map { Int($0) }
      guard case .classSequences(let targets, 4) = batch.targets else {
        return fail("expected targets for each step")
      }
      for (place, token) in inputs.enumerated() {
        #expect(token == inputs[place / 4 * 4] + place % 4 && targets[place] == token + 1)
      }
      starts.formUnion([inputs[0], inputs[4], inputs[8]])
    }
    #expect(starts == Set(0...20))
  }

  @Test func aBatchIsAFunctionOfItsNumberAndTheSeed() throws {
    var (one, other) = (try windows(), try windows())
    let batches = (0..<6).map { _ in one.nextBatch().features }
    other.seek(batch: 4)
    let (fourth, fifth) = (other.nextBatch().features, other.nextBatch().features)
    #expect(fourth == batches[4] && fifth == batches[5])
    other.seek(batch: 0)
    let first = other.nextBatch().features
    #expect(first == batches[0] && batches[0] != batches[1])
    var third = try windows(seed: 2)
    let different = third.nextBatch().features
    #expect(different != batches[0])
  }

  @Test func whatIsNoTextIsRefused() throws {
    let text = try CharacterText(Self.letters).dataset(batchSize: 1, sequenceLength: 4)
    expectCourseError(.invalidArgument, "windows of a text", "1 step", "0 steps") {
      try TextWindows(of: text, batchSize: 3, stepsPerEpoch: 0, seed: 1)
    }
    expectCourseError(.invalidArgument, "a text in windows", "[64]") {
      try TextWindows(of: .digits, batchSize: 3, stepsPerEpoch: 1, seed: 1)
    }
  }
}
