// What a checkpoint's metadata says about the network, as JSON. A part of a network (layer, loss,
// optimizer, penalty) is stored as its type name and its configuration; the reader looks the name up among
// the types that its caller passed, never among all types of the program.

/// The architecture and everything that prediction on raw input needs.
struct SavedModel: Codable {
  var inputShape: [Int]
  /// As text: JSON numbers lose the last digits of large integers in many readers.
  var seed: String
  var layers: [SavedPart<LayerRole>]
  var loss: SavedPart<LossRole>?
  var optimizer: SavedPart<OptimizerRole>?
  /// The penalty of the layers that have none of their own.
  var penalty: SavedPart<PenaltyRole>?
  /// The penalties of single layers, by the layer's number.
  var layerPenalties: [String: SavedPart<PenaltyRole>]?
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
  var penalties: [any Penalty.Type]

  static let key = CodingUserInfoKey(rawValue: "KnownTypes")!

  static func of(_ decoder: any Decoder) -> KnownTypes {
    decoder.userInfo[key] as? KnownTypes
      ?? KnownTypes(layers: [], losses: [], optimizers: [], penalties: [])
  }

  /// The error for a name that is not among the known ones.
  static func unknown(_ part: String, _ name: String, known: [String]) -> CourseError {
    CourseError(
      .format, "unknown \(part) in the model",
      expected: known.isEmpty ? "no \(part) at all" : "one of \(known.joined(separator: ", "))",
      received: "\"\(name)\"",
      remedy:
        "Pass \(name).self to NeuralNetwork(contentsOf:layers:losses:optimizers:penalties:).")
  }
}

/// What part of a network something is: where the reader looks its name up.
protocol PartRole {
  /// "layer"
  static var name: String { get }
  /// Whether a model can do without, when the reader's caller passed no types at all.
  static var isOptional: Bool { get }
  static func known(_ types: KnownTypes) -> [any Configurable.Type]
}

enum LayerRole: PartRole {
  static let (name, isOptional) = ("layer", false)
  static func known(_ types: KnownTypes) -> [any Configurable.Type] { types.layers.map { $0 } }
}

enum LossRole: PartRole {
  static let (name, isOptional) = ("loss", true)
  static func known(_ types: KnownTypes) -> [any Configurable.Type] { types.losses.map { $0 } }
}

enum OptimizerRole: PartRole {
  static let (name, isOptional) = ("optimizer", true)
  static func known(_ types: KnownTypes) -> [any Configurable.Type] { types.optimizers.map { $0 } }
}

enum PenaltyRole: PartRole {
  static let (name, isOptional) = ("penalty", true)
  static func known(_ types: KnownTypes) -> [any Configurable.Type] { types.penalties.map { $0 } }
}

/// A part of a network, as `{ "type": its name, "configuration": its constructor arguments }`.
struct SavedPart<Role: PartRole>: Codable {
  /// `nil` when the reader's caller passed no types of this role and the model can do without.
  var part: (any Configurable)?

  init(_ part: any Configurable) { self.part = part }

  private enum CodingKeys: String, CodingKey {
    case type, configuration
  }

  func encode(to encoder: any Encoder) throws {
    guard let part else { return }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(type(of: part).typeName, forKey: .type)
    try container.encode(part.configuration, forKey: .configuration)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .type)
    let known = Role.known(KnownTypes.of(decoder))
    if known.isEmpty && Role.isOptional { return }
    guard let type = known.first(where: { $0.typeName == name }) else {
      throw KnownTypes.unknown(Role.name, name, known: known.map { $0.typeName })
    }
    func open<Part: Configurable>(_ type: Part.Type) throws -> any Configurable {
      try Part(configuration: container.decode(Part.Configuration.self, forKey: .configuration))
    }
    part = try open(type)
  }
}

/// Where training stood, and the numbers of the optimizer's state.
struct SavedTraining: Codable {
  var progress: TrainingProgress
  var optimizerCounters: [String: Int]
}
