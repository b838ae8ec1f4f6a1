/// A container whose layers, its paths, all get the same input, and whose outputs are merged into one: the parts that
/// `Residual`, `Skip` and `Branches` share.
///
/// Backward, each path gets its share in the gradient of the output, and the gradients of their inputs add up in the
/// order of the paths. No path writes to a tensor that another one reads: a tensor copies its memory first when
/// it shares it.
protocol ParallelPaths: LayerContainer {
  /// The paths; at least one.
  var paths: [any Layer] { get set }
  /// The name of each path.
  var pathNames: [String] { get }
  /// How the outputs become one.
  var merging: Merging { get }
  /// The sizes of the outputs along the axis along which they were concatenated, or their sum after an activation.
  var kept: Kept<MergedPaths> { get set }
  /// The remedy for outputs that do not fit each other.
  static var remedy: String { get }
}

/// How the outputs of several paths become one.
enum Merging {
  /// The activation is applied to the sum.
  case add(Activation)
  /// The axis is counted as in a tensor: 0 is the batch, −1 the last one.
  case concatenate(axis: Int)
}

/// The values that paths keep for `backward` of how they became one.
enum MergedPaths: Sendable {
  case sizes([Int])
  case output(Tensor)
}

extension ParallelPaths {
  /// The container for inputs of this shape, which each path gets.
  public func sized(for inputShape: [Int]) throws -> Self {
    var result = self
    for index in paths.indices {
      result.paths[index] = try place(index, inputShape) {
        try paths[index].sized(for: inputShape)
      }
    }
    return result
  }

