import CourseTestSupport
import Explorations
import Foundation
import Shared
import Testing

/// The examples of Protocols/Explorations.md, with the numbers that stand there.
@Suite(.watched) struct ExplorationsTextTests {
  @Test(.waits(for: ResidualBlockTests.steps)) func task1ResidualBlock() {
    // Text, 5.1
    struct Doubling: ParameterFreeLayer {
      func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
      func forward(_ input: Tensor, mode: Mode) -> Tensor { input * 2 }
      func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * 2 }
    }
    var block = ResidualBlock(body: Doubling())
    let y = block.forward([[1, -1]], mode: .training)
    let dX = block.backward([[1, 1]])

    expectClose(y, [[3, 0]], "task 5.1, by hand, Y")
    expectClose(dX, [[3, 0]], "task 5.1, by hand, dX")
  }

  @Test(.waits(for: TransposedConvolutionTests.steps)) func task2TransposedConvolution() {
    // Text, 5.2
    let layer = TransposedConvolution(weights: [[[[1, 2], [3, 4]]]], stride: 2)
    let x: Tensor = [[[[1, 10]]]]
    expectClose(layer.forward(x), [[[[1, 2, 10, 20], [3, 4, 30, 40]]]], "task 5.2, by hand, Y")
    let dY: Tensor = [[[[1, 0, 0, 1], [0, 0, 0, 0]]]]
    expectClose(layer.inputGradient(dY, input: x), [[[[1, 2]]]], "task 5.2, by hand, dX")
    expectClose(
      layer.weightGradient(dY, input: x), [[[[1, 10], [0, 0]]]], "task 5.2, by hand, dW")
  }

  @Test(.waits(for: DiceLossTests.steps)) func task3Dice() {
    // Text, 5.3
    var loss = DiceLoss()
    expectClose(
      loss.forward([[[0.5, 0.5, 0, 0]]], [[[1, 1, 0, 0]]]), 0.33333334, "task 5.3, by hand, L")
    expectClose(
      loss.backward(), [[[-0.444, -0.444, 0.222, 0.222]]], "task 5.3, by hand, dp", atol: 1e-3)
  }

  @Test(.waits(for: RoIPoolTests.steps)) func task4RoIPool() {
    // Text, 5.4
    var pool = RoIPool(size: 2)
    let features = Tensor(arange: 0, to: 16).reshaped(to: [1, 1, 4, 4])
    let region = Region(image: 0, box: Box(x1: 1, y1: 0, x2: 3, y2: 2))
    let y = pool.forward(features, regions: [region], mode: .training)
    let dF = pool.backward([[[[1, 2], [3, 4]]]])

    expectClose(y, [[[[6, 7], [10, 11]]]], "task 5.4, by hand, Y")
    expectClose(
      dF, [[[[0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 3, 4], [0, 0, 0, 0]]]], "task 5.4, by hand, dF")
  }

  @Test(.waits(for: BoxTests.steps)) func task5Boxes() {
    // Text, 5.5
    let a = Box(x1: 0, y1: 0, x2: 2, y2: 2)
    #expect(a.overlap(with: Box(x1: 1, y1: 0, x2: 3, y2: 2)) == 0.33333334)
    let proposal = Box(x1: 0, y1: 0, x2: 10, y2: 20)
    let offset = proposal.offset(to: Box(x1: 5, y1: 0, x2: 15, y2: 40))
    #expect(offset == BoxOffset(dx: 0.5, dy: 0.5, dw: 0, dh: 0.6931472))
    let moved = proposal.moved(by: offset)
    expectClose(
      Tensor([moved.x1, moved.y1, moved.x2, moved.y2]), [5, 0, 15, 40], "task 5.5, moved")
    var loss = BoxLoss()
    let value = loss.forward(
      [[[0.5, 0, 0, 0], [9, 9, 9, 9]]], classes: [0], targets: [[0, 0, 3, 0]])
    #expect(value == 2.625)
    expectClose(loss.backward(), [[[0.5, 0, -1, 0], [0, 0, 0, 0]]], "task 5.5, dO")
    let boxes = [
      Box(x1: 0, y1: 0, x2: 4, y2: 4), Box(x1: 0, y1: 0, x2: 4, y2: 3),
      Box(x1: 6, y1: 0, x2: 8, y2: 4),
    ]
    #expect(nonMaximumSuppression(boxes, scores: [0.6, 0.9, 0.3], threshold: 0.5) == [1, 2])
  }

  @Test(.waits(for: AttentionTests.steps)) func task6Attention() {
    // Text, 5.6
    var layer = Attention(heads: 1)
    let x = Tensor([[[0, 5, 2], [0, 7, 4]]])
    let y = layer.forward(x, mode: .training)
    let dX = layer.backward([[[1], [2]]])

    expectClose(y, [[[2], [3]]], "task 5.6, by hand, Y")
    expectClose(dX, [[[0, 0, 2], [2, 0, 1]]], "task 5.6, by hand, dX")
  }

  @Test(.waits(for: VICRegLossTests.steps)) func task7VICReg() {
    // Text, 5.7
    var loss = VICRegLoss()
    let a: Tensor = [[1, 0], [-1, 0]]
    expectClose(loss.forward(a, a), 12.375, "task 5.7, by hand")
  }

  @Test(.waits(for: OcclusionMapTests.steps)) func task8Occlusion() {
    // Text, 5.8
    let image: Tensor = [[[1, 0], [0, 5]]]
    let map = occlusionMap(of: image, size: 1) { batch in
      (0..<batch.shape[0]).map { batch.slice(axis: 0, at: $0).sum() }
    }
    expectClose(map, [[1, 0], [0, 5]], "task 5.8, by hand, M")
    expectClose(
      saliencyMap(ofGradient: [[[1, -2]], [[-3, 0.5]]]), [[3, 2]], "task 5.8, saliency")
  }

  // MARK: The tables of symptoms

  /// The quoted symptoms of a task are those that the tests tell.
  @Test(arguments: ["5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8"])
  func aTestTellsEachSymptom(task: String)
    throws
  {
    let text = try String(
      contentsOf: packageFolder.appending(path: "Protocols/Explorations.md"), encoding: .utf8)
    let start = try #require(text.range(of: "\n## Task \(task):")).upperBound
    let rows = text[start...].components(separatedBy: "\n## ")[0].split(separator: "\n")
    let symptoms = rows.compactMap { $0.firstMatch(of: /^\| "([^"]+)" \|/).map { String($0.1) } }
    #expect(symptoms.count >= 5)
    let folder = packageFolder.appending(path: "Tests/ExplorationsTests")
    let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".swift") }
      .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
    for symptom in symptoms {
      let isTold = sources.contains(symptom)
      #expect(isTold, "task \(task): no test says \"\(symptom)\"")
    }
  }
}
