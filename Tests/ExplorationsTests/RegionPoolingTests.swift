import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Regions as a side input of a network, on top of task 5.4, and the loss of their boxes, on top of 5.5.
@Suite(.watched, .waits(for: RoIPoolTests.steps)) struct RegionPoolingTests {
  private let features = Tensor(normal: [2, 3, 4, 6], key: RandomKey(seed: varied(3)))
  private let boxes = Tensor([
    [[0, 0, 12, 8], [3, 2, 9, 7], [5, 5, 6, 6], [10, 1, 30, 4]],
    [[1, 1, 4, 7.6], [0, 4, 11, 6], [-4, -3, 5, 3], [7, 2, 7.5, 2.25]],
  ])

  private func layer(_ implementation: Implementation = .fast, size: Int = 2) -> RegionPooling {
    var layer = RegionPooling(regions: 4, size: size, imageSize: [8, 12])
    layer.implementation = implementation
    layer.take(sideInputs: ["regions": boxes])
    return layer
  }

  @Test func eachRegionIsARowOfItsMaxima() throws {
    let regions = (0..<8).map { number in
      let edge = { boxes[number / 4, number % 4, $0] }
      return Region(
        image: number / 4, box: Box(x1: edge(0), y1: edge(1), x2: edge(2), y2: edge(3)))
    }
    for size in [1, 2, 3] {
      var pool = RoIPool(size: size, scale: 0.5)
      let expected = pool.forward(features, regions: regions, mode: .inference)
      for implementation in [Implementation.reference, .kernel] {
        var layer = layer(implementation, size: size)
        let output = layer.forward(features, mode: .inference)
        expectClose(output, expected.reshaped(to: [2, 4, 3 * size * size]), "\(implementation)")
      }
    }
    #expect(try layer().outputShape(for: [3, 4, 6]) == [4, 12])
    #expect(layer().sideInputShapes == ["regions": [4, 4]])
  }

  @Test func theKernelRunsWhereTheTasksAreRight() { #expect(RegionPooling.bodiesAgree) }

  @Test(arguments: [Implementation.reference, .kernel])
  func gradients(implementation: Implementation) {
    let report = checkGradients(
      of: layer(implementation), inputShape: features.shape, input: features * 3, step: 0.005)
    #expect(report.passed, "\(report)")
    expectInferenceKeepsNothing(layer(implementation), input: features)
  }

  @Test func gradientsOfTheKernelAreThoseOfTheReference() {
    let dY = Tensor(normal: [2, 4, 27], key: RandomKey(seed: 9))
    var (reference, kernel) = (layer(.reference, size: 3), layer(.kernel, size: 3))
    // Equal numbers, of which the first gets the gradient.
    let flat = Tensor(
      shape: features.shape, scalars: features.scalars.map { ($0 * 2).rounded() })
    _ = reference.forward(flat, mode: .training)
    _ = kernel.forward(flat, mode: .training)
    expectClose(kernel.backward(dY), reference.backward(dY), "dF")
  }

  @Test func regionsWithoutAnAreaOrOutsideAreRefused() {
    func check(_ box: [Float]) throws {
      var wrong = boxes
      for (place, edge) in box.enumerated() { wrong[1, 2, place] = edge }
      try layer().check(
        sideInputs: ["regions": wrong], inputShape: Array(features.shape.dropFirst()),
        firstExample: 10)
    }
    for box in [[3, 3, 3, 5], [3, 5, 6, 4], [12, 0, 14, 3], [0, -9, 4, 0], [.nan, 0, 1, 1]]
      as [[Float]]
    {
      expectCourseError(.invalidData, "example 11, region 2", "without an area, or outside") {
        try check(box)
      }
    }
    #expect(throws: Never.self) { try check([-3, -2, 1, 1]) }
  }

  @Test func featuresOfAnotherFormAreRefused() {
    expectCourseError(.shapeMismatch, "another form", "8 : 12", "[3, 4, 4]") {
      _ = try layer().outputShape(for: [3, 4, 4])
    }
    expectCourseError(.invalidArgument, "size out of range") {
      _ = try RegionPooling(configuration: .init(regions: 0, size: 2, imageSize: [8, 8]))
    }
  }

  @Test func aForwardPassNeedsRegions() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = RegionPooling(regions: 4, size: 2, imageSize: [8, 12])
      _ = layer.forward(Tensor(zeros: [2, 3, 4, 6]), mode: .inference)
    }
    expectWords(of: result, "RegionPooling.forward", "regions of N images", "no regions")
  }

  @Test(arguments: ["1e30", "-inf", "nan"])
  func regionsFarAwayStop(corner: String) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [corner] in
      var layer = RegionPooling(regions: 2, size: 2, imageSize: [8, 12])
      layer.take(sideInputs: [
        "regions": Tensor([[[0, 0, 4, 4], [0, 0, Float(corner)!, 4]]] as [[[Float]]])
      ])
    }
    expectWords(of: result, "RegionPooling", "regions near the image", "a corner at")
  }

  // MARK: The loss of the boxes

  @Test func onlyRegionsThatCountHaveABoxLoss() {
    // Two classes: an offset of class 1; the background; one that does not count.
    let target = Target.values([[[1, 0, 0, 3, 0], [2, 9, 9, 9, 9], [-1, 9, 9, 9, 9]]])
    let output = Tensor([
      [[9, 9, 9, 9, 0.5, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1]]
    ])
    var loss = RegionBoxLoss()
    // (0.125 + 2.5) / 2
    expectClose(loss.forward(output, target: target), 1.3125, "loss")
    let gradient = loss.backward()
    expectClose(gradient[0..., 0..<1, 4...], [[[0.25, 0, -0.5, 0]]], "dY of the region")
    expectClose(square(gradient).sum(), 0.3125, "dY elsewhere is 0")
    let none = Target.values([[[-1, 0, 0, 0, 0], [-1, 0, 0, 0, 0], [-1, 0, 0, 0, 0]]])
    #expect(loss.forward(output, target: none) == 0)
    expectClose(loss.backward(), Tensor(zeros: [1, 3, 8]), "dY where nothing counts")
    let report = checkGradients(of: loss, prediction: output, target: target)
    #expect(report.passed, "\(report)")
  }

  @Test(arguments: ["0.5", "3", "-2", "nan", "inf"])
  func classesThatAreNoneStop(label: String) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [label] in
      var loss = RegionBoxLoss()
      _ = loss.forward(
        Tensor(zeros: [1, 1, 8]), target: .values(Tensor([[[Float(label)!, 0, 0, 0, 0]]])))
    }
    expectWords(of: result, "RegionBoxLoss.forward", "whole numbers from -1 to 2")
  }

  @Test func targetsThatDoNotFitAreRefused() {
    let loss = RegionBoxLoss()
    expectCourseError(.shapeMismatch, "values [N, R, 5]", "[1, 3, 4]") {
      try loss.check(outputShape: [3, 8], target: .values(Tensor(zeros: [1, 3, 4])))
    }
    expectCourseError(.invalidData, "example 0, region 1", "2 for the background", "got 3.0") {
      try loss.check(
        outputShape: [2, 8], target: .values([[[0, 0, 0, 0, 0], [3, 0, 0, 0, 0]]]))
    }
  }
}