  /// The shape of the merged outputs.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let shapes = try paths.indices.map { index in
      try place(index, inputShape) {
        let shape = try paths[index].outputShape(for: inputShape)
        try checkShape(shape, of: "\(type(of: paths[index]).typeName)'s output")
        return shape
      }
    }
    return try merged(shapes)
  }

  /// The input shape, once for each path.
  public func inputShapes(for inputShape: [Int]) -> [[Int]] { paths.map { _ in inputShape } }

  private func place<Result>(
    _ index: Int, _ inputShape: [Int], _ body: () throws -> Result
  ) throws -> Result {
    try located(pathNames[index], paths[index], ", where the input is \(inputShape)", body)
  }

  /// The shape of the output for those of the paths, all without the batch axis.
  private func merged(_ shapes: [[Int]]) throws -> [Int] {
    var (result, others) = (shapes[0], shapes)
    var axis: Int?
    if case .concatenate(let given) = merging {
      let place = given < 0 ? result.count + given : given - 1
      guard result.indices.contains(place) else {
        throw CourseError(
          .shapeMismatch, "\(Self.typeName): no axis \(given) to concatenate along",
          expected: "an output with that axis",
          received: "an output \(result) without the batch axis",
          remedy: "Axis 1 is the channels of images, or the features of rows.")
      }
      axis = place
      result[place] = shapes.reduce(0) { $0 + ($1.count > place ? $1[place] : 0) }
      for index in shapes.indices where shapes[index].count > place { others[index][place] = 0 }
    }
    for index in shapes.indices where others[index] != others[0] {
      throw CourseError(
        .shapeMismatch,
        "\(Self.typeName): outputs that cannot be \(axis == nil ? "added" : "concatenated")",
        expected: (axis.map { "equal sizes but for axis \($0 + 1)" } ?? "equal shapes")
          + ", \(shapes[0]) from \(pathNames[0])",
        received: "\(shapes[index]) from \(pathNames[index])",
        remedy: axis == 0 && Self.areSteps(shapes)
          ? "Of steps [T, F] that differ in F, give axis: -1." : Self.remedy)
    }
    return result
  }

  /// Whether these are shapes of sequences that differ in the numbers of a step only.
  private static func areSteps(_ shapes: [[Int]]) -> Bool {
    shapes.allSatisfy { $0.count == 2 && $0[0] == shapes[0][0] }
  }

  /// The merged outputs of all paths.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    switch merging {
    case .add(let activation):
      var sum = paths[0].forward(input, mode: mode)
      for index in paths.indices.dropFirst() {
        let output = paths[index].forward(input, mode: mode)
        guard output.shape == sum.shape else {
          stop(
            "\(Self.typeName).forward",
            expected: "outputs of one shape, \(sum.shape) from \(pathNames[0])",
            received: "\(output.shape) from \(pathNames[index])")
        }
        sum.add(output, applying: index == paths.count - 1 ? activation : .identity)
      }
      if activation != .identity { kept.set(.output(sum), in: mode) }
      return sum
    case .concatenate(let axis):
      let outputs = paths.indices.map { paths[$0].forward(input, mode: mode) }
      kept.set(.sizes(outputs.map { $0.shape[axis < 0 ? axis + $0.rank : axis] }), in: mode)
      return Tensor(concatenating: outputs, axis: axis)
    }
  }

  /// Accumulates the gradients of all paths and returns `dX`, the sum of the gradients of their inputs.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (gradient, shares) = shares(in: outputGradient)
    var sum = paths[0].backward(share(0, of: gradient, shares))
    for index in paths.indices.dropFirst() {
      sum += paths[index].backward(share(index, of: gradient, shares))
    }
    return sum
  }

  /// Accumulates the gradients of all paths only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let (gradient, shares) = shares(in: outputGradient)
    for index in paths.indices {
      paths[index].backwardWithoutInputGradient(share(index, of: gradient, shares))
    }
  }

  /// The gradient of the merged outputs, and the part of it that belongs to each path; where outputs were added, all.
  private mutating func shares(
    in outputGradient: Tensor
  ) -> (gradient: Tensor, shares: (axis: Int, ranges: [Range<Int>])?) {
    if case .add(.identity) = merging { return (outputGradient, nil) }
    switch (merging, kept.take(for: Self.typeName)) {
    case (.add(let activation), .output(let output)):
      requireGradient(outputGradient, shape: output.shape, of: Self.typeName)
      return (activation.inputGradient(output: output, outputGradient: outputGradient), nil)
    case (.concatenate(let axis), .sizes(let sizes)):
      return (outputGradient, shares(in: outputGradient, axis: axis, sizes: sizes))
    default: fatalError("\(Self.typeName) keeps what its merging needs")
    }
  }

  /// The part of a concatenated output that belongs to each path.
  private func shares(
    in gradient: Tensor, axis: Int, sizes: [Int]
  ) -> (axis: Int, ranges: [Range<Int>]) {
    var axis = axis
    if axis < 0 { axis += gradient.rank }
    let total = sizes.reduce(0, +)
    guard gradient.shape.indices.contains(axis), gradient.shape[axis] == total else {
      stop(
        "\(Self.typeName).backward",
        expected: "a gradient of size \(total) along axis \(axis), as the output has",
        received: "shape \(gradient.shape)")
    }
    var start = 0
    return (
      axis,
      sizes.map { size in
        start += size
        return (start - size)..<start
      }
    )
  }

  /// The gradient of the output of a path: a slice, or, where outputs were added, all of it.
  private func share(
    _ index: Int, of gradient: Tensor, _ shares: (axis: Int, ranges: [Range<Int>])?
  ) -> Tensor {
    guard let shares else { return gradient }
    var ranges = gradient.shape.map { 0..<$0 }
    ranges[shares.axis] = shares.ranges[index]
    return gradient[ranges: ranges]
  }

  /// Shows every path, under its name.
  public mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows {
    let names = pathNames
    for index in paths.indices { try body(names[index], &paths[index]) }
  }

  /// Probabilities that are concatenated stay probabilities; sums are those of the activation.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    switch merging {
    case .add(let activation): activation.outputKind
    case .concatenate:
      paths.allSatisfy { $0.outputKind(for: inputKind).areProbabilities }
        ? .probabilities : .numbers
    }
  }
}
