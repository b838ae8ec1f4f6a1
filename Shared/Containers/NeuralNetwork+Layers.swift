// The layers of a network with those inside of containers.

extension NeuralNetwork {
  /// Shows every layer, each container before the layers inside, with its path: "3", "3.body", "3.body.0".
  ///
  ///     network.visitLayers { path, layer in print(path, type(of: layer).typeName) }
  public func visitLayers(_ body: (_ path: String, _ layer: any Layer) throws -> Void) rethrows {
    func visit(_ container: some LayerContainer, _ prefix: String) throws {
      try container.visitLayers { name, layer in
        try body(prefix + name, layer)
        if let inside = layer as? any LayerContainer { try visit(inside, "\(prefix)\(name).") }
      }
    }
    try visit(self.body, "")
  }

  /// The layers that get the input of the network itself, also inside of containers.
  package var layersAtInput: [any Layer] { body.layersAtInput.map(\.layer) }

  /// The paths of all layers.
  var layerPaths: [String] {
    var paths: [String] = []
    visitLayers { path, _ in paths.append(path) }
    return paths
  }

  /// A layer of a network, or of a container in it.
  package struct LayerPlace {
    /// The way to it: "3.body.0".
    package let path: String
    /// Its name in the container around it.
    package let name: String
    /// The number of containers around it.
    package let depth: Int
    package let layer: any Layer
    /// The shapes without the batch axis.
    package let inputShape: [Int]
    package let outputShape: [Int]
  }

  /// Every layer, each container before the layers inside. Paths that only pass on their input are left out.
  package var layerPlaces: [LayerPlace] {
    var places: [LayerPlace] = []
    func visit(_ container: any LayerContainer, _ inputShape: [Int], _ prefix: String, depth: Int) {
      // They were checked when the layer was appended.
      let shapes = orStop { try container.inputShapes(for: inputShape) }
      var number = 0
      container.visitLayers { name, layer in
        let shape = shapes[number]
        number += 1
        let inside = layer as? any LayerContainer
        if depth > 0, let inside, inside.isEmpty { return }
        places.append(
          LayerPlace(
            path: prefix + name, name: name, depth: depth, layer: layer, inputShape: shape,
            outputShape: orStop { try layer.outputShape(for: shape) }))
        if let inside { visit(inside, shape, "\(prefix)\(name).", depth: depth + 1) }
      }
    }
    visit(body, inputShape, "", depth: 0)
    return places
  }

  /// Throws when containers are nested more deeply than a file can describe them.
  func requireShallow(_ layer: any Layer) throws {
    func depth(_ layer: any Layer) -> Int {
      guard let container = layer as? any LayerContainer else { return 0 }
      var deepest = 0
      container.visitLayers { deepest = Swift.max(deepest, depth($1)) }
      return deepest + 1
    }
    let (depth, limit) = (depth(layer), 32)
    guard depth > limit else { return }
    throw CourseError(
      .invalidArgument, "containers nested too deeply",
      expected: "at most \(limit), one in another",
      received: "\(depth)", location: "\(layers.count) (\(type(of: layer).typeName))",
      remedy: "Write the layers of one Sequential into the other.")
  }
}

extension LayerContainer {
  /// Whether there is no layer inside, so that the output is the input.
  fileprivate var isEmpty: Bool {
    var isEmpty = true
    visitLayers { _, _ in isEmpty = false }
    return isEmpty
  }
}

extension Sequential {
  /// The layers that get the input itself, with their paths.
  var layersAtInput: [(path: String, layer: any Layer)] {
    guard let first = layers.first else { return [] }
    return [("0", first)].flatMap(entries)
  }
}

extension ParallelPaths {
  fileprivate var layersAtInput: [(path: String, layer: any Layer)] {
    zip(pathNames, paths).map { ($0, $1) }.flatMap(entries)
  }
}

/// A layer itself, or those inside that get its input.
func layersAtInput(of layer: any Layer) -> [any Layer] {
  entries(path: "", layer: layer).map(\.layer)
}

/// A layer itself, or those inside that get its input.
private func entries(path: String, layer: any Layer) -> [(path: String, layer: any Layer)] {
  let inside: [(path: String, layer: any Layer)]
  switch layer {
  case let sequence as Sequential: inside = sequence.layersAtInput
  case let parallel as any ParallelPaths: inside = parallel.layersAtInput
  case let siamese as Siamese: inside = entries(path: "body", layer: siamese.body)
  default: return [(path, layer)]
  }
  return inside.map { ("\(path).\($0.path)", $0.layer) }
}
