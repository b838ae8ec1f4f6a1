import Shared

/// Trains a network with mini-batch gradient descent, written out: `NeuralNetwork.fit` without validation,
/// callbacks and checkpoints.
///
/// Each epoch visits all N examples in a new random order, `batchSize` at a time (the last batch may be
/// shorter). Each batch is one step: forward, loss, backward, update, clear the gradients.
/// - `features`: `[N, ...]`, N examples of the network's input shape, already scaled
/// - `seed`: decides the order; with the network's own seed the weights come out as `fit` makes them
///
/// Returns the mean loss per example of each epoch, each batch measured before its own step.
///
///     var network = NeuralNetwork(inputShape: [2], seed: 1)
///     try network.append(Dense(inputSize: 2, outputSize: 2))
///     var loss = SoftmaxCrossEntropyLoss()
///     let losses = trainingLoop(
///       &network, features: [[0, 1], [1, 0]], targets: .classes([0, 1]), loss: &loss,
///       optimizer: SGD(learningRate: 0.5), epochs: 20, batchSize: 2, seed: 1)
///
/// - Complexity: O(epochs · N · cost of one example).
/// - Reference: Bottou (1998), *Online learning and stochastic approximations*.
///   Task: Protocols/Phase1-FeedForward.md, 1.7.
public func trainingLoop<O: Optimizer>(
  _ network: inout NeuralNetwork, features: Tensor, targets: Target, loss: inout some Loss,
  optimizer: O, epochs: Int, batchSize: Int, seed: UInt64
) -> [Double] {
  let exampleCount = targets.count
  guard features.shape.first == exampleCount, exampleCount >= 1, batchSize >= 1 else {
    stop(
      "trainingLoop", expected: "as many features as targets and batches of at least 1",
      received: "\(features.shape) features, \(exampleCount) targets, batch size \(batchSize)")
  }
  // The optimizer's state for each parameter, in the order in which the network shows them.
  var states: [O.State] = []
  network.visitParameters { _, parameter in states.append(O.State(for: parameter.value)) }
  // TODO(1.7): for each epoch take the order from NeuralNetwork.order. For each batch of that order:
  // forward in training mode, loss, backward; then one step of the optimizer (steps are counted from 1;
  // update each parameter with its state, states[0], states[1], ...), and clear the gradients. Return the
  // mean loss per example of each epoch.
  // BEGIN SOLUTION
  var meanLosses: [Double] = []
  var step = 0
  for epoch in 0..<epochs {
    let order = NeuralNetwork.order(epoch: epoch, exampleCount: exampleCount, seed: seed)
    var total = 0.0
    for start in stride(from: 0, to: exampleCount, by: batchSize) {
      let batch = order[start..<min(start + batchSize, exampleCount)]
      let output = network.forward(features.rows(at: batch), mode: .training)
      let batchLoss = loss.forward(output, target: targets.rows(at: batch))
      // Back to a sum over examples: the mean of a short last batch must not count like a full one.
      total += Double(batchLoss) * (loss.reduction == .mean ? Double(batch.count) : 1)
      network.backward(loss.backward())

      step += 1
      var number = 0
      network.forEachParameter { _, parameter in
        if let gradient = parameter.gradient {
          optimizer.update(
            &parameter.value, gradient: gradient, state: &states[number], step: step)
        }
        parameter.clearGradient()
        number += 1
      }
    }
    meanLosses.append(total / Double(exampleCount))
  }
  return meanLosses
  // END SOLUTION
}
