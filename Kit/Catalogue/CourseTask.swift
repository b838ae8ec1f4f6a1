/// A task of the course, as the table of its text describes it.
package struct CourseTask: Sendable, Equatable {
  /// The number: `1.2`.
  package let number: Number
  /// The heading in the text: `Dense`.
  package let title: String
  /// The work, in a phrase: `the dense layer`.
  package let work: String
  /// The part of the course to which it belongs.
  package let scope: Scope
  /// The text and the heading in it: `Protocols/Phase1-FeedForward.md#task-12-dense`.
  package let link: String
  /// The files that the student writes in, as paths in the package.
  package let files: [String]
  /// The filters of its tests: `DenseTests`.
  package let filters: [String]
  /// The estimated hours: `½` is 0.5.
  package let hours: Double
  /// Four points for each hour.
  package var points: Int { Int((4 * hours).rounded()) }
  /// The hints of the text, the weakest first.
  package let hints: [String]
  /// The code of the example "By hand"; empty where the text has none.
  package let example: String

  /// The text without the heading: `Protocols/Phase1-FeedForward.md`.
  package var text: String { String(link.prefix { $0 != "#" }) }

  /// The number of a task: `1.10` follows `1.9`.
  package struct Number: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let phase: Int
    package let index: Int

    /// Reads `1.2`; `nil` for any other text.
    package init?(_ text: some StringProtocol) {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }),
        let phase = Int(parts[0]), let index = Int(parts[1])
      else { return nil }
      (self.phase, self.index) = (phase, index)
    }

    package var description: String { "\(phase).\(index)" }

    package static func < (first: Number, second: Number) -> Bool {
      (first.phase, first.index) < (second.phase, second.index)
    }
  }

  /// A part of the course: its text, its folder and its tests.
  package enum Scope: String, CaseIterable, Sendable {
    case firstPrinciples = "first-principles"
    case phase1, phase2, phase3
    case generator, explorations

    /// The phase in the numbers of its tasks.
    package var phase: Int {
      switch self {
      case .firstPrinciples: 0
      case .phase1: 1
      case .phase2: 2
      case .phase3: 3
      case .generator: 4
      case .explorations: 5
      }
    }
    /// The text of its tasks, as a path in the package.
    package var text: String {
      switch self {
      case .firstPrinciples: "Protocols/First-Principles.md"
      case .phase1: "Protocols/Phase1-FeedForward.md"
      case .phase2: "Protocols/Phase2-CNN.md"
      case .phase3: "Protocols/Phase3-RNN-Regularization.md"
      case .generator: "Protocols/Generator.md"
      case .explorations: "Protocols/Explorations.md"
      }
    }
    /// The folder of its tasks, as a path in the package.
    package var folder: String {
      switch self {
      case .firstPrinciples: "Phase1-FeedForward/FirstPrinciples"
      case .phase1: "Phase1-FeedForward"
      case .phase2: "Phase2-CNN"
      case .phase3: "Phase3-RNN-Regularization"
      case .generator: "Generator"
      case .explorations: "Explorations"
      }
    }
    /// The target of its tasks, and that of their tests.
    package var targets: (sources: String, tests: String) {
      switch self {
      case .firstPrinciples, .phase1: ("Phase1FeedForward", "Phase1FeedForwardTests")
      case .phase2: ("Phase2CNN", "Phase2CNNTests")
      case .phase3: ("Phase3RNNRegularization", "Phase3RNNRegularizationTests")
      case .generator: ("Generator", "GeneratorTests")
      case .explorations: ("Explorations", "ExplorationsTests")
      }
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
