import CourseTestSupport
import Foundation
import Phase1FeedForward
import Shared
import Testing

/// What Protocols/Phase1-FeedForward.md quotes as symptoms comes from the cause beside it.
@Suite(.watched) struct Phase1SymptomTests {
  /// What the tests say when the cause of a symptom is there; the key is what the text quotes.
  private static let provoked: [(symptom: String, words: @Sendable () -> [String])] = [
    // 1.1: w = [[1, -2, 0.5], [3, 0, -1]], g = [[2, 4, -6], [0, 1, 8]], η = 0.5
    (
      "the step goes along the gradient, uphill",
      { complaints { SGDTests.expectStep([[2, 0, -2.5], [3, 0.5, 3]]) } }
    ),
    (
      "the weights are replaced by the step",
      { complaints { SGDTests.expectStep([[-1, -2, 3], [0, -0.5, -4]]) } }
    ),
    (
      "the weights do not change",
      { complaints { SGDTests.expectStep([[1, -2, 0.5], [3, 0, -1]]) } }
    ),
    // 1.2: X = [[1, 2], [3, -1]], W = [[1, 2], [3, 5]], b = [10, 20], dY = [[1, 0.5], [2, -1]]
    (
      "the bias is added to the columns",
      { complaints { DenseTests.expectOutput([[17, 22], [20, 21]]) } }
    ),
    (
      "it is a mean over the batch", { complaints { DenseTests.expectBiasGradient([1.5, -0.25]) } }
    ),
    (
      "divided by the batch size",
      { complaints { DenseTests.expectWeightGradient([[3.5, -1.25], [0, 1]]) } }
    ),
    (
      // W - dW = [[-6, 4.5], [3, 3]]
      "computed with weights that had already been changed",
      { complaints { DenseTests.expectInputGradient([[-3.75, 4.5], [-16.5, 3]]) } }
    ),
    ("the second pass replaces the first", { DenseTests.wordsForGradientsThatAreReplaced }),
    (
      "forward keeps nothing in training mode",
      { wordsFor(Forgetful(keeping: [])) }
    ),
    (
      "still keeps the last training batch after an inference pass",
      {
        complaints {
          expectInferenceKeepsNothing(
            Forgetful(keeping: [.training], clears: false), input: [[1, 2]])
        }
      }
    ),
    // 1.3: x = [[-1.5, 0.5, 2], [3, -4, -0.25]], dY = [[1, -2, 3], [-4, 5, 6]]
    (
      "cut by its own sign",
      { complaints { ReLUTests.expectInputGradient([[1, 0, 3], [0, 5, 6]]) } }
    ),
    (
      "the gradient passes at x = 0",
      { complaints { ReLUTests.expectInputGradientAtZero([[5, 6, 7]]) } }
    ),
    (
      "passes everywhere",
      { complaints { ReLUTests.expectInputGradient([[1, -2, 3], [-4, 5, 6]]) } }
    ),
    (
      "the output gradient is missing",
      { complaints { ReLUTests.expectInputGradient([[0, 1, 1], [1, 0, 0]]) } }
    ),
    // 1.4
    (
      "every output depends on every input of its row",
      {
        let dY: Tensor = [[1, -0.5, 0.3], [2, -1.2, 0.7], [-1, 0.5, 0.8]]
        let y: Tensor = [
          [0.17529039, 0.03911257, 0.78559703], [0.6215004, 0.37695905, 0.00154055],
          [0.62853172, 0.2312239, 0.14024438],
        ]
        return complaints { SoftmaxTests.expectInputGradient(dY * y * (1 - y)) }
      }
    ),
    // 1.5
    (
      "the gradient at a probability of 0 is infinite",
      { complaints { CrossEntropyLossTests.expectGradientAtZero(Tensor([[-.infinity, .nan]])) } }
    ),
    // 1.6
    (
      "the sign is wrong: p − t, not t − p",
      {
        var loss = SoftmaxCrossEntropyLoss()
        return complaints {
          let right = try lossPass(
            &loss, SoftmaxCrossEntropyLossTests.x, target: SoftmaxCrossEntropyLossTests.target)
          SoftmaxCrossEntropyLossTests.expectGradient(-right.gradient)
        }
      }
    ),
    (
      "the exponential is missing",
      {
        let (x, target) = (SoftmaxCrossEntropyLossTests.x, SoftmaxCrossEntropyLossTests.target)
        let t = target.truth(for: x, place: "test")
        let logarithms = x - log(exp(x).sum(axis: -1, keepDims: true))
        return complaints { SoftmaxCrossEntropyLossTests.expectGradient((logarithms - t) / 4) }
      }
    ),
    // 1.8
    (
      "every layer gets the network's input",
      {
        complaints {
          FeedForwardNetworkTests.expectOutput(
            FeedForwardNetworkTests.x.matmul(FeedForwardNetworkTests.w2))
        }
      }
    ),
    (
      "the layers run from first to last",
      {
        let (x, w1, w2) = (
          FeedForwardNetworkTests.x, FeedForwardNetworkTests.w1, FeedForwardNetworkTests.w2
        )
        let (z, dY) = (
          x.matmul(w1), (FeedForwardNetworkTests.y - FeedForwardNetworkTests.t) / 2
        )
        let gradient = dY.matmul(w1, transposingOther: true) * z * 2
        return complaints {
          FeedForwardNetworkTests.expectGradients(
            last: square(z).matmul(gradient, transposingSelf: true), first: dY, dX: dY)
        }
      }
    ),
    (
      "every layer gets the gradient of the loss",
      {
        let x = FeedForwardNetworkTests.x
        let z = x.matmul(FeedForwardNetworkTests.w1)
        let dY = (FeedForwardNetworkTests.y - FeedForwardNetworkTests.t) / 2
        return complaints {
          FeedForwardNetworkTests.expectGradients(
            last: square(z).matmul(dY, transposingSelf: true),
            first: x.matmul(dY, transposingSelf: true), dX: dY)
        }
      }
    ),
    // 1.9
    (
      "that is the variance",
      { complaints { InitializationTests.expectXavier(2 / 400, 300, 100) } }
    ),
    (
      "that is the bound of a uniform distribution",
      { complaints { InitializationTests.expectXavier(Float(6.0 / 400).squareRoot(), 300, 100) } }
    ),
    (
      "the 2 is missing",
      { complaints { InitializationTests.expectXavier(Float(1.0 / 400).squareRoot(), 300, 100) } }
    ),
    // 1.7
    (
      "the weights change before backward has computed their gradients",
      {
        var calls = TrainingLoopTests.rightCalls
        calls.insert("update 1: gradient [0.0, 0.0], state of shape [2]", at: 2)
        return complaints { try TrainingLoopTests.expectSteps(calls) }
      }
    ),
    (
      "the last batch, which is shorter, is left out",
      {
        let batches = (0..<2).flatMap {
          TrainingLoopTests.batches(epoch: $0, batchSize: 3).prefix(2)
        }
        return complaints {
          TrainingLoopTests.expectVisits(batches.map { "forward, training, \($0)" }, 3)
        }
      }
    ),
    (
      "the targets of a batch must be those of its features",
      {
        let batches = TrainingLoopTests.batches(epoch: 0, batchSize: 3)
        return complaints {
          TrainingLoopTests.expectTargets(
            zip(batches, [[0, 1, 2], [3, 4, 5], [6]]).map { "loss of \($0) with targets \($1)" })
        }
      }
    ),
    (
      "each parameter has a state of its own",
      {
        let calls = TrainingLoopTests.rightCalls.map {
          $0.replacing("shape [1]", with: "shape [2]")
        }
        return complaints { try TrainingLoopTests.expectSteps(calls) }
      }
    ),
    (
      "steps are counted over all epochs",
      {
        let epoch = TrainingLoopTests.rightCalls
        return complaints { TrainingLoopTests.expectStepNumbers(epoch + epoch) }
      }
    ),
    // 1.5 and 1.6, in fit
    ("predictions that are no probabilities", { refusal(of: CrossEntropyLoss(), softmax: false) }),
    (
      "probabilities before a loss that makes them itself",
      { refusal(of: SoftmaxCrossEntropyLoss(), softmax: true) }
    ),
  ]

