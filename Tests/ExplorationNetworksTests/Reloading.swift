import CourseTestSupport
import ExplorationNetworks
import Testing

/// Saves and loads a network, which then predicts the same.
func expectReloaded(_ network: NeuralNetwork, predictsTheSameFor input: Tensor) throws {
  try withTemporaryFolder { folder in
    let file = folder.appending(path: "n.safetensors")
    try network.save(to: file)
    let loaded = try NeuralNetwork(contentsOf: file, adding: NeuralNetwork.explorationTypes)
    #expect(try loaded.predict(input) == network.predict(input))
  }
}
