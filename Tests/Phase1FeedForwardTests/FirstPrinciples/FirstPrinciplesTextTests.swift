import CourseTestSupport
import Foundation
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// The examples of Protocols/First-Principles.md, task by task.
  @Suite struct FirstPrinciplesTextTests {
    @Test func neuronAndLayer() {
      let neuron = Neuron(weights: [0.5, -1, 2], bias: 3)
      #expect(neuron.outputOfThreeInputs([1, 2, 0.5]) == 2.5)
      #expect(neuron.output([1, 2, 0.5]) == 2.5)
      let layer = NeuronLayer(weights: [[1, 0], [2, -1]], bias: [10, 20])
      #expect(layer.neurons.last == Neuron(weights: [0, -1], bias: 20))
      #expect(layer.outputsByLoops([3, 4]) == [21, 16])
      #expect(layer.outputs([3, 4]) == [21, 16])
      #expect(layer.outputs(ofBatch: [[3, 4], [-1, 2]]) == [[21, 16], [13, 18]])
    }

    @Test func axesAndCost() {
      let x: Tensor = [[1, 2, 6], [3, 4, -1]]
      #expect(Axes.rowSums(x) == [[9], [6]])
      #expect(Axes.columnSums(x) == [4, 6, 5])
      #expect(Axes.addingBias([[1, 2], [3, 4]], bias: [10, 20]) == [[11, 22], [13, 24]])
      expectClose(
        Axes.standardizedColumns([[1, 2], [3, 4]]), [[-1, -1], [1, 1]], "standardized")
      expectClose(ClassificationCost.loss([0.7, 0.2, 0.1], class: 0), 0.3567, "loss", atol: 1e-4)
      expectClose(
        ClassificationCost.cost([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4]], classes: [0, 1]), 0.5249,
        "cost", atol: 1e-4)
      expectClose(ClassificationCost.loss([0, 1], class: 0), 16.118, "loss", atol: 1e-3)
    }

    @Test func search() {
      let problem = LinearLeastSquares(features: [[2]], targets: [3])
      let result = problem.gradientDescent(evaluations: 3, learningRate: 0.1)
      expectClose(Tensor(result.losses), [9, 0.36, 0.0144], "losses", atol: 1e-4)
      expectClose(result.weights, [1.44], "weights")
    }

    @Test func gradientsByHand() {
      let gradients = NeuronGradients(
        of: Neuron(weights: [-3, -1, 2], bias: 1), inputs: [1, -2, 3], outputGradient: 1)
      #expect(
        gradients.description == """
          z = 6.0, y = 6.0
          dL/dz = 1.0
          dL/dw0 = 1.0    dL/dx0 = -3.0
          dL/dw1 = -2.0    dL/dx1 = -1.0
          dL/dw2 = 3.0    dL/dx2 = 2.0
          dL/db = 1.0
          """)
    }

    @Test func values() {
      let (x, w, b) = (Value(2), Value(-3), Value(7))
      let y = (x * w + b).tanh()
      y.backward()
      for (value, number) in [(b, 0.41997), (w, 0.83995), (x, -1.25992)] {
        #expect(abs(value.gradient - number) < 1e-5)
      }
      #expect(abs(y.number - 0.7616) < 1e-4)
    }

    @Test func perceptronAndClassifier() {
      var perceptron = Perceptron(inputCount: 2)
      let training = perceptron.fit([[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 0, 0, 1])
      #expect("\(training)" == "converged after 10 updates in 6 epochs")
      #expect(perceptron.weights == [2, 1] && perceptron.bias == -2)
      var classifier = BinaryClassifier(inputCount: 2)
      let history = classifier.fit(
        [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 1, 1, 1], epochs: 200)
      expectClose(history.first?.cost ?? 0, 0.6931, "the first cost", atol: 1e-4)
      #expect(history.last?.accuracy == 1)
    }

    /// The text holds these lines and, in its tables, only symptoms that a test can print.
    @Test func theTextMatches() throws {
      let folder = URL(filePath: #filePath).deletingLastPathComponent()
      let text = try String(
        contentsOf: folder.appending(path: "../../../Protocols/First-Principles.md"),
        encoding: .utf8)
      for line in [
        "// 2.5 = 0.5·1 − 1·2 + 2·0.5 + 3", "// weights [0, -1], bias 20: column 1", "// [21, 16]",
        "// [[21, 16], [13, 18]]", "// [[9], [6]]", "// [4, 6, 5]", "// [[11, 22], [13, 24]]",
        "// [[-1, -1], [1, 1]]", "// 0.3567 = −ln 0.7", "// 0.5249", "// 16.118",
        "// [9, 0.36, 0.0144]", "// [1.44]", "// dL/dw1 = -2.0    dL/dx1 = -1.0", "// 0.41997",
        "// 0.83995", "// -1.25992", "// converged after 10 updates in 6 epochs", "// [2, 1]",
        "// 0.6931",
      ] where !text.contains(line) {
        Issue.record("Protocols/First-Principles.md does not hold \"\(line)\" any more")
      }
      let neuron = complaints {
        expectClose(-0.5, 2.5, "Neuron.output", mistakes: NeuronTests.mistakes)
      }
      for line in try #require(neuron.first).split(separator: "\n") where !text.contains(line) {
        Issue.record("Protocols/First-Principles.md shows another failure than comes: \(line)")
      }
      let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix(".swift") }
        .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
      let symptoms = text.split(separator: "\n").filter { $0.hasPrefix("| \"") }
        .flatMap { line in line.split(separator: "|")[0].matches(of: /"([^"]+)"/).map(\.1) }
      #expect(symptoms.count > 40)
      for symptom in symptoms where !sources.contains(symptom) {
        Issue.record("no test of First Principles can print \"\(symptom)\"")
      }
    }
  }
}
