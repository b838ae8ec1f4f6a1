import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct SegmentationMetricsTests {
  /// Scores `[1, 3, 1, P]` whose largest is that of the given class of each pixel.
  private func scores(_ classes: [Int]) -> Tensor {
    Tensor(oneHot: classes, classCount: 3).transposed().reshaped(to: [1, 3, 1, classes.count])
  }

  private func update(_ metric: inout some Metric, predicted: [Int], actual: [Int]) {
    metric.update(
      prediction: scores(predicted),
      target: .classSequences(actual, length: actual.count))
  }

  @Test func pixelsThatAreIgnoredDoNotCount() {
    var accuracy = PixelAccuracy()
    #expect(accuracy.value.isNaN)
    update(&accuracy, predicted: [0, 1, 2, 2], actual: [0, 2, 2, Target.ignored])
    expectClose(accuracy.value, 2.0 / 3, "PixelAccuracy")
    update(&accuracy, predicted: [1, 1], actual: [1, 1])
    expectClose(accuracy.value, 4.0 / 5, "PixelAccuracy of two batches")
  }

  /// By hand. Class 0: 2 right, 2 errors. Class 1: 1 right, 3 errors. Class 2: 0 right, 1 error.
  @Test func theSetIsSummedBeforeTheDivision() {
    var iou = MeanIoU()
    #expect(iou.value.isNaN)
    update(&iou, predicted: [0, 0, 0, 1], actual: [0, 0, 1, 1])
    expectClose(iou.value, (2.0 / 3 + 1.0 / 2) / 2, "MeanIoU: class 2 did not occur")
    #expect(iou.values[2].isNaN)
    update(&iou, predicted: [1, 2], actual: [0, 1])
    update(&iou, predicted: [2], actual: [Target.ignored])
    expectClose(Tensor(iou.values), [0.5, 0.25, 0], "IoU of each class")
    expectClose(iou.value, 0.25, "MeanIoU")
    var foreground = MeanIoU(background: 0)
    update(&foreground, predicted: [0, 0, 0, 1], actual: [0, 0, 1, 1])
    update(&foreground, predicted: [1, 2], actual: [0, 1])
    expectClose(Tensor(foreground.values), [0.25, 0], "IoU of each class but the background")
    expectClose(foreground.value, 0.125, "MeanIoU(background: 0)")
    #expect(foreground.name == "mean IoU without background" && iou.name == "mean IoU")
    var middle = MeanIoU(background: 1)
    update(&middle, predicted: [0, 0, 0, 1, 1, 2], actual: [0, 0, 1, 1, 0, 1])
    expectClose(Tensor(middle.values), [0.5, 0], "IoU without class 1")
    iou.reset()
    #expect(iou.value.isNaN && iou.values.isEmpty)
  }

  /// Batches may come in any sizes, and sums go through a checkpoint.
  @Test func sumsAreSaved() throws {
    var (whole, parts) = (MeanIoU(), MeanIoU())
    let draw = RandomKey(seed: varied(1)).folded("classes").permutation(of: 60)
    let (predicted, actual) = (draw.map { $0 % 3 }, draw.map { $0 * 7 % 5 % 3 })
    update(&whole, predicted: predicted, actual: actual)
    update(&parts, predicted: Array(predicted[..<13]), actual: Array(actual[..<13]))
    let saved = try JSONEncoder().encode(parts.sums)
    parts.reset()
    parts.sums = try JSONDecoder().decode(MetricSums.self, from: saved)
    update(&parts, predicted: Array(predicted[13...]), actual: Array(actual[13...]))
    #expect(parts.sums == whole.sums)
    #expect(parts.value == whole.value)
  }

  @Test func imagesOfSeveralRows() {
    // Pixel (y, x) of image n is number n · 4 + y · 2 + x of the target.
    var prediction = Tensor(zeros: [2, 2, 2, 2])
    prediction[0, 1, 0, 1] = 1
    prediction[1, 1, 1, 0] = 1
    var accuracy = PixelAccuracy()
    accuracy.update(
      prediction: prediction, target: .classSequences([0, 1, 0, 0, 0, 0, 1, 0], length: 4))
    #expect(accuracy.value == 1)
  }

  @Test func wrongSizesStop() async {
    let target = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var iou = MeanIoU()
      iou.update(prediction: Tensor(zeros: [1, 2, 2, 2]), target: .classes([0]))
    }
    expectWords(of: target, "MeanIoU: expected 1 sequences of 4 classes", "got 1 classes")
    let label = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var accuracy = PixelAccuracy()
      accuracy.update(
        prediction: Tensor(zeros: [1, 2, 1, 1]), target: .classSequences([2], length: 1))
    }
    expectWords(of: label, "PixelAccuracy: expected labels below 2, got 2")
    let background = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var iou = MeanIoU(background: 2)
      iou.update(prediction: Tensor(zeros: [1, 2, 1, 1]), target: .classSequences([1], length: 1))
    }
    expectWords(of: background, "MeanIoU: expected a background below 2", "got 2")
  }
}
