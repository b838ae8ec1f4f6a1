// What examples have besides their inputs, for the layers that ask for it: see `SideInputTaking`.

extension Dataset {
  /// The same examples with side inputs, for the layers that ask for them: the regions of each image, for instance.
  ///
  ///     let data = try images.with(sideInputs: ["regions": regions])     // [N, R, 4]
  ///
  /// - Parameter sideInputs: `[N, ...]` each, by the names under which layers ask for them
  /// - Throws: unless there is one for each example, and all numbers are finite.
  public func with(sideInputs: [String: Tensor]) throws -> Dataset {
    for (side, values) in sideInputs.sorted(by: { $0.key < $1.key }) {
      guard values.shape.first == count else {
        throw CourseError(
          .shapeMismatch, "side input \"\(side)\" does not fit the examples",
          expected: "shape [\(count), ...], one for each example", received: "\(values.shape)",
          location: name)
      }
      if let place = values.firstNonFiniteIndex {
        throw CourseError(
          .invalidData, "side input \"\(side)\" is not finite", expected: "numbers",
          received: "\(values.reshaped(to: [-1])[place])",
          location: "\(name), example \(place / (values.count / count))")
      }
    }
    var result = self
    result.sideInputs = sideInputs
    return result
  }
}

extension NeuralNetwork {
  /// Throws when a layer, or one inside of it, asks for a side input in another shape than the layers so far.
  func requireOneShape(ofSideInputsOf layer: any Layer) throws {
    var known = sideInputShapes
    func visit(_ layer: any Layer) throws {
      if let container = layer as? any LayerContainer {
        return try container.visitLayers { name, layer in
          try located(name, layer) { try visit(layer) }
        }
      }
      for (name, shape) in layer.sideInputShapes.sorted(by: { $0.key < $1.key }) {
        guard let first = known.updateValue(shape, forKey: name), first != shape else { continue }
        throw CourseError(
          .shapeMismatch, "two layers want the side input \"\(name)\" in different shapes",
          expected: "\(first)", received: "\(shape)",
          remedy: "Give both layers the same sizes, or their side inputs different names.")
      }
    }
    try located("\(layers.count)", layer) { try visit(layer) }
  }

  /// Throws unless data have the side inputs that the layers ask for, and no others.
  /// - Parameter shapes: the shape that one example has of each
  func check(sideInputShapes shapes: [String: [Int]], role: String, name: String) throws {
    for (side, shape) in sideInputShapes.sorted(by: { $0.key < $1.key }) where shapes[side] != shape
    {
      throw CourseError(
        shapes[side] == nil ? .invalidData : .shapeMismatch,
        "\(role): side input \"\(side)\" \(shapes[side] == nil ? "is missing" : "does not fit")",
        expected: "\(shape) for each example, which a layer asks for",
        received: shapes[side].map { "\($0)" }
          ?? (shapes.isEmpty
            ? "none"
            : "only "
              + quotedList(shapes.keys.sorted())),
        location: name,
        remedy: "Give each example such a side input.")
    }
    if let extra = shapes.keys.sorted().first(where: { sideInputShapes[$0] == nil }) {
      throw CourseError(
        .invalidData, "\(role): a side input that no layer asks for",
        expected: sideInputShapes.isEmpty ? "none" : quotedList(sideInputShapes.keys.sorted()),
        received: "\"\(extra)\"", location: name, remedy: "Leave the side input out.")
    }
  }

  /// Throws unless the layers can process the side inputs of so many examples.
  func check(
    _ sideInputs: [String: Tensor], count: Int, firstExample: Int = 0, role: String, name: String
  ) throws {
    if sideInputs.isEmpty && sideInputShapes.isEmpty { return }
    for (side, values) in sideInputs where values.shape.first != count {
      throw CourseError(
        .shapeMismatch, "\(role): side input \"\(side)\" does not fit the examples",
        expected: "one for each of \(count)", received: "shape \(values.shape)", location: name)
    }
    try check(
      sideInputShapes: sideInputs.mapValues { Array($0.shape.dropFirst()) }, role: role, name: name)
    do {
      try Self.locatingLayer {
        try body.check(
          sideInputs: sideInputs, inputShape: inputShape, firstExample: firstExample)
      }
    } catch var error as CourseError {
      error.location = [name, error.location].compactMap { $0 }.joined(separator: ", ")
      throw error
    }
  }

  /// Hands side inputs to the layers that ask for them.
  mutating func take(_ sideInputs: [String: Tensor], count: Int) {
    requireSideInputs(sideInputs, count: count, of: "NeuralNetwork.forward")
    body.take(sideInputs: sideInputs)
  }

  /// Stops unless there are the side inputs that the layers ask for, of so many examples.
  package func requireSideInputs(_ sideInputs: [String: Tensor], count: Int, of method: String) {
    guard sideInputShapes.keys.sorted() == sideInputs.keys.sorted(),
      sideInputs.allSatisfy({ $0.value.shape.first == count })
    else {
      let names = sideInputShapes.keys.sorted()
      stop(
        method,
        expected: names.isEmpty
          ? "no side inputs" : "the side inputs \(quotedList(names)) of \(count) examples",
        received: sideInputs.isEmpty
          ? "none"
          : sideInputs.sorted { $0.key < $1.key }.map { "\"\($0.key)\" of shape \($0.value.shape)" }
            .joined(separator: ", "))
    }
  }
}
