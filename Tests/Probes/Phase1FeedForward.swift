import Phase1FeedForward
import Shared

/// The tasks of First Principles and of Phase 1.
let probes: [String: @Sendable (inout Probe) -> Void] = firstPrinciples.merging(phase1) { $1 }

private let phase1: [String: @Sendable (inout Probe) -> Void] = [
  "1.1": { probe in
    probe.optimizer("SGD", SGD(learningRate: probe.number(in: 0.05..<0.5)))
  },
  "1.2": { probe in
    for activation in Activation.allCases {
      let (inputs, outputs) = (probe.size(1...7), probe.size(1...5))
      let dense = Dense(inputSize: inputs, outputSize: outputs, activation: activation, seed: 1)
      probe.layer("\(activation)", dense, inputShape: [probe.size(1...6), inputs])
    }
    let dense = Dense(inputSize: 3, outputSize: 2, seed: 1)
    probe.layer("sequences", dense, inputShape: [probe.size(1...3), probe.size(2...4), 3])
  },
  "1.3": { probe in
    probe.layer("rows", ReLU(), inputShape: [probe.size(1...6), probe.size(1...9)])
    probe.layer("images", ReLU(), inputShape: [2, probe.size(1...3), 3, probe.size(1...4)])
  },
  "1.4": { probe in
    probe.layer("rows", Softmax(), inputShape: [probe.size(1...6), probe.size(2...9)])
    probe.layer("steps", Softmax(), inputShape: [2, probe.size(1...4), probe.size(2...5)])
    var softmax = Softmax()
    let scores = probe.tensor([3, 4]) * 60 + Tensor([[1000], [0], [-1000]])
    probe.write("large scores", softmax.forward(scores, mode: .inference))
  },
  "1.5": { probe in
    probe.probabilities { probe, reduction, p, target in
      probe.loss("\(reduction)", CrossEntropyLoss(reduction: reduction), p, target)
    }
    probe.loss(
      "a probability of 0", CrossEntropyLoss(), Tensor([[0, 1], [0.5, 0.5]]), .classes([0, 1]))
  },
  "1.6": { probe in
    probe.probabilities { probe, reduction, p, target in
      let scores = log(p) + probe.tensor([p.shape[0], 1]) * 3
      probe.loss("\(reduction)", SoftmaxCrossEntropyLoss(reduction: reduction), scores, target)
    }
    let scores = probe.tensor([4, 3]) * 100
    probe.loss("large scores", SoftmaxCrossEntropyLoss(), scores, .classes([0, 1, 2, 0]))
  },
  "1.7": { probe in
    for reduction in Reduction.allCases {
      let (count, inputs) = (probe.size(5...11), probe.size(1...4))
      var network = NeuralNetwork(inputShape: [inputs], seed: 1)
      orStop { try network.append(TinyDense(inputSize: inputs, outputSize: 2)) }
      var loss = TinySquaredError(reduction: reduction)
      let losses = trainingLoop(
        &network, features: probe.tensor([count, inputs]),
        targets: .values(probe.tensor([count, 2])), loss: &loss,
        optimizer: TinyMomentum(learningRate: 0.02, momentum: 0.5), epochs: 3,
        batchSize: probe.size(2...4), seed: 5)
      probe.write("\(reduction), losses", losses.map { Float($0) })
      network.visitParameters { probe.write("\(reduction), \($0)", $1.value) }
    }
  },
  "1.8": { probe in
    let sizes = (0..<4).map { _ in probe.size(1...5) }
    let layers = zip(sizes, sizes.dropFirst()).map { TinyDense(inputSize: $0, outputSize: $1) }
    var network = FeedForwardNetwork(layers, loss: TinySquaredError())
    let (x, y) = (probe.tensor([3, sizes[0]]), probe.tensor([3, sizes[3]]))
    probe.write("output", network.output(of: x, mode: .inference))
    probe.write("loss", network.forward(x, target: .values(y)))
    probe.write("input gradient", network.backward())
    network.forEachParameter { parameter in
      if let gradient = parameter.gradient { probe.write("gradient", gradient) }
    }
  },
  "1.9": { probe in
    let (inputs, outputs) = (probe.size(1...500), probe.size(1...500))
    probe.write("xavier", xavierStandardDeviation(fanIn: inputs, fanOut: outputs))
    probe.write("kaiming", kaimingStandardDeviation(fanIn: inputs))
    probe.write("bound", uniformBound(standardDeviation: probe.number(in: 0.1..<3)))
  },
]