  /// What `fit` says of a network with such an end.
  private static func refusal(of loss: some Loss, softmax: Bool) -> [String] {
    do {
      var network = NeuralNetwork(
        inputShape: [2], loss: loss, optimizer: TinySGD(learningRate: 0.1), seed: 1)
      var dense = TinyDense(inputSize: 2, outputSize: 2)
      dense.bias.value = [5, -5]
      try network.append(dense)
      if softmax { try network.append(Softmax()) }
      let data = try Dataset(features: [[1, 2], [3, 4]], targets: .classes([0, 1]))
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 2))
      return []
    } catch {
      return ["\(error)"]
    }
  }

  private static func wordsFor(_ layer: Forgetful) -> [String] {
    var layer = layer
    return complaints { _ = try trainingPass(&layer, input: [[1, 2]]) }
  }

  @Test(arguments: provoked.indices)
  func theCauseGivesTheSymptom(number: Int) {
    let (symptom, words) = Self.provoked[number]
    let said = words()
    #expect(said.first?.contains(symptom) == true, "\(symptom): \(said)")
  }

  /// The quotations in the first column of the tables "Symptom | Cause".
  @Test func everyQuotedSymptomIsProvoked() throws {
    let quoted = try Self.rows().flatMap { row in
      row.matches(of: /"([^"]+)"/).map { String($0.1) }
    }
    #expect(quoted.count >= 20)
    let known = Self.provoked.map(\.symptom)
    for symptom in quoted where !known.contains(symptom) {
      Issue.record("no test provokes \"\(symptom)\"")
    }
  }

  /// The messages in the first column that end the program.
  @Test func messagesThatEndTheProgramAreWhatTheTextSays() async throws {
    let shapes = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor(ones: [5, 3]).matmul(Tensor(ones: [2, 3])) }
    expectWords(of: shapes, "Tensor.matmul: expected shapes [..., M, K] and [..., K, N], got ")
    let lines = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let x = Tensor(ones: [2, 3])
      _ = x - x.max(axis: -1)
    }
    expectWords(of: lines, "Tensor -: expected shapes that broadcast together, got [2, 3] and [2]")
    let mode = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var relu = ReLU()
      _ = relu.forward([[1]], mode: .inference)
      _ = relu.backward([[1]])
    }
    expectWords(of: mode, "no forward pass to go back through")
    // `Parameter.accumulate`: see DenseTests.aBiasGradientThatIsNotSummedStopsWithAHint().
    let quoted = try Self.rows().flatMap { row in
      row.matches(
        of: /`([^`]+ got [^`]*|[^`]*(?:expected |\(transposed\?\)|no forward pass)[^`]*)`/
      ).map { String($0.1) }
    }
    #expect(
      Set(quoted) == [
        "Tensor.matmul: expected shapes [..., M, K] and [..., K, N], got ...",
        "Parameter.accumulate: ... got [5, 3] (not summed over the batch?)",
        "Parameter.accumulate: ... (transposed?)",
        "Tensor -: expected shapes that broadcast together, got [2, 3] and [2]",
        "... no forward pass to go back through",
      ])
  }

  /// What the texts show of a failing test is what it prints.
  @Test func theSampleFailuresAreWhatComes() throws {
    // dY · W instead of dY · Wᵀ
    let dense = complaints { DenseTests.expectInputGradient([[2.5, 4.5], [-1, -1]]) }
    for name in ["README.md", "Protocols/Phase1-FeedForward.md"] {
      let content = try Self.text(name)
      for line in try #require(dense.first).split(separator: "\n") where !content.contains(line) {
        Issue.record("\(name) shows another failure than comes: \(line)")
      }
    }
  }

  private static func text(_ name: String) throws -> String {
    try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../\(name)"),
      encoding: .utf8)
  }

  /// The first column of the tables of symptoms.
  private static func rows() throws -> [String] {
    var (isTable, rows) = (false, [String]())
    for line in try text("Protocols/Phase1-FeedForward.md").split(separator: "\n") {
      if line.hasPrefix("| Symptom | Cause |") {
        isTable = true
      } else if !line.hasPrefix("|") {
        isTable = false
      }
      if isTable { rows.append(line.split(separator: "|").first.map(String.init) ?? "") }
    }
    return rows
  }
}

/// Passes everything on; keeps its input in the modes that it is told, and forgets it in the others or not.
private struct Forgetful: ParameterFreeLayer {
  static let typeName = "Forgetful"
  private var modes: [Mode] = []
  private var clears = true
  private var kept = Kept<Tensor>()

  init() {}
  init(keeping modes: [Mode], clears: Bool = true) { (self.modes, self.clears) = (modes, clears) }

  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    if modes.contains(mode) || clears {
      kept.set(input, in: modes.contains(mode) ? .training : .inference)
    }
    return input
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
}
