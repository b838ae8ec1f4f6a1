// The network in a checkpoint's metadata, as JSON. A part of a network (layer, loss,
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
  var layerPenalties: [String: SavedPart<PenaltyRole>]
  /// Whether penalties shrink weights beside the step.
  var decouplesPenalties: Bool
  /// Absent in files of versions without it.
  var preparation: Preparation?
  var preprocessing: FeatureScaler?
  /// Absent in files of versions without it.
  var targetScaling: FeatureScaler?
  var classNames: [String]
  var featureNames: [String]
  var notes: [String: String]
  /// The names of the parameters that are frozen; `nil` where none is.
  var frozen: [String]?
  /// The factors of the learning rates of single parameters, by name; `nil` where all have that of the optimizer.
  var learningRateFactors: [String: Float]?
}

extension SavedModel {
  /// Notes which of the parameters are frozen, or have learning rates of their own.
  mutating func note(_ parameters: [(name: String, parameter: Parameter)]) {
    let frozen = parameters.filter { !$0.parameter.isTrainable }.map(\.name)
    let factors = parameters.filter { $0.parameter.learningRateFactor != 1 }.map {
      ($0.name, $0.parameter.learningRateFactor)
    }
    if !frozen.isEmpty { self.frozen = frozen }
    if !factors.isEmpty { learningRateFactors = Dictionary(uniqueKeysWithValues: factors) }
  }
}

/// The types that a file may name; `nil` where the caller wants the network without such a part.
struct KnownTypes: Sendable {
  var layers: [any Layer.Type]
  var losses: [any Loss.Type]?
  var optimizers: [any Optimizer.Type]?
  var penalties: [any Penalty.Type]?
  /// Besides `ConstantSchedule`, which every training without a schedule has.
  var schedules: [any LearningRateSchedule.Type]? = []

  static let key = CodingUserInfoKey(rawValue: "KnownTypes")!

  static func of(_ decoder: any Decoder) -> KnownTypes {
    decoder.userInfo[key] as? KnownTypes ?? KnownTypes(layers: [])
  }
}

/// The role of a part of a network, which decides where the reader looks its name up.
protocol PartRole {
  /// "layer"
  static var name: String { get }
  /// The argument of `NeuralNetwork(contentsOf:...)` that has the types.
  static var argument: String { get }
  static func known(_ types: KnownTypes) -> [any Configurable.Type]?
}

enum LayerRole: PartRole {
  static let (name, argument) = ("layer", "layers")
  static func known(_ types: KnownTypes) -> [any Configurable.Type]? { types.layers.map { $0 } }
}

enum LossRole: PartRole {
  static let (name, argument) = ("loss", "losses")
  static func known(_ types: KnownTypes) -> [any Configurable.Type]? { types.losses?.map { $0 } }
}

enum OptimizerRole: PartRole {
  static let (name, argument) = ("optimizer", "optimizers")
  static func known(_ types: KnownTypes) -> [any Configurable.Type]? {
    types.optimizers?.map { $0 }
  }
}

enum PenaltyRole: PartRole {
  static let (name, argument) = ("penalty", "penalties")
  static func known(_ types: KnownTypes) -> [any Configurable.Type]? { types.penalties?.map { $0 } }
}

enum ScheduleRole: PartRole {
  static let (name, argument) = ("schedule", "schedules")
  static func known(_ types: KnownTypes) -> [any Configurable.Type]? {
    types.schedules.map { $0 + [ConstantSchedule.self] }
  }
}

/// A part of a network, as `{ "type": its name, "configuration": its constructor arguments }`.
struct SavedPart<Role: PartRole>: Codable, Sendable {
  /// The name and the arguments; `nil` when the reader's caller wants the network without the part.
  private let content: (typeName: String, configuration: any Encodable & Sendable)?
  /// Makes the part; throws when its arguments are out of range.
  ///
  /// Reading the text makes nothing yet: a part may need memory, and the file has to have it.
  let make: @Sendable () throws -> (any Configurable)?

  init(_ part: any Configurable) {
    func content<Part: Configurable>(
      of part: Part
    ) -> (any Encodable & Sendable, @Sendable () throws -> any Configurable) {
      let configuration = part.configuration
      return (configuration, { try Part(configuration: configuration) })
    }
    let (configuration, make) = content(of: part)
    self.content = (type(of: part).typeName, configuration)
    self.make = make
  }

  private enum CodingKeys: String, CodingKey {
    case type, configuration
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    guard let content else { return }
    try container.encode(content.typeName, forKey: .type)
    try container.encode(content.configuration, forKey: .configuration)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .type)
    guard let known = Role.known(KnownTypes.of(decoder)) else {
      (content, make) = (nil, { nil })
      return
    }
    guard let type = known.first(where: { $0.typeName == name }) else {
      throw Self.unknown(name, known: known.map { $0.typeName })
    }
    // An object, even where the part has no arguments.
    _ = try container.nestedContainer(keyedBy: CodingKeys.self, forKey: .configuration)
    func open<Part: Configurable>(
      _ type: Part.Type
    ) throws -> (any Encodable & Sendable, @Sendable () throws -> any Configurable) {
      let configuration = try container.decode(Part.Configuration.self, forKey: .configuration)
      return (configuration, { try Part(configuration: configuration) })
    }
    let (configuration, make) = try open(type)
    content = (name, configuration)
    self.make = make
  }

  /// The error for a name that is not among the known ones.
  private static func unknown(_ name: String, known: [String]) -> CourseError {
    CourseError(
      .format, "unknown \(Role.name) in the model",
      expected: known.isEmpty
        ? "no \(Role.name) at all" : "one of \(known.joined(separator: ", "))",
      received: "\"\(name)\"",
      remedy: "From Swift: NeuralNetwork(contentsOf:adding: [\(name).self]) of Networks, or "
        + "\(name).self among \(Role.argument):"
        + (Role.argument == LayerRole.argument
          ? "." : "; \(Role.argument): nil loads the network without it."))
  }
}

extension SavedPart where Role == LayerRole {
  /// The layer.
  /// - Parameter name: its name in the container around it, put in front of the place of an error
  func layer(_ name: String) throws -> any Layer {
    do {
      // Made of a type among `KnownTypes.layers`.
      return try make() as! any Layer
    } catch var error as CourseError {
      error.location = error.location.map { "\(name).\($0)" } ?? name
      throw error
    }
  }

  /// The layers of a container, made one by one. While a file is being read, they have no more numbers together
  /// than the file: many layers could else claim its largest tensor, each for itself.
  static func layers(_ parts: [(name: String, part: SavedPart)]) throws -> [any Layer] {
    var count = 0
    return try parts.map { name, part in
      let layer = try part.layer(name)
      layer.visitParameters { count += $1.value.count }
      layer.visitStates { count += $1.count }
      if let total = Loading.elementCount, count > total {
        throw CourseError(
          .format, "layers that the file has no weights for",
          expected: "at most the \(total) numbers of all its tensors", received: "\(count)",
          location: name)
      }
      return layer
    }
  }
}

/// The state of a training.
struct SavedTraining: Codable {
  var progress: TrainingProgress
  /// The number of steps that the optimizer has taken.
  var optimizerStep: Int
}