private let firstPrinciples: [String: @Sendable (inout Probe) -> Void] = [
  "0.1": { probe in
    for count in [3, probe.size(1...9)] {
      let neuron = Neuron(weights: probe.tensor([count]).scalars, bias: probe.number(in: -1..<1))
      let inputs = probe.tensor([count]).scalars
      probe.write("output", neuron.output(inputs))
      if count == 3 { probe.write("three inputs", neuron.outputOfThreeInputs(inputs)) }
    }
  },
  "0.2": { probe in
    let layer = probe.neuronLayer()
    let inputs = probe.tensor([probe.size(1...5), layer.weights.shape[0]])
    probe.write("batch", layer.outputs(ofBatch: inputs))
    let one = inputs.slice(axis: 0, at: 0).scalars
    probe.write("neurons", layer.neurons.flatMap { $0.weights + [$0.bias] })
    probe.write("loops", layer.outputsByLoops(one))
  },
  "0.3": { probe in
    let x = probe.tensor([probe.size(2...7), probe.size(2...6)])
    let bias = probe.tensor([x.shape[1]])
    probe.write("row sums by loops", Axes.rowSumsByLoops(x))
    probe.write("row sums", Axes.rowSums(x))
    probe.write("column sums by loops", Axes.columnSumsByLoops(x))
    probe.write("column sums", Axes.columnSums(x))
    probe.write("bias by loops", Axes.addingBiasByLoops(x, bias: bias))
    probe.write("bias", Axes.addingBias(x, bias: bias))
    probe.write("standardised by loops", Axes.standardizedColumnsByLoops(x))
    probe.write("standardised", Axes.standardizedColumns(x))
    let oneHot = Tensor(
      oneHot: probe.classes(x.shape[0], below: x.shape[1]), classCount: x.shape[1])
    probe.write("accuracy by loops", Axes.accuracyByLoops(scores: x, oneHot: oneHot))
    probe.write("accuracy", Axes.accuracy(scores: x, oneHot: oneHot))
  },
  "0.4": { probe in
    let (p, classes) = probe.rows()
    probe.write("loss", ClassificationCost.loss(p.slice(axis: 0, at: 0).scalars, class: classes[0]))
    probe.write("a probability of 0", ClassificationCost.loss([0, 1], class: 0))
    probe.write("cost", ClassificationCost.cost(p, classes: classes))
    let oneHot = Tensor(oneHot: classes, classCount: p.shape[1])
    probe.write("cost of one-hot rows", ClassificationCost.cost(p, oneHot: oneHot))
    probe.write("accuracy", ClassificationCost.accuracy(p, classes: classes))
  },
  "0.5": { probe in
    let problem = LinearLeastSquares(
      features: probe.tensor([8, probe.size(1...4)]), targets: probe.tensor([8]))
    let result = problem.gradientDescent(evaluations: probe.size(3...20), learningRate: 0.05)
    probe.write("weights", result.weights)
    probe.write("losses", result.losses)
    let stepSize = probe.number(in: 0.02..<0.2)
    probe.search("random search", problem, candidate: 1) {
      $0.randomSearch(evaluations: $1, seed: $2)
    }
    probe.search("random adjustments", problem, candidate: stepSize) {
      $0.randomAdjustments(evaluations: $1, stepSize: stepSize, seed: $2)
    }
  },
  "0.6": { probe in
    for _ in 1...4 {
      let neuron = Neuron(
        weights: probe.tensor([probe.size(1...6)]).scalars, bias: probe.number(in: -1..<1))
      let gradients = NeuronGradients(
        of: neuron, inputs: probe.tensor([neuron.weights.count]).scalars,
        outputGradient: probe.number(in: -2..<2))
      probe.write("neuron, sum", [gradients.sumGradient, gradients.bias])
      probe.write("neuron, weights", gradients.weights)
      probe.write("neuron, inputs", gradients.inputs)
    }
    let layer = probe.neuronLayer()
    let inputs = probe.tensor([probe.size(1...5), layer.weights.shape[0]])
    let gradients = LayerGradients(
      of: layer, inputs: inputs, outputGradient: probe.tensor([inputs.shape[0], layer.bias.count]))
    probe.write("layer, weights", gradients.weights)
    probe.write("layer, bias", gradients.bias)
    probe.write("layer, inputs", gradients.inputs)
  },
  "0.7": { probe in
    let inputs = (0..<4).map { _ in Value(Double(probe.number(in: 0.5..<2))) }
    let (a, b, c, d) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let shared = (a * b + c).tanh()
    let result =
      (shared * shared + d.power(3) - (b / c).exp()).relu() + (shared - d).relu() * a
      + c.power(-0.5)
    for pass in 1...2 {
      result.backward()
      probe.write("gradients \(pass)", inputs.map { Float($0.gradient) })
    }
    probe.write("result", result.number)
    probe.write("history", [result.history.count])
  },
  "0.8": { probe in
    let count = probe.size(2...4)
    var perceptron = Perceptron(inputCount: count)
    perceptron.weights = probe.tensor([count]).scalars
    let features = probe.tensor([probe.size(5...9), count])
    let labels = probe.classes(features.shape[0], below: 2)
    for (n, label) in labels.enumerated() {
      let row = features.slice(axis: 0, at: n).scalars
      probe.write("prediction", [perceptron.predict(row)])
      probe.write("has learned", [perceptron.learn(row, label: label) ? 1 : 0])
      probe.write("weights", perceptron.weights + [perceptron.bias])
    }
    let training = perceptron.fit(features, labels: labels, epochLimit: 7)
    probe.write("training", [training.epochs, training.updates, training.mistakes])
    probe.write("weights at the end", perceptron.weights + [perceptron.bias])
  },
  "0.9": { probe in
    let (features, labels) = probe.binaryData(inputs: probe.size(1...5))
    var classifier = BinaryClassifier(inputCount: features.shape[1])
    classifier.weights = probe.tensor([features.shape[1]])
    classifier.bias = probe.number(in: -1..<1)
    probe.write("probabilities", classifier.probabilities(features))
    let gradients = classifier.gradients(features, labels: labels)
    probe.write("gradients", gradients.weights)
    probe.write("bias gradient", gradients.bias)
    let scores = classifier.fit(features, labels: labels, learningRate: 0.3, epochs: 4)
    probe.write("costs", scores.map(\.cost))
    probe.write("accuracies", scores.map(\.accuracy))
    probe.write("weights", classifier.weights)
  },
  "0.10": { probe in
    let (x, labels) = probe.binaryData(inputs: 2)
    var two = TwoLayerNetwork(hiddenCount: probe.size(1...5), seed: 1)
    two.hiddenBias = probe.tensor(two.hiddenBias.shape)
    let gradients = two.gradients(x, labels: labels)
    probe.write("two layers, output", two.probabilities(x))
    probe.write("two layers, hidden weights", gradients.hiddenWeights)
    probe.write("two layers, hidden bias", gradients.hiddenBias)
    probe.write("two layers, output weights", gradients.outputWeights)
    probe.write("two layers, output bias", gradients.outputBias)
    two.step(x, labels: labels, learningRate: 0.5)
    probe.write("two layers, after a step", two.probabilities(x))
    for activation in DeepNetwork.Activation.allCases {
      let sizes = [2, probe.size(1...5), probe.size(2...4), 1]
      var deep = DeepNetwork(sizes, activation: activation, seed: 1)
      for index in deep.layers.indices {
        deep.layers[index].weights = probe.tensor([sizes[index], sizes[index + 1]])
        deep.layers[index].bias = probe.tensor([sizes[index + 1]])
      }
      for activations in deep.forward(x) { probe.write("\(activation), activations", activations) }
      for gradient in deep.backward(deep.forward(x), labels: labels) {
        probe.write("\(activation), weights", gradient.weights)
        probe.write("\(activation), bias", gradient.bias)
      }
      deep.step(x, labels: labels, learningRate: 0.3)
      probe.write("\(activation), after a step", deep.probabilities(x))
    }
  },
]

