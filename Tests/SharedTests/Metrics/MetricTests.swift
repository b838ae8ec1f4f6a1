import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct MetricTests {
  private let scores: Tensor = [
    [0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2],
  ]

  @Test func accuracyCountsTheLargestScore() {
    var accuracy = Accuracy()
    #expect(accuracy.value.isNaN && accuracy.name == "accuracy")
    accuracy.update(prediction: scores, target: .classes([1, 1, 2, 0]))
    #expect(accuracy.value == 0.75)
    accuracy.update(prediction: [[0, 1]], target: .classes([0]))
    #expect(accuracy.value == 0.6)
    accuracy.reset()
    #expect(accuracy.value.isNaN)
  }

  @Test func oneHotTargetsCountLikeIndices() {
    var accuracy = Accuracy()
    accuracy.update(
      prediction: scores, target: .values(Tensor(oneHot: [1, 1, 2, 0], classCount: 3)))
    #expect(accuracy.value == 0.75)
  }

  @Test func topKAcceptsTheKBest() {
    // The last row has a tie, of which the first class is the better one.
    for (k, expected) in [(1, 0.25), (2, 0.75), (3, 1)] as [(Int, Float)] {
      var metric = TopKAccuracy(k: k)
      metric.update(prediction: scores, target: .classes([1, 1, 0, 1]))
      #expect(metric.value == expected && metric.name == "top-\(k) accuracy")
      metric.reset()
      #expect(metric.value.isNaN && metric.k == k)
    }
    var nan = TopKAccuracy(k: 2)
    nan.update(
      prediction: [[TensorLiteral.scalar(.nan), 0, 1], [TensorLiteral.scalar(.nan), 1, 0]],
      target: .classes([0, 1]))
    #expect(nan.value == 0.5)
  }

  @Test func theConfusionMatrixCountsPairs() {
    var confusion = ConfusionMatrix(classCount: 3)
    #expect(confusion.value.isNaN && confusion.total == 0)
    confusion.update(prediction: scores, target: .classes([1, 1, 2, 0]))
    #expect(confusion.counts == [[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    #expect(confusion.value == 0.75 && confusion.total == 4 && confusion.classCount == 3)
    confusion.update(predicted: [2], actual: [0])
    #expect(confusion.counts[0] == [1, 0, 1])
    confusion.reset()
    #expect(confusion == ConfusionMatrix(classCount: 3))
  }

  @Test func theConfusionMatrixPrintsAsAnAlignedTable() {
    var confusion = ConfusionMatrix(classNames: ["cat", "mouse", "x"])
    confusion.update(predicted: [0, 1, 1, 2, 2], actual: [0, 0, 1, 2, 0])
    #expect(
      confusion.description == """
               cat  mouse  x   <- predicted
        cat      1      1  1
        mouse    .      1  .
        x        .      .  1
        """)
  }

  /// Long names would make lines of more than 80 characters, which no terminal of that width shows as a table.
  @Test func longNamesOfClassesAreNumbered() throws {
    let names = [
      "act", "animal", "artifact", "body", "communication", "food", "location", "person", "plant",
      "substance", "z",
    ]
    var confusion = ConfusionMatrix(classNames: names)
    confusion.update(predicted: [4, 4, 1, 10], actual: [4, 0, 1, 1])
    let lines = confusion.description.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(lines[0] == "                   0  1  2  3  4  5  6  7  8  9  10   <- predicted")
    #expect(lines[1] == " 0  act            .  .  .  .  1  .  .  .  .  .   .")
    #expect(lines[2] == " 1  animal         .  1  .  .  .  .  .  .  .  .   1")
    #expect(lines[5] == " 4  communication  .  .  .  .  1  .  .  .  .  .   .")
    #expect(lines[11] == "10  z              .  .  .  .  .  .  .  .  .  .   .")
  }

  @Test func manyClassesPrintTheirMistakes() {
    var confusion = ConfusionMatrix(classCount: 50)
    confusion.update(predicted: [1, 2, 2, 3], actual: [1, 5, 5, 4])
    #expect(
      confusion.description == """
        50 classes, 4 examples
        2 x 5 taken for 2
        1 x 4 taken for 3
        """)
  }

  @Test func theReportHasPrecisionRecallAndF1() {
    // sklearn.metrics.precision_recall_fscore_support(
    //   [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 0], average=None / "macro", zero_division=0)
    var confusion = ConfusionMatrix(classNames: ["a", "b", "c"])
    confusion.update(predicted: [0, 0, 1, 1, 2, 0], actual: [0, 0, 0, 1, 1, 2])
    let report = confusion.report
    expectClose(Tensor(report.classes.map(\.precision)), [0.6666667, 0.5, 0], "precision")
    expectClose(Tensor(report.classes.map(\.recall)), [0.6666667, 0.5, 0], "recall")
    expectClose(Tensor(report.classes.map(\.f1)), [0.6666667, 0.5, 0], "F1")
    #expect(report.classes.map(\.support) == [3, 2, 1])
    #expect(report.classes.map(\.name) == ["a", "b", "c"])
    expectClose(report.macroAverage.f1, 0.3888889, "macro F1")
    expectClose(report.macroAverage.precision, 0.3888889, "macro precision")
    #expect(report.macroAverage.support == 6)
  }

  @Test func classesThatDoNotOccurDoNotCountInTheMean() {
    var confusion = ConfusionMatrix(classNames: ["cat", "dog", "never"])
    confusion.update(predicted: [0, 1, 1], actual: [0, 0, 1])
    #expect(
      confusion.report.description == """
                       precision  recall     f1  support
        cat                1.000   0.500  0.667        2
        dog                0.500   1.000  0.667        1
        never              0.000   0.000  0.000        0
        macro average      0.750   0.750  0.667        3
        """)
  }
}

