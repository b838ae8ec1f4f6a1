import CourseCommandLine
import Networks

/// The weights of classes as written on the command line: `balanced`, or `yes:3,no:1`.
struct ClassWeightsSetting: TextValue {
  static let expected =
    "balanced, or classes with weights of at least 0, such as yes:3,no:1, or none"
  static let none = ClassWeightsSetting(checked: "none")

  let text: String

  private init(checked text: String) { self.text = text }

  init?(_ text: String) {
    guard text == "none" || text == "balanced" || Self.pairs(text) != nil else { return nil }
    self.init(checked: text)
  }

  /// The names with their weights.
  private static func pairs(_ text: String) -> [(name: String, weight: Float)]? {
    var pairs: [(name: String, weight: Float)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let colon = part.lastIndex(of: ":"), colon > part.startIndex,
        let weight = Float(part[part.index(after: colon)...]), weight >= 0, weight.isFinite
      else { return nil }
      pairs.append((String(part[..<colon]), weight))
    }
    return Set(pairs.map(\.name)).count == pairs.count ? pairs : nil
  }

  /// The weight of each class; `nil` where all count alike. A class that is not named has the weight 1.
  func weights(for training: Dataset) throws -> [Float]? {
    switch text {
    case "none": return nil
    case "balanced": return try training.balancedClassWeights()
    default:
      var weights = [Float](repeating: 1, count: training.classCount ?? 0)
      let names =
        training.classNames.isEmpty ? weights.indices.map(String.init) : training.classNames
      for (name, weight) in Self.pairs(text) ?? [] {
        guard let place = names.firstIndex(of: name) else {
          throw UsageError(
            "'--class-weights \(text)': there is no class '\(name)' among "
              + "\(names.prefix(20).joined(separator: ", "))\(names.count > 20 ? ", ..." : "")."
              + didYouMean(suggestions(for: name, among: names)))
        }
        weights[place] = weight
      }
      guard weights.contains(where: { $0 > 0 }) else {
        throw UsageError("'--class-weights \(text)': at least one weight must be above 0")
      }
      return weights
    }
  }
}