extension Probe {
  /// Rows of probabilities and a class for each.
  fileprivate mutating func rows() -> (probabilities: Tensor, classes: [Int]) {
    let weights = exp(tensor([size(1...6), size(2...5)]))
    let p = weights / weights.sum(axis: 1, keepDims: true)
    return (p, classes(p.shape[0], below: p.shape[1]))
  }

  /// Calls `body` with rows of probabilities, for each reduction, and for classes and for one-hot rows.
  fileprivate mutating func probabilities(
    _ body: (inout Probe, Reduction, Tensor, Target) -> Void
  ) {
    for reduction in Reduction.allCases {
      let (p, classes) = rows()
      body(&self, reduction, p, .classes(classes))
      let (soft, _) = rows()
      body(
        &self, reduction, soft,
        .values(Tensor(repeating: 1, shape: soft.shape) / Float(soft.shape[1])))
    }
  }

  /// What is true of a search with random candidates, however they are drawn.
  /// - Parameter candidate: the standard deviation of a number of the first candidate
  fileprivate mutating func search(
    _ name: String, _ problem: LinearLeastSquares, candidate deviation: Float,
    _ run: (LinearLeastSquares, _ evaluations: Int, _ seed: UInt64) -> SearchResult
  ) {
    let (count, seed) = (size(100...200), UInt64(size(1...1_000_000)))
    let (result, same, other) = (
      run(problem, count, seed), run(problem, count, seed), run(problem, count, seed + 1)
    )
    let losses = result.losses
    write("\(name), evaluations", [losses.count])
    write("\(name), first loss", losses.first ?? -1)
    write("\(name), rises", [zip(losses, losses.dropFirst()).count { $0 < $1 }])
    let best = problem.loss(result.weights)
    write(
      "\(name), the loss is that of the weights", abs(best - (losses.last ?? -1)) <= 1e-4 * best)
    write("\(name), finds something better", best < (losses.first ?? -1))
    write("\(name), the seed decides", result.weights == same.weights)
    write("\(name), another seed, another result", result.weights != other.weights)
    // Towards a target that is far away, half of all candidates are better than 0. Of 300 numbers of the first one that
    // is, the deviation is known to 4 %: five times that.
    let far = LinearLeastSquares(
      features: Tensor(ones: [1, 300]), targets: [1000])
    let first = (seed..<seed + 40).map { run(far, 2, $0).weights }.first { $0.max() > 0 }
    let ratio = first.map { square($0).mean().squareRoot() / deviation } ?? 0
    write("\(name), the size of a candidate", abs(ratio - 1) < 0.2)
    // One weight, 150 candidates: the largest of as many draws, or the sum of those that lead there, 60 on average with a
    // deviation of 7, each 0.8 on average.
    let one = LinearLeastSquares(features: [[1]], targets: [1000])
    let way = run(one, 151, seed).weights[0] / deviation
    write("\(name), far away", [way < 1 ? 0 : way < 7 ? 1 : way < 20 ? 2 : way < 110 ? 3 : 4])
    let early = run(far, 75, seed).weights
    let late = run(far, 150, seed).weights
    let cosine = (early * late).sum() / (square(early).sum() * square(late).sum()).squareRoot()
    write("\(name), candidates of their own", cosine < 0.99 || early == late)
  }

  fileprivate mutating func neuronLayer() -> NeuronLayer {
    let (inputs, outputs) = (size(1...6), size(1...5))
    return NeuronLayer(weights: tensor([inputs, outputs]), bias: tensor([outputs]))
  }

  fileprivate mutating func binaryData(inputs: Int) -> (features: Tensor, labels: [Int]) {
    let count = size(4...9)
    return (tensor([count, inputs]), classes(count, below: 2))
  }
}