/// Vocabularies and face recognition have tens of thousands of classes.
@Suite(.watched) struct ManyClassesTests {
  /// Their square would take 80 GB.
  @Test func memoryAndTimeGrowWithTheClassesAndNotWithTheirSquare() {
    let count = 100_000
    var confusion = ConfusionMatrix(classCount: count)
    confusion.update(
      predicted: Array(0..<count), actual: (0..<count).map { $0 == 7 ? 8 : $0 })
    let report = confusion.report
    #expect(report.classes.count == count)
    #expect(report.macroAverage.support == count)
    #expect(confusion.entries.count == count)
    #expect(confusion[actual: 8, predicted: 7] == 1)
    #expect(confusion[actual: 7, predicted: 7] == 0)
    #expect(
      confusion.description == "100000 classes, 100000 examples\n1 x 8 taken for 7")
  }

  @Test func aLongReportHasTheClassesOfTheLowestF1() {
    var confusion = ConfusionMatrix(classCount: 1000)
    confusion.update(
      predicted: Array(0..<1000), actual: (0..<1000).map { $0 == 7 ? 8 : $0 })
    let lines = confusion.report.description.split(separator: "\n")
    #expect(lines.count == 1 + 20 + 2)
    // 8 was taken for 7 once; 7 does not occur.
    #expect(lines[1].hasPrefix("8 ") && lines[1].contains("0.667"))
    #expect(lines[21] == "... and 980 classes besides these")
    #expect(lines[22].hasPrefix("macro average"))
  }

  @Test func aMatrixSurvivesJSON() throws {
    var confusion = ConfusionMatrix(classNames: ["a", "b"])
    confusion.update(predicted: [0, 1, 1], actual: [0, 0, 1])
    let copy = try JSONDecoder().decode(
      ConfusionMatrix.self, from: JSONEncoder().encode(confusion))
    #expect(copy == confusion)
    #expect(copy.counts == [[1, 1], [0, 1]])
  }

  @Test func controlCharactersInNamesAreEscaped() {
    var confusion = ConfusionMatrix(classNames: ["a\u{1B}[2J", "b\nc", "d\u{202E}"])
    confusion.update(predicted: [0, 1, 2], actual: [0, 1, 2])
    for text in [confusion.description, confusion.report.description] {
      #expect(text.contains(#"a\u{1b}[2J"#) && text.contains(#"b\nc"#))
      #expect(text.contains(#"d\u{202e}"#) && !text.contains("\u{1B}"))
    }
  }
}
