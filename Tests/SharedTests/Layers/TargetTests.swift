import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TargetTests {
  private let classes = Target.classes([2, 0, 1, 1])
  private let values = Target.values([[0, 0, 1], [1, 0, 0], [0.2, 0.7, 0.1], [0.5, 0.5, 0]])

  @Test func theCountIsThatOfTheExamples() {
    #expect(classes.count == 4)
    #expect(values.count == 4)
    #expect(Target.values([1, 2, 3]).count == 3)
    #expect(Target.classes([]).count == 0)
    #expect(Target.values(Tensor(zeros: [0, 3])).count == 0)
  }

  @Test func rowsComeInTheOrderOfTheirIndices() {
    #expect(classes.rows(at: [3, 0, 0]) == .classes([1, 2, 2]))
    #expect(classes.rows(at: 1..<3) == .classes([0, 1]))
    #expect(values.rows(at: [1, 0]) == .values([[1, 0, 0], [0, 0, 1]]))
    #expect(classes.rows(at: []) == .classes([]))
  }

  @Test func theClassOfARowIsItsLargestPlace() {
    #expect(classes.classIndices == [2, 0, 1, 1])
    #expect(values.classIndices == [2, 0, 1, 0])
    #expect(Target.values(Tensor(oneHot: [3, 1, 4], classCount: 5)).classIndices == [3, 1, 4])
  }

  @Test func theTruthIsOneRowForEachPrediction() {
    let prediction = Tensor(zeros: [4, 3])
    #expect(
      classes.truth(for: prediction, place: "Test")
        == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0]])
    #expect(
      Target.values(prediction + 0.5).truth(for: prediction, place: "Test") == prediction + 0.5)
    // One class for each step of a sequence.
    let sequence = classes.truth(for: Tensor(zeros: [2, 2, 3]), place: "Test")
    #expect(sequence == [[[0, 0, 1], [1, 0, 0]], [[0, 1, 0], [0, 1, 0]]])
  }

  @Test func anIndexBeyondTheExamplesStopsTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Target.classes([1, 2]).rows(at: [0, 2])
    }
    expectWords(of: result, "Target.rows(at:)", "indices in 0..<2", "got 2")
  }

  @Test func aTruthOfTheWrongSizeStopsTheProgram() async {
    let few = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Target.classes([1, 2]).truth(for: Tensor(zeros: [3, 4]), place: "MyLoss.forward")
    }
    expectWords(of: few, "MyLoss.forward", "3 class indices", "got 2")
    let narrow = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Target.values([[1, 0]]).truth(for: Tensor(zeros: [1, 3]), place: "MyLoss.forward")
    }
    expectWords(of: narrow, "MyLoss.forward", "targets of shape [1, 3]", "got [1, 2]")
  }
}
