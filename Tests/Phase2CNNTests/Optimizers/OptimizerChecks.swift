import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

// What the tests of all optimizers need.

/// Weights after ten steps with changing gradients, and one weight after each of them.
///
/// The reference numbers come from PyTorch in double precision:
///
///     import torch
///     T = lambda *a: torch.tensor(*a, dtype=torch.float64)
///     def run(make):
///       w = [T([[0.5, -1, 2], [0.1, 0, -0.3]]), T([1.0, -2, 0.25]), T(3.0)]
///       optimizer, path = make(w), []
///       for t in range(10):
///         for p in w:
///           i = torch.arange(p.numel(), dtype=torch.float64).reshape(p.shape)
///           p.grad = 0.5 * p + torch.sin(t + i)
///         optimizer.step()
///         path.append(w[2].item())
///       print(w[0], w[1], path)
///     run(lambda w: torch.optim.Adam(w, lr=0.1))
struct Trajectory {
  var weights: Tensor
  var bias: Tensor
  /// The scalar parameter after each step.
  var path: Tensor

  init(weights: Tensor, bias: Tensor, path: Tensor) {
    (self.weights, self.bias, self.path) = (weights, bias, path)
  }

  /// The trajectory of an optimizer of this package.
  init<O: Optimizer>(of optimizer: O) {
    var parameters: [Tensor] = [[[0.5, -1, 2], [0.1, 0, -0.3]], [1, -2, 0.25], Tensor(3)]
    var states = parameters.map { O.State(for: $0) }
    var path: [Float] = []
    for step in 0..<10 {
      for index in parameters.indices {
        let waves = (0..<parameters[index].count).map { Float(sin(Double(step + $0))) }
        let gradient =
          parameters[index] * 0.5 + Tensor(waves).reshaped(to: parameters[index].shape)
        optimizer.update(
          &parameters[index], gradient: gradient, state: &states[index], step: step + 1)
      }
      path.append(parameters[2].scalar)
    }
    self.init(weights: parameters[0], bias: parameters[1], path: Tensor(path))
  }
}

/// The weights after a step with each of the gradients, the first with number `firstStep`.
func stepped<O: Optimizer>(
  _ optimizer: O, _ weights: Tensor, _ gradients: [Tensor], firstStep: Int = 1
) -> Tensor {
  var weights = weights
  var state = O.State(for: weights)
  for (index, gradient) in gradients.enumerated() {
    optimizer.update(&weights, gradient: gradient, state: &state, step: firstStep + index)
  }
  return weights
}

/// Compares ten steps with PyTorch's.
func expectTrajectory(
  of optimizer: some Optimizer, _ expected: Trajectory, _ subject: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let actual = Trajectory(of: optimizer)
  expectClose(
    actual.path, expected.path, "\(subject): a weight after each of ten steps", rtol: 0,
    sourceLocation: sourceLocation)
  expectClose(
    actual.weights, expected.weights, "\(subject): weights after ten steps", rtol: 0,
    sourceLocation: sourceLocation)
  expectClose(
    actual.bias, expected.bias, "\(subject): bias after ten steps", rtol: 0,
    sourceLocation: sourceLocation)
}

/// Records an issue unless the answer of each mistake is its own, and not the right one.
func expectOwnAnswers(
  _ mistakes: KeyValuePairs<String, Tensor>, right: Tensor,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  for (words, answer) in mistakes {
    #expect(!areClose(answer, right), "\(words)", sourceLocation: sourceLocation)
    let first = mistakes.first { areClose(answer, $0.value) }
    #expect(first?.key == words, sourceLocation: sourceLocation)
  }
}

/// Saves at step 7 and ends the training there, as Ctrl-C does.
private struct Interruption: TrainingCallback {
  let url: URL
  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    guard report.step == 7 else { return .proceed }
    try network.save(to: url)
    return .stop
  }
}

/// Trains a small network, once without a break and once stopped in the middle of an epoch, saved, loaded
/// and resumed: the files at the end must have the same bytes.
func expectResumingBitForBit(
  _ optimizer: some Optimizer, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try withTemporaryFolder { folder in
    let data = try Dataset(
      features: Tensor(normal: [20, 3], key: RandomKey(seed: varied(2))),
      targets: .classes((0..<20).map { $0 % 2 }))
    var whole = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: optimizer, seed: varied(1))
    try whole.append(TinyDense(inputSize: 3, outputSize: 4))
    try whole.append(TinyDense(inputSize: 4, outputSize: 2))
    var interrupted = whole
    let schedule = WarmUp(over: 5, then: CosineDecay(over: 5))
    func train(_ network: inout NeuralNetwork, _ callbacks: [any TrainingCallback] = []) throws {
      try network.fit(
        data,
        options: TrainingOptions(epochs: 4, batchSize: 4, clipping: .norm(0.5), schedule: schedule),
        callbacks: callbacks, resuming: network.progress != nil)
    }

    try train(&whole)
    let middle = folder.appending(path: "middle.safetensors")
    try train(&interrupted, [Interruption(url: middle)])
    var resumed = try NeuralNetwork(
      contentsOf: middle, layers: [TinyDense.self], losses: [TinySquaredError.self],
      optimizers: [type(of: optimizer)], schedules: [WarmUp.self, CosineDecay.self])
    #expect(resumed.progress?.step == 7, sourceLocation: sourceLocation)
    try train(&resumed)

    func bytes(_ network: NeuralNetwork) throws -> Data {
      let url = folder.appending(path: "end.safetensors")
      try network.save(to: url)
      return try Data(contentsOf: url)
    }
    #expect(
      try bytes(resumed) == bytes(whole),
      "\(type(of: optimizer).typeName): a resumed run differs from one without a break",
      sourceLocation: sourceLocation)
  }
}

/// Expects that each change makes a configuration that is refused with these words.
func expectRefusals<O: Optimizer>(
  of optimizer: O, _ changes: [(words: String, change: (inout O.Configuration) -> Void)],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  for (words, change) in changes {
    var configuration = optimizer.configuration
    change(&configuration)
    expectCourseError(
      .invalidArgument, O.typeName, words, sourceLocation: sourceLocation
    ) { try O(configuration: configuration) }
  }
}

/// Compares the formula with the kernel on parameters around the chunk size, which threads share.
///
/// - Parameter make: the optimizer with an implementation and a flag, tried both ways
func expectKernelAgrees<O: Optimizer>(
  with type: O.Type, sourceLocation: SourceLocation = #_sourceLocation,
  make: (Implementation, Bool) -> O
) {
  for flag in [false, true] {
    for shape in [[1], [3, 5], [200, 170], [1 << 15], [2, 1 << 15]] {
      let start = Tensor(normal: shape, key: RandomKey(seed: varied(UInt64(shape.count))))
      let gradients = (0..<4).map {
        Tensor(normal: shape, key: RandomKey(seed: varied(7)).folded($0))
      }
      expectClose(
        stepped(make(.fast, flag), start, gradients),
        stepped(make(.reference, flag), start, gradients),
        "the kernel of \(O.typeName) against its formula, shape \(shape)", rtol: 1e-4,
        sourceLocation: sourceLocation)
    }
  }
}
