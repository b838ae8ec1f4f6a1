import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// The losses of two views as losses of a network, on top of task 5.7.
@Suite(.watched) struct TwoViewLossTests {
  private let embeddings = Tensor(normal: [6, 2, 3], key: RandomKey(seed: varied(1)))
  private var target: Target { .classes([Int](repeating: 0, count: 6)) }
  private static let methods: [TwoViewLoss.Method] = [.vicReg, .ntXent(temperature: 0.3)]

  @Test(arguments: methods) func viewsAreComparedAsByTheLossItself(method: TwoViewLoss.Method) {
    var loss = TwoViewLoss(method)
    let (a, b) = (embeddings.slice(axis: 1, at: 0), embeddings.slice(axis: 1, at: 1))
    let value = loss.forward(embeddings, target: target)
    let gradient = loss.backward()
    var (vicReg, ntXent) = (VICRegLoss(), NTXentLoss(temperature: 0.3))
    let expected = method == .vicReg ? vicReg.forward(a, b) : ntXent.forward(a, b)
    let (dA, dB) = method == .vicReg ? vicReg.backward() : ntXent.backward()
    #expect(value == expected)
    expectSame(gradient, Tensor(stacking: [dA, dB], axis: 1), "TwoViewLoss.backward")
  }

  @Test(arguments: methods) func aSingleImageHasNoLoss(method: TwoViewLoss.Method) {
    var loss = TwoViewLoss(method)
    #expect(loss.forward(embeddings[0..<1], target: .classes([0])) == 0)
    #expect(loss.backward() == Tensor(zeros: [1, 2, 3]))
    #expect(loss.totalWeight(of: .classes([0]), weights: nil) == 0)
    #expect(loss.totalWeight(of: target, weights: nil) == 6)
    var deviation = EmbeddingDeviation()
    deviation.update(prediction: embeddings[0..<1], target: .classes([0]))
    #expect(deviation.value.isNaN)
  }

  /// By hand: deviations √2 and 0 of the first views, 3/√2 and 1/√2 of the second; their mean √2/2 + √2 = 3/√8.
  @Test func deviationsByHand() {
    var deviation = EmbeddingDeviation()
    let pair = Tensor([[[1, 5], [0, 1]], [[-1, 5], [3, 2]]])
    deviation.update(prediction: pair, target: .classes([0, 0]))
    expectClose(deviation.value, 3 / Float(8).squareRoot(), "EmbeddingDeviation", atol: 1e-6)
    // A collapse.
    deviation.reset()
    deviation.update(prediction: Tensor(ones: [4, 2, 3]), target: .classes([0, 0, 0, 0]))
    #expect(deviation.value == 0)
  }

  @Test func directionsThatAreSpreadEvenly() {
    let z = Tensor(normal: [4000, 2, 16], key: RandomKey(seed: 2))
    var deviation = EmbeddingDeviation(ofDirections: true)
    deviation.update(
      prediction: z * 7, target: .classes([Int](repeating: 0, count: 4000)))
    expectClose(deviation.value, 1, "deviation of directions", atol: 0.02)
    #expect(TwoViewLoss(.ntXent(temperature: 1)).metrics.count == 1)
    deviation.reset()
    // Of one direction and different lengths: a collapse of the directions.
    let lengths = Tensor(uniform: [50, 1, 1], in: 1..<2, key: RandomKey(seed: 3))
    deviation.update(
      prediction: Tensor(ones: [50, 2, 4]) * lengths,
      target: .classes([Int](repeating: 0, count: 50)))
    expectClose(deviation.value, 0, "deviation of one direction", atol: 1e-3)
  }

  @Test func wrongUse() async {
    expectCourseError(.shapeMismatch, "not a pair of embeddings", "[2, D]", "[3, 8]") {
      try TwoViewLoss(.vicReg).check(outputShape: [3, 8], target: .classes([0]))
    }
    expectCourseError(.invalidArgument, "temperature", "above 0") {
      _ = try TwoViewLoss(configuration: .init(method: .ntXent(temperature: -1)))
    }
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = TwoViewLoss(.vicReg)
      _ = loss.forward(Tensor(ones: [4, 3]), target: .classes([0, 0, 0, 0]))
    }
    expectWords(of: shape, "TwoViewLoss.forward", "[N, 2, D]", "[4, 3]")
    let backward = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = TwoViewLoss(.vicReg)
      _ = loss.backward()
    }
    expectWords(of: backward, "TwoViewLoss.backward", "no forward pass")
  }
}
