/// The same layers for several inputs that belong together: each example is a stack of *views*, such as two crops of an image.
///
/// Computes `Y[n, v] = F(X[n, v])` for each view v of each example n.
/// - `X`: input, `[N, V·C, ...]`: the C channels of the first view, then those of the second, and so on
/// - `F`: `body`, which takes one view, `[C, ...]`, and has one set of weights for all of them
/// - `Y`: output, `[N, V, ...]`: the body's output for each view
///
/// Given `dY`, `dX[n, v] = F'(dY[n, v])`; the gradients of the weights add up over the views. To the body the views are N·V
/// examples, so that a batch norm inside measures all of them together; side inputs are those of the example.
///
///     let encoder = Sequential(Flatten(), Dense(outputSize: 16))
///     try network.append(Siamese(encoder, views: 2))      // two grey images [2, 28, 28] become [2, 16]
///
/// Parameters are named `body.0.weights`.
///
/// - Throws: in a network, `CourseError(.shapeMismatch)` when the channels cannot be divided among the views.
/// - Complexity: that of the body for N·V examples.
/// - Reference: Bromley, Guyon, LeCun, Säckinger, Shah (1993), "Signature verification using a 'Siamese' time delay neural
///   network", *NIPS*.
public struct Siamese: LayerContainer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    let body: SavedPart<LayerRole>
    let views: Int

    /// Takes over the arguments of the body, whose weights are drawn again.
    public init(body: any Layer, views: Int = 2) {
      self.body = SavedPart(body)
      self.views = views
    }
  }

  /// "Siamese"
  public static let typeName = "Siamese"
  /// The layers that see each view.
  public private(set) var body: any Layer
  /// The number of views of an example, V.
  public let views: Int
  /// The constructor arguments.
  public var configuration: Configuration { Configuration(body: body, views: views) }

  /// Creates the layer from its body, with its weights.
  /// - Parameter views: V, at least 1
  public init(_ body: any Layer, views: Int = 2) {
    orStop { try Self.check(views: views) }
    (self.body, self.views) = (body, views)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    try Self.check(views: configuration.views)
    views = configuration.views
    body = try SavedPart.layers([("body", configuration.body)])[0]
  }

  private static func check(views: Int) throws {
    guard !(1...65_536).contains(views) else { return }
    throw CourseError(
      .invalidArgument, "Siamese: views", expected: "1 to 65536", received: "\(views)")
  }

  // MARK: Shapes

  /// The shape of one view.
  private func viewShape(_ inputShape: [Int]) throws -> [Int] {
    guard let channels = inputShape.first, channels % views == 0 else {
      throw CourseError(
        .shapeMismatch, "Siamese: an input that is no stack of \(views) views",
        expected: "a first axis that \(views) divides, the channels of all views",
        received: "\(inputShape)", remedy: "Concatenate the views along the axis of the channels.")
    }
    return [channels / views] + inputShape.dropFirst()
  }

  /// The shape that the body gets.
  public func inputShapes(for inputShape: [Int]) throws -> [[Int]] {
    [try viewShape(inputShape)]
  }

  /// The layer with the body's input sizes.
  public func sized(for inputShape: [Int]) throws -> Siamese {
    let shape = try viewShape(inputShape)
    var result = self
    result.body = try located("body", body, ", where a view is \(shape)") {
      try body.sized(for: shape)
    }
    return result
  }

  /// `[V]` and the shape of the body's output.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let shape = try viewShape(inputShape)
    return try located("body", body, ", where a view is \(shape)") {
      let output = try body.outputShape(for: shape)
      try checkShape([views] + output, of: "\(type(of: body).typeName)'s output")
      return [views] + output
    }
  }

  /// Throws when the body cannot process a batch of all views.
  public func check(batchShape: [Int], mode: Mode) throws {
    let shape = try viewShape(Array(batchShape.dropFirst()))
    try located("body", body, ", for a batch of \(batchShape[0])") {
      try body.check(batchShape: [batchShape[0] * views] + shape, mode: mode)
    }
  }

  /// Hands the side inputs of each example to all of its views.
  public mutating func take(sideInputs: [String: Tensor]) {
    guard !body.sideInputShapes.isEmpty else { return }
    body.take(
      sideInputs: sideInputs.mapValues { values in
        values.rows(at: (0..<(values.shape[0] * views)).map { $0 / views })
      })
  }

  // MARK: Passes

  /// The body's output for each view, `[N, V, ...]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let output = body.forward(divided(input), mode: mode)
    return output.reshaped(to: [input.shape[0], views] + output.shape.dropFirst())
  }

  /// `dX`, `[N, V·C, ...]`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let gradient = body.backward(merged(outputGradient))
    return gradient.reshaped(
      to: [outputGradient.shape[0], views * gradient.shape[1]] + gradient.shape.dropFirst(2))
  }

  /// The gradients of the body's weights.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    body.backwardWithoutInputGradient(merged(outputGradient))
  }

  /// `[N, V·C, ...]` as N·V views.
  private func divided(_ input: Tensor) -> Tensor {
    guard input.rank >= 2, input.shape[1] % views == 0 else {
      stop(
        "Siamese.forward", expected: "[N, V · C, ...] with V = \(views) views",
        received: "\(input.shape)")
    }
    return input.reshaped(
      to: [input.shape[0] * views, input.shape[1] / views] + input.shape.dropFirst(2))
  }

  /// `[N, V, ...]` as N·V outputs.
  private func merged(_ gradient: Tensor) -> Tensor {
    guard gradient.rank >= 2, gradient.shape[1] == views else {
      stop(
        "Siamese.backward", expected: "a gradient [N, \(views), ...], as the output has",
        received: "\(gradient.shape)")
    }
    return gradient.reshaped(to: [gradient.shape[0] * views] + gradient.shape.dropFirst(2))
  }

  // MARK: The body

  /// Shows the body.
  public mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows { try body("body", &self.body) }

  /// That of the body.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    body.outputKind(for: inputKind)
  }
}
