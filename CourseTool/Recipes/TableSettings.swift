import CourseCommandLine
import Networks

/// The ways to make features of dates.
enum DateFeatures: String, CaseIterable, Encodable, Sendable { case number, calendar }

/// The decimal marks that can be stated.
enum DecimalMark: String, CaseIterable, Encodable, Sendable { case point, comma }

extension ValueKind where Value == [String] {
  /// Texts separated by commas.
  static func texts(_ placeholder: String) -> ValueKind {
    ValueKind(
      placeholder, expected: "texts separated by commas, such as a,b",
      text: { $0.joined(separator: ",") }
    ) { text in
      let texts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return texts.contains("") ? nil : texts
    }
  }

  /// Columns of a table: names, or indices from 0.
  static var columns: ValueKind { texts("COLUMN,...") }
}

/// The losses of the columns of `--target` that the command line knows.
enum TargetLoss: String, CaseIterable, Encodable, Sendable {
  case squared, absolute, huber
  /// Of labels, of which a row may have several.
  case crossEntropy = "cross-entropy"

  var loss: any Loss {
    switch self {
    case .squared: MeanSquaredErrorLoss()
    case .absolute: MeanAbsoluteErrorLoss()
    case .huber: HuberLoss()
    case .crossEntropy: BinaryCrossEntropyLoss(on: .logits)
    }
  }
}
