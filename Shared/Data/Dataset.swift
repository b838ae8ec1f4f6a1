/// Examples to learn from: an input and a target for each.
///
///     let iris = Dataset.iris                       // 150 flowers
///     iris.inputShape                               // [4]
///     iris.classNames                               // ["setosa", "versicolor", "virginica"]
///     let parts = try iris.split(seed: 1)           // parts.train, parts.validation, parts.test
///
/// The features are raw, as they were measured; a `FeatureScaler` brings them to a common scale. A
/// dataset is checked when it is made: counts agree, labels are in range, every number is finite.
///
/// Images stay bytes, and only the examples of a batch become numbers: `init(name:bytes:targets:...)`.
public struct Dataset: Sendable {
  /// The name of the data in messages.
  public var name: String
  /// The storage of the inputs.
  private var inputs: Inputs
  /// The N targets.
  public internal(set) var targets: Target
  /// How much each example counts in the loss, `[N]`; `nil` where all count alike. `weighted(by:)` sets them.
  public internal(set) var weights: Tensor?
  /// Further inputs of the examples, by name, `[N, ...]` each, for layers that ask for it: `with(sideInputs:)` sets
  /// them.
  public internal(set) var sideInputs: [String: Tensor] = [:]
  /// The time of each example of a series, that of the first row to predict; empty where it is not known.
  package var times: [Double] = []
  /// Whether the examples are texts, as rows of their bytes: see `text(at:)`.
  public internal(set) var holdsTexts = false
  /// The file of each example; empty unless each has one of its own, as the images of a folder.
  public package(set) var files: [String] = []
  /// The names of the features of one example, in row-major order; empty when they have none.
  public var featureNames: [String]
  /// The names of the classes; empty when they have none.
  public var classNames: [String]

  /// The number of classes that the targets themselves show.
  private var classesInTargets: Int?

  /// Creates a dataset; throws when the parts do not fit each other.
  /// - Parameters:
  ///   - features: `[N, ...]`, at least one example
  ///   - featureNames: none, or one for each number of an example
  ///   - classNames: none, or one for each class
  public init(
    name: String = "data", features: Tensor, targets: Target, featureNames: [String] = [],
    classNames: [String] = []
  ) throws {
    self.name = name
    inputs = .numbers(features)
    self.targets = targets
    self.featureNames = featureNames
    self.classNames = classNames
    try checkFeatures()
    try checkTargets()
    classesInTargets = targets.classCount
  }

  /// Creates a dataset whose inputs stay bytes; throws when the parts do not fit each other.
  public init(
    name: String = "data", bytes: ByteFeatures, targets: Target, classNames: [String] = []
  ) throws {
    self.name = name
    inputs = .bytes(bytes, scalers: [])
    self.targets = targets
    featureNames = []
    self.classNames = classNames
    try checkFeatures()
    try checkTargets()
    classesInTargets = targets.classCount
  }

  /// The inputs as numbers or as bytes.
  private enum Inputs: Sendable {
    case numbers(Tensor)
    /// The scalers are applied to each batch, in order.
    case bytes(ByteFeatures, scalers: [FeatureScaler])
  }

  /// The inputs, `[N, ...]`. Those that are kept as bytes are converted at each call, all of them:
  /// `batch(at:)` converts only the examples of the batch.
  public var features: Tensor {
    if case .numbers(let features) = inputs { return features }
    return rows(at: 0..<count)
  }

  /// The inputs as bytes; `nil` when they are numbers.
  public var bytes: ByteFeatures? {
    if case .bytes(let bytes, _) = inputs { return bytes }
    return nil
  }

  /// The number of examples.
  public var count: Int { targets.count }

  /// The shape of one input, without the batch axis.
  public var inputShape: [Int] {
    switch inputs {
    case .numbers(let features): Array(features.shape.dropFirst())
    case .bytes(let bytes, _): bytes.inputShape
    }
  }

  /// The number of class names; without names, one more than the largest label, or the number of
  /// columns of one-hot rows. `nil` for regression targets.
  public var classCount: Int? { classNames.isEmpty ? classesInTargets : classNames.count }

