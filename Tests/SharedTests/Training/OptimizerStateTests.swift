import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct OptimizerStateTests {
  @Test func everySlotHasATensorOfItsOwn() {
    var state = SlotState()
    state.makeRoom(for: [1, 2], slot: 2, of: "Test")
    state.makeRoom(for: [[3]], slot: 0, of: "Test")
    state[2] += 5
    state.makeRoom(for: [7, 8], slot: 2, of: "Test")
    #expect(state[2] == [5, 5] && state[0] == [[0]], "room that is there stays as it is")
    var seen: [String] = []
    state.forEach(named: "state") { name, slot, tensor in
      seen.append("\(name) \(slot) \(tensor.shape)")
    }
    #expect(seen == ["state 0 [1, 1]", "state 2 [2]"], "slot 1 was never seen")
    state.prepare(shapes: [[2], [3]])
    #expect(state[0] == [0, 0] && state[1] == [0, 0, 0])
  }

  /// Saved and loaded again.
  private func reloaded(_ network: NeuralNetwork) throws -> NeuralNetwork {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      return try NeuralNetwork(
        contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self, TinySGD.self])
    }
  }

  @Test func aNetworkTrainedByHandCanBeSavedAndLoaded() throws {
    var network = try tinyNetwork()
    _ = network.forward(Tensor(ones: [2, 3]), mode: .training)
    network.backward(Tensor(ones: [2, 2]))
    network.applyGradients()
    var loaded = try reloaded(network)
    #expect(loaded.progress == nil)
    #expect(
      loaded.forward(Tensor(ones: [1, 3]), mode: .inference)
        == network.forward(Tensor(ones: [1, 3]), mode: .inference))
  }

  @Test func anOptimizerThatWasSetAfterTrainingCanBeSavedAndLoaded() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.1))
    try network.fit(tinyData(), epochs: 1, batchSize: 4)
    network.optimizer = TinyMomentum(learningRate: 0.1)
    var loaded = try reloaded(network)
    #expect(loaded.progress == network.progress)
    try network.fit(tinyData(), epochs: 2, batchSize: 4, resuming: true)
    try loaded.fit(tinyData(), epochs: 2, batchSize: 4, resuming: true)
    var (a, b): ([Tensor], [Tensor]) = ([], [])
    network.forEachParameter { a.append($1.value) }
    loaded.forEachParameter { b.append($1.value) }
    #expect(a == b)
  }
}
