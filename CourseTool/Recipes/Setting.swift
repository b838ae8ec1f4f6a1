import CourseCommandLine

/// One setting of a recipe, declared once.
///
/// The declaration serves the command line (`--learning-rate 0.1`), recipe files (`"learning-rate": 0.1`),
/// help texts, the list of `course recipes NAME`, and the comparison when a run is resumed:
///
///     Setting("learning-rate", \.learningRate, .positive(), "learning rate")
struct Setting: OptionDescription {
  /// The effect of a value that was read: it goes into a recipe.
  typealias Change = @Sendable (inout Recipe) -> Void

  let name: String
  let placeholder: String?
  private(set) var help: String
  /// Whether a resumed run must keep the setting.
  let isFixed: Bool
  /// The value in a recipe, as it would be written on the command line; empty when there is none, and in words when
  /// it follows the data.
  let text: @Sendable (Recipe) -> String
  private let change: @Sendable (String) throws(ValueProblem) -> Change
  private let encode: @Sendable (Recipe, inout Container) throws -> Void
  typealias Container = KeyedEncodingContainer<Key>

  var short: Character? { nil }

  /// A setting that every recipe has.
  init<Value: Encodable>(
    _ name: String, _ path: any WritableKeyPath<Recipe, Value> & Sendable,
    _ kind: ValueKind<Value>, isFixed: Bool = true, _ help: String
  ) {
    self.init(
      name, kind, isFixed, help, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 })
  }

  /// A setting that a recipe may leave open.
  init<Value: Encodable>(
    _ name: String, _ path: any WritableKeyPath<Recipe, Value?> & Sendable,
    _ kind: ValueKind<Value>, isFixed: Bool = true, _ help: String
  ) {
    self.init(
      name, kind, isFixed, help, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 })
  }

  /// A setting that is also an option of a command without recipes.
  init<Value: Encodable>(
    _ option: Option<Value>, _ path: any WritableKeyPath<Recipe, Value> & Sendable,
    isFixed: Bool = true
  ) {
    self.init(option.name, path, option.kind, isFixed: isFixed, option.help)
  }

  private init<Value: Encodable>(
    _ name: String, _ kind: ValueKind<Value>, _ isFixed: Bool, _ help: String,
    get: @escaping @Sendable (Recipe) -> Value?,
    set: @escaping @Sendable (inout Recipe, Value) -> Void
  ) {
    self.name = name
    self.help = help
    self.isFixed = isFixed
    placeholder = kind.placeholder
    text = { recipe in
      recipe.automatic.contains(name)
        ? recipe.isOfTexts && name != "epochs" ? "follows --network" : "follows the data"
        : get(recipe).map(kind.text) ?? ""
    }
    change = { text throws(ValueProblem) in
      let value = try kind.read(text)
      return { recipe in
        set(&recipe, value)
        recipe.automatic.remove(name)
      }
    }
    encode = { recipe, container in
      guard !recipe.automatic.contains(name) else { return }
      try container.encodeIfPresent(get(recipe), forKey: Key(stringValue: name))
    }
  }

  /// The setting with another help text.
  func withHelp(_ help: String) -> Setting {
    var copy = self
    copy.help = help
    return copy
  }

  /// Reads a value; the result is a `Change`.
  func read(_ text: String) throws(ValueProblem) -> any Sendable { try change(text) }

  /// Puts a value into a recipe, given as on the command line.
  func apply(_ text: String, to recipe: inout Recipe) throws(ValueProblem) {
    try change(text)(&recipe)
  }

  /// A name as a key of JSON.
  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Writes the value of a recipe, where there is one.
  func encode(_ recipe: Recipe, into container: inout Container) throws {
    try encode(recipe, &container)
  }
}

extension Recipe: Encodable {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Setting.Key.self)
    try container.encode(recipe, forKey: Setting.Key(stringValue: "recipe"))
    for setting in Recipe.settings { try setting.encode(self, into: &container) }
  }

  /// Takes over the settings given on the command line.
  mutating func apply(_ arguments: Arguments) {
    for setting in Recipe.settings { arguments[setting]?(&self) }
    dropUnused(given: arguments.givenSettings)
  }

  /// Drops settings of the recipe that belonged to an optimizer, a schedule or a network in whose place another one was
  /// given. Those that were given themselves stay, for `check` to refuse.
  mutating func dropUnused(given: Set<String>) {
    let usual = Recipe(recipe: "")
    var recipe = self
    func drop<Value>(
      _ name: String, without choices: Set<String>, _ path: WritableKeyPath<Recipe, Value>
    ) {
      guard !given.contains(name), !given.isDisjoint(with: choices), !recipe.uses(name) else {
        return
      }
      recipe[keyPath: path] = usual[keyPath: path]
      recipe.automatic.remove(name)
    }
    drop("scaling", without: ["encoder"], \.scaling)
    drop("shape", without: ["encoder"], \.shape)
    drop("maps", without: ["encoder"], \.maps)
    drop("kernel-size", without: ["encoder"], \.kernelSize)
    drop("depth", without: ["encoder"], \.depth)
    drop("batch-norm", without: ["encoder"], \.batchNorm)
    drop("momentum", without: ["optimizer"], \.momentum)
    drop("beta2", without: ["optimizer"], \.beta2)
    drop("weight-decay", without: ["optimizer"], \.weightDecay)
    drop("warm-up", without: ["schedule"], \.warmUp)
    drop("steps-per-epoch", without: ["blocks"], \.stepsPerEpoch)
    drop("hidden", without: ["depth"], \.hidden)
    drop("activation", without: ["depth", "maps", "hidden"], \.activation)
    drop("batch-norm", without: ["depth", "maps", "hidden"], \.batchNorm)
    drop("dropout", without: ["depth", "maps", "hidden"], \.dropout)
    self = recipe
  }
}

extension Arguments {
  /// The names of the settings that were given.
  var givenSettings: Set<String> { Set(Recipe.settings.map(\.name).filter(isGiven)) }

  /// The change of a recipe that a setting asks for, `nil` when it was not given.
  subscript(setting: Setting) -> Setting.Change? { value(of: setting.name) as? Setting.Change }
}