  /// The examples with the given indices, in that order. Bytes are shared, numbers are copied.
  public func subset(_ indices: some Collection<Int>) -> Dataset {
    checkIndices(indices)
    var part = self
    part.targets = targets.rows(at: indices)
    part.weights = weights?.rows(at: indices)
    part.sideInputs = sideInputs.mapValues { $0.rows(at: indices) }
    if !times.isEmpty { part.times = indices.map { times[$0] } }
    if !files.isEmpty { part.files = indices.map { files[$0] } }
    part.inputs =
      switch inputs {
      case .numbers(let features): .numbers(features.rows(at: indices))
      case .bytes(let bytes, let scalers): .bytes(bytes.subset(indices), scalers: scalers)
      }
    return part
  }

  /// The inputs, targets, weights and side inputs of the examples with the given indices, in that order.
  ///
  /// Training reads its data through this function only, so that images which are kept as bytes need
  /// to be numbers for no longer than one step.
  public func batch(at indices: some Collection<Int>) -> TrainingBatch {
    checkIndices(indices)
    return TrainingBatch(
      features: rows(at: indices), targets: targets.rows(at: indices),
      weights: weights?.rows(at: indices),
      sideInputs: sideInputs.mapValues { $0.rows(at: indices) })
  }

  private func rows(at indices: some Collection<Int>) -> Tensor {
    switch inputs {
    case .numbers(let features): features.rows(at: indices)
    case .bytes(let bytes, let scalers):
      scalers.reduce(bytes.rows(at: indices)) { features, scaler in scaler(features) }
    }
  }

  private func checkIndices(_ indices: some Collection<Int>) {
    if let wrong = indices.first(where: { !(0..<count).contains($0) }) {
      stop("Dataset \"\(name)\"", expected: "indices below \(count)", received: "\(wrong)")
    }
  }

  /// Calls `body` with all inputs in order: in one piece when they are numbers already, else in pieces
  /// that are small enough to be converted.
  package func forEachPiece(_ body: (_ features: Tensor) throws -> Void) rethrows {
    if case .numbers(let features) = inputs { return try body(features) }
    for start in stride(from: 0, to: count, by: 256) {
      try body(rows(at: start..<Swift.min(start + 256, count)))
    }
  }

  /// The same examples with inputs of another shape, such as `[1, 8, 8]` for images of 64 numbers.
  public func reshaped(to inputShape: [Int]) -> Dataset {
    var result = self
    result.inputs =
      switch inputs {
      case .numbers(let features): .numbers(features.reshaped(to: [count] + inputShape))
      case .bytes(let bytes, let scalers):
        .bytes(bytes.reshaped(to: inputShape), scalers: scalers)
      }
    return result
  }

  /// Puts the features in another order, under other names.
  mutating func reorderFeatures(_ places: [Int], names: [String]) {
    featureNames = names
    guard places != Array(places.indices) else { return }
    let columns = features.reshaped(to: [count, -1]).transposed().rows(at: places)
    inputs = .numbers(columns.transposed().reshaped(to: [count] + inputShape))
  }

  /// The same examples with scaled inputs: at once when they are numbers, batch by batch when they are
  /// bytes.
  func scaled(by scaler: FeatureScaler) -> Dataset {
    var result = self
    result.inputs =
      switch inputs {
      case .numbers(let features): .numbers(scaler(features))
      case .bytes(let bytes, let scalers): .bytes(bytes, scalers: scalers + [scaler])
      }
    return result
  }

  /// Summary in one line: name, number of examples, shape, classes.
  public var summary: String {
    let classes = classCount.map { ", \($0) classes" } ?? ""
    return "\(name): \(count) examples of shape \(inputShape)\(classes)"
  }
}

// MARK: - Checks

extension Dataset {
  private func refuse(
    _ what: String, kind: CourseError.Kind = .invalidData, expected: String? = nil,
    received: String? = nil, place: String? = nil, remedy: String? = nil
  ) -> CourseError {
    CourseError(
      kind, what, expected: expected, received: received,
      location: place.map { "\(name), \($0)" } ?? name, remedy: remedy)
  }

