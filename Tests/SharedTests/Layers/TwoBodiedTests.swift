import CourseTestSupport
import Shared
import Testing

/// A kernel runs only where the readable body computes the same; a body with a mistake runs as it stands.
@Suite(.watched) struct TwoBodiedTests {
  private let batch = Tensor(normal: [3, 4], key: RandomKey(seed: 1))

  @Test(arguments: Shifting.Mistake.allCases)
  func anyDifferenceIsNoticed(mistake: Shifting.Mistake) {
    #expect(Shifting.agree(on: [(Shifting(mistake), batch)]).holds == (mistake == .none))
    #expect(!Shifting.agree(on: [(Shifting(.none), batch), (Shifting(.output), batch)]).holds)
  }

  @Test(arguments: Descent.Mistake.allCases)
  func anyDifferenceBetweenOptimizersIsNoticed(mistake: Descent.Mistake) {
    #expect(Descent.agree(on: [Descent(mistake)]).holds == (mistake == .none))
    #expect(!Descent.agree(on: [Descent(.none), Descent(.weights)]).holds)
  }

  @Test func anOptimizerWithAWrongBodyRunsIt() {
    var (value, state): (Tensor, Descent.State) = ([1, 2], Descent.State(for: [1, 2]))
    Descent(.weights).update(&value, gradient: [0, 0], state: &state, step: 1)
    #expect(value == [2, 3], "the kernel must not stand in for a body that does not agree")
  }

  /// A NaN that both bodies hand on, as max pooling does, is none that one of them makes.
  @Test func theSameNaNIsNoDifference() {
    var images = batch
    images[1, 2] = .nan
    #expect(Shifting.agree(on: [(Shifting(.none), images)]).holds)
    #expect(!Shifting.agree(on: [(Shifting(.output), images)]).holds)
  }

  @Test func aBodyWithAWrongOutputIsNotAskedForGradients() {
    #expect(!Trapping.bodiesAgree)
  }

  @Test func theKernelRunsWhereBothBodiesAgree() {
    func bodies(_ layer: some Layer & TwoBodied) -> [Bool] {
      [Implementation.reference, .fast, .kernel].map {
        var layer = layer
        layer.implementation = $0
        return layer.runsKernel
      }
    }
    #expect(bodies(Shifting(.none)) == [false, true, true])
    #expect(bodies(Unfinished()) == [false, false, true])
  }

  @Test func aNetworkTrainsWithAnUnfinishedBodyAsItStands() throws {
    var network = NeuralNetwork(
      inputShape: [4], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1), seed: 1)
    try network.append(TinyDense(inputSize: 4, outputSize: 4))
    try network.append(Unfinished())
    let before = network.parameters["layers.0.weights"]?.value
    try network.fit(
      Dataset(features: batch, targets: .values(batch)),
      options: TrainingOptions(epochs: 2, batchSize: 3))
    #expect(network.parameters["layers.0.weights"]?.value == before, "no gradient comes through")
    #expect(try network.predict(batch) == Tensor(zeros: [3, 4]))
  }
}

/// `y = 2 x + b`, with a count of passes; the readable body may have a mistake.
struct Shifting: Layer, TwoBodied {
  enum Mistake: CaseIterable {
    case none, output, shape, inputGradient, notANumber, biasGradient, noBiasGradient, state
    case inference
  }

  static let typeName = "Shifting"
  let configuration = NoConfiguration()
  let mistake: Mistake
  var implementation = Implementation.fast
  private var bias = Parameter([1, 2, 3, 4])
  private var passes = Tensor(zeros: [1])

  package static let agreement = agree(on: [(Shifting(.none), Tensor(ones: [2, 4]))])

  init(_ mistake: Mistake) { self.mistake = mistake }
  init(configuration: NoConfiguration) { self.init(.none) }

  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  private func has(_ mistake: Mistake) -> Bool { !runsKernel && mistake == self.mistake }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    if mode == .training { passes += has(.state) ? 2 : 1 }
    if has(.shape) { return Tensor(zeros: [0]) }
    let isWrong = has(.output) || has(.inference) && mode == .inference
    return input * (isWrong ? 2.001 : 2) + bias.value
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor {
    if !has(.noBiasGradient) {
      bias.accumulate(outputGradient.sum(axis: 0) * (has(.biasGradient) ? 2 : 1))
    }
    return outputGradient * (has(.notANumber) ? .nan : has(.inputGradient) ? 1.99 : 2)
  }

  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows { try body("bias", &bias) }

  mutating func forEachState(_ body: (_ name: String, _ state: inout Tensor) throws -> Void)
    rethrows
  { try body("passes", &passes) }
}

/// The readable body is still that of the task, which returns zeros; the kernel doubles.
private struct Unfinished: ParameterFreeLayer, TwoBodied {
  static let typeName = "Unfinished"
  var implementation = Implementation.fast

  package static let agreement = agree(on: [(Unfinished(), Tensor(ones: [2, 4]))])

  init() {}
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor { input * (runsKernel ? 2 : 0) }
  func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * (runsKernel ? 2 : 0) }
}

/// A readable body with a wrong output, after which it cannot go back.
private struct Trapping: ParameterFreeLayer, TwoBodied {
  static let typeName = "Trapping"
  var implementation = Implementation.fast

  package static let agreement = agree(on: [(Trapping(), Tensor(ones: [2, 4]))])

  init() {}
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor { input * (runsKernel ? 2 : 1) }
  func backward(_ outputGradient: Tensor) -> Tensor {
    precondition(runsKernel, "there is no way back")
    return outputGradient * 2
  }
}

/// `w ← w − η g`, with a count of steps for each weight; the readable body may have a mistake.
struct Descent: Optimizer, SelfConfigured, TwoBodied {
  enum Mistake: String, Codable, CaseIterable {
    case none, weights, laterSteps, shape, notANumber, state
  }

  struct State: ParameterState {
    var steps: Tensor
    init(for value: Tensor) { steps = Tensor(zeros: value.shape) }
    mutating func forEach(_ body: (String, inout Tensor) throws -> Void) rethrows {
      try body("steps", &steps)
    }
  }

  var learningRate: Float = 0.5
  var mistake: Mistake
  var implementation = Implementation.fast
  private enum CodingKeys: CodingKey { case learningRate, mistake }

  init(_ mistake: Mistake) { self.mistake = mistake }

  func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    state.steps += 1
    value.add(gradient, scaledBy: -learningRate)
    guard !runsKernel else { return }
    switch mistake {
    case .none: break
    case .weights: value += 1
    case .laterSteps: if step > 1 { value += 1 }
    case .shape: if step == 3 { value = value.reshaped(to: [1] + value.shape) }
    case .notANumber: value += .nan
    case .state: state.steps += 1
    }
  }

  static let agreement = agree(on: [Descent(.weights)])
}
