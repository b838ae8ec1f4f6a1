import CourseCommandLine
import Foundation
import Networks
import Pictures

/// Shows how the size of the first weights decides how far a signal reaches.
enum InitializationStudy: Study {
  static let name = "initialization"
  static let abstract =
    "Activations and gradients by depth, for five ways to draw the first weights."
  static let explanation = """
    Twenty dense layers of 128 units with tanh or ReLU, before any training (task 1.9). The weights are all
    equal, too small (standard deviation 0.01), too large (1), or drawn after Xavier or Kaiming. The table
    shows the root mean square of the activations after the last layer, and of the gradient that arrives at
    the first, each as a multiple of where it began; the plot shows every layer.
    """

  private static let (width, depth) = (128, 20)

  private static var methods: [(name: String, initializer: StandardInitializer)] {
    [
      ("constant", .constant(1 / Float(width))),
      ("too small", .normal(mean: 0, standardDeviation: 0.01)),
      ("too large", .normal(mean: 0, standardDeviation: 1)),
      (
        "Xavier",
        .normal(
          mean: 0, standardDeviation: xavierStandardDeviation(fanIn: width, fanOut: width))
      ),
      ("Kaiming", .normal(mean: 0, standardDeviation: kaimingStandardDeviation(fanIn: width))),
    ]
  }

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    var table = StudyTable(columns: ["activation", "weights", "activations", "gradients"])
    var data = StudyTable(columns: ["activation", "weights", "layer", "activations", "gradients"])
    var panels: [Figure] = []
    let progress = session.progress("measuring", total: 2 * methods.count)
    defer { progress.clear() }
    for (activation, activationName) in [(Activation.tanh, "tanh"), (.relu, "ReLU")] {
      var forward = Figure(
        title: "Activations, \(activationName)", x: .init("layer"),
        y: .init("root mean square", scale: .logarithmic, range: 1e-10...1e10))
      var backward = forward
      backward.title = "Gradients, \(activationName)"
      for (name, initializer) in methods {
        if Interruption.isRequested { throw Interruption.status }
        let (activations, gradients) = sizes(initializer, activation, seed: settings.seed)
        progress.advance()
        table.rows.append([
          .text(activationName), .text(name),
          .text(String(format: "%.1e", activations[depth] / activations[0])),
          .text(String(format: "%.1e", gradients[0] / gradients[depth])),
        ])
        data.rows += (0...depth).map { layer in
          [
            .text(activationName), .text(name), .count(layer),
            .number(activations[layer], digits: 12), .number(gradients[layer], digits: 12),
          ]
        }
        func points(_ values: [Double]) -> [(x: Double, y: Double)] {
          values.enumerated().map { (Double($0.offset), $0.element) }
        }
        forward.marks.append(.line(name, points(activations)))
        backward.marks.append(.line(name, points(gradients)))
      }
      panels += [forward, backward]
    }
    return StudyResult(
      table: table, data: data, picture: Panels(panels, columns: 2),
      conclusion:
        "Small weights lose the signal and the gradient, layer by layer; large ones saturate tanh and "
        + "let ReLU overflow. Equal weights make every unit of a layer the same. Xavier's size fits tanh, "
        + "Kaiming's ReLU, which would lose half of the mean square in each layer with Xavier's.")
  }

  /// The root mean square of the activations after 0, 1, ... layers and of the gradients there.
  private static func sizes(
    _ initializer: StandardInitializer, _ activation: Activation, seed: UInt64
  ) -> (activations: [Double], gradients: [Double]) {
    let key = RandomKey(seed: seed).folded("initialization study")
    var layers = (0..<depth).map { index in
      Dense(
        inputSize: width, outputSize: width, activation: activation, initializer: initializer,
        seed: seed &+ UInt64(index))
    }
    func size(_ tensor: Tensor) -> Double { Double(square(tensor).mean()).squareRoot() }
    var x = Tensor(normal: [64, width], key: key.folded("input"))
    var activations = [size(x)]
    for index in layers.indices {
      x = layers[index].forward(x, mode: .training)
      activations.append(size(x))
    }
    var gradient = Tensor(normal: [64, width], key: key.folded("gradient"))
    var gradients = [size(gradient)]
    for index in layers.indices.reversed() {
      gradient = layers[index].backward(gradient)
      gradients.append(size(gradient))
    }
    return (activations, gradients.reversed())
  }
}