  private func checkFeatures() throws {
    guard case .numbers(let features) = inputs else {
      guard let bytes, bytes.count > 0 else {
        throw refuse("the dataset is empty", expected: "at least one example", received: "0")
      }
      return
    }
    guard features.rank >= 2 else {
      throw refuse(
        "features of the wrong rank", kind: .shapeMismatch, expected: "shape [N, ...]",
        received: "\(features.shape)", remedy: "One number an example is shape [N, 1].")
    }
    guard features.count > 0 else {
      throw refuse(
        "the dataset is empty", expected: "at least one example",
        received: "features of shape \(features.shape)")
    }
    let size = features.count / features.shape[0]
    guard featureNames.isEmpty || featureNames.count == size else {
      throw refuse(
        "the feature names do not fit the features", expected: counted(size, "name"),
        received: "\(featureNames.count)")
    }
    if let place = features.firstNonFiniteIndex {
      let feature = featureNames.isEmpty ? "\(place % size)" : "\"\(featureNames[place % size])\""
      throw refuse(
        "a feature is not finite", received: "\(features.reshaped(to: [-1])[place])",
        place: "example \(place / size), feature \(feature)", remedy: "Correct or remove it.")
    }
  }

  private func checkTargets() throws {
    let exampleCount =
      switch inputs {
      case .numbers(let features): features.shape[0]
      case .bytes(let bytes, _): bytes.count
      }
    guard targets.count == exampleCount else {
      throw refuse(
        "the number of targets does not fit the features", kind: .shapeMismatch,
        expected: counted(exampleCount, "target"), received: "\(targets.count)")
    }
    guard Set(classNames).count == classNames.count else {
      throw refuse("two classes have the same name", received: "\(classNames)")
    }
    try check(targets, names: classNames, task: "")
  }

  /// Throws when a target is impossible.
  /// - Parameters:
  ///   - names: the names of its classes; none where it has no names
  ///   - task: the name of its task in the place of an error; empty where there is only one
  private func check(_ targets: Target, names classNames: [String], task: String) throws {
    switch targets {
    case .classes(let labels):
      let limit = classNames.isEmpty ? Int.max : classNames.count
      if let place = labels.firstIndex(where: { $0 < 0 || $0 >= limit }) {
        throw refuse(
          "a label is out of range",
          expected: classNames.isEmpty ? "at least 0" : "0 to \(limit - 1)",
          received: "\(labels[place])", place: task + "example \(place)",
          remedy: "Labels are class indices, counted from 0.")
      }
    case .classSequences(let labels, let length):
      guard length >= 1, labels.count.isMultiple(of: length) else {
        throw refuse(
          "the labels make no sequences of one length",
          expected: "a multiple of \(length), which is at least 1",
          received: counted(labels.count, "label")
        )
      }
      let limit = classNames.isEmpty ? Int.max : classNames.count
      if let place = labels.firstIndex(where: { $0 < Target.ignored || $0 >= limit }) {
        throw refuse(
          "a label is out of range",
          expected: "a class index of at least 0"
            + (classNames.isEmpty ? "" : " and at most \(limit - 1)")
            + ", or -1 to ignore the step",
          received: "\(labels[place])",
          place: task + "example \(place / length), step \(place % length)")
      }
    case .values(let values):
      if let place = values.firstNonFiniteIndex {
        throw refuse(
          "a target is not finite", received: "\(values.reshaped(to: [-1])[place])",
          place: task + "example \(place / (values.count / values.shape[0]))",
          remedy: "Correct or remove it.")
      }
      guard classNames.isEmpty || values.shape.last == classNames.count else {
        throw refuse(
          "the class names do not fit the targets", kind: .shapeMismatch,
          expected: counted(values.shape.last ?? 0, "name"), received: "\(classNames.count)")
      }
    case .tasks(let tasks):
      guard task.isEmpty else {
        throw refuse(
          "a task that consists of tasks", expected: "classes or values for each task",
          received: targets.summary, place: String(task.dropLast(2)))
      }
      let named = targets.classTask?.name
      guard classNames.isEmpty || named != nil else {
        throw refuse(
          "class names for several tasks", expected: "names only where one task has classes",
          received: targets.summary, remedy: "Leave the class names out.")
      }
      for (name, target) in tasks.sorted(by: { $0.key < $1.key }) {
        let place = "task \"\(name)\""
        guard target.count == targets.count else {
          throw refuse(
            "the tasks have different numbers of targets", kind: .shapeMismatch,
            expected: "\(counted(targets.count, "target")) for each task",
            received: "\(target.count)",
            place: place)
        }
        try check(target, names: name == named ? classNames : [], task: place + ", ")
      }
    }
  }
}
