import CourseCommandLine
import Networks

/// The augmentations of a batch of images as written on the command line: `mirror,crop:4`.
struct AugmentSetting: TextValue {
  let list: [Augmentation]

  static let none = AugmentSetting([])

  init(_ list: [Augmentation]) { self.list = list }

  init?(_ text: String) {
    guard let list = try? Augmentation.list(from: text) else { return nil }
    self.init(list)
  }

  var text: String {
    list.isEmpty ? "none" : list.map(\.description).joined(separator: ",")
  }

  static func == (a: AugmentSetting, b: AugmentSetting) -> Bool { a.text == b.text }

  /// Batches of examples, augmented differently in each epoch and otherwise as `fit` takes them from memory.
  /// - Parameter brightest: the value of white
  func batches(
    of data: Dataset, batchSize: Int, seed: UInt64, brightest: Float
  ) throws -> ImageGenerator {
    guard data.inputShape.count == 3 else {
      throw CourseError(
        .shapeMismatch, "augmentation requires images",
        expected: "examples of shape [C, H, W]",
        received: "\(data.inputShape)", location: "--augment \(text)",
        remedy: "Omit --augment, or use a network with convolutions (--maps, --shape).")
    }
    // A generator's images range from 0 to 1; the network is to see the range of the data.
    let scale = brightest == 1 ? [] : [Augmentation.normalize(mean: [0], std: [1 / brightest])]
    let mixing = list.firstIndex { $0.stage == .batch } ?? list.endIndex
    return try ImageGenerator(
      DatasetSource(data, range: 0...brightest), batchSize: batchSize, imageSize: data.inputShape,
      augmentation: list[..<mixing] + scale + list[mixing...], seed: seed, lastBatch: .short)
  }
}

extension ValueKind where Value == AugmentSetting {
  /// A list of augmentations.
  static var augmentations: ValueKind {
    ValueKind("LIST", text: \.text) { text throws(ValueProblem) in
      do {
        return AugmentSetting(try Augmentation.list(from: text))
      } catch {
        let problem = error as? CourseError
        let place = problem?.location == "\"\(text)\"" ? nil : problem?.location
        let names = Augmentation.texts.map { String($0.form.prefix { $0 != ":" }) }
        throw ValueProblem(
          expected: [problem?.expected, place].compactMap { $0 }.joined(separator: " for "),
          suggestions: suggestions(for: problem?.received ?? "", among: names))
      }
    }
  }
}
