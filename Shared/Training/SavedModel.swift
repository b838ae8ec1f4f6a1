// What a checkpoint's metadata says about the network, as JSON. A part of a network (layer, loss,
// optimizer) is stored as its type name and its configuration; the reader looks the name up among the
// types that its caller passed, never among all types of the program.

/// The architecture and everything that prediction on raw input needs.
struct SavedModel: Codable {
  var inputShape: [Int]
  /// As text: JSON numbers lose the last digits of large integers in many readers.
  var seed: String
  var layers: [SavedLayer]
  var loss: SavedLoss?
  var optimizer: SavedOptimizer?
  var preprocessing: FeatureScaler?
  var classNames: [String]
  var featureNames: [String]
  var notes: [String: String]
}

/// The types that a file may name.
struct KnownTypes: Sendable {
  var layers: [any Layer.Type]
  var losses: [any Loss.Type]
  var optimizers: [any Optimizer.Type]

  static let key = CodingUserInfoKey(rawValue: "KnownTypes")!

  static func of(_ decoder: any Decoder) -> KnownTypes {
    decoder.userInfo[key] as? KnownTypes ?? KnownTypes(layers: [], losses: [], optimizers: [])
  }

  /// The error for a name that is not among the known ones.
  static func unknown(_ part: String, _ name: String, known: [String]) -> CourseError {
    CourseError(
      .format, "unknown \(part) in the model",
      expected: known.isEmpty ? "no \(part) at all" : "one of \(known.joined(separator: ", "))",
      received: "\"\(name)\"",
      remedy: "Pass \(name).self to NeuralNetwork(contentsOf:layers:losses:optimizers:).")
  }
}

private enum PartKeys: String, CodingKey {
  case type, configuration
}

struct SavedLayer: Codable {
  var layer: any Layer

  init(_ layer: any Layer) { self.layer = layer }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: PartKeys.self)
    try container.encode(type(of: layer).typeName, forKey: .type)
    try container.encode(layer.configuration, forKey: .configuration)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: PartKeys.self)
    let name = try container.decode(String.self, forKey: .type)
    let known = KnownTypes.of(decoder).layers
    guard let type = known.first(where: { $0.typeName == name }) else {
      throw KnownTypes.unknown("layer", name, known: known.map { $0.typeName })
    }
    func open<L: Layer>(_ type: L.Type) throws -> any Layer {
      try L(configuration: container.decode(L.Configuration.self, forKey: .configuration))
    }
    layer = try open(type)
  }
}

struct SavedLoss: Codable {
  /// `nil` when the reader's caller passed no loss types at all.
  var loss: (any Loss)?

  init(_ loss: any Loss) { self.loss = loss }

  func encode(to encoder: any Encoder) throws {
    guard let loss else { return }
    var container = encoder.container(keyedBy: PartKeys.self)
    try container.encode(type(of: loss).typeName, forKey: .type)
    try container.encode(loss.configuration, forKey: .configuration)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: PartKeys.self)
    let name = try container.decode(String.self, forKey: .type)
    let known = KnownTypes.of(decoder).losses
    guard !known.isEmpty else { return }
    guard let type = known.first(where: { $0.typeName == name }) else {
      throw KnownTypes.unknown("loss", name, known: known.map { $0.typeName })
    }
    func open<L: Loss>(_ type: L.Type) throws -> any Loss {
      try L(configuration: container.decode(L.Configuration.self, forKey: .configuration))
    }
    loss = try open(type)
  }
}

struct SavedOptimizer: Codable {
  /// `nil` when the reader's caller passed no optimizer types at all.
  var optimizer: (any Optimizer)?

  init(_ optimizer: any Optimizer) { self.optimizer = optimizer }

  func encode(to encoder: any Encoder) throws {
    guard let optimizer else { return }
    var container = encoder.container(keyedBy: PartKeys.self)
    try container.encode(type(of: optimizer).typeName, forKey: .type)
    try container.encode(optimizer.configuration, forKey: .configuration)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: PartKeys.self)
    let name = try container.decode(String.self, forKey: .type)
    let known = KnownTypes.of(decoder).optimizers
    guard !known.isEmpty else { return }
    guard let type = known.first(where: { $0.typeName == name }) else {
      throw KnownTypes.unknown("optimizer", name, known: known.map { $0.typeName })
    }
    func open<O: Optimizer>(_ type: O.Type) throws -> any Optimizer {
      try O(configuration: container.decode(O.Configuration.self, forKey: .configuration))
    }
    optimizer = try open(type)
  }
}

/// Where training stood, and the numbers of the optimizer's state.
struct SavedTraining: Codable {
  var progress: TrainingProgress
  var optimizerCounters: [String: Int]
}
