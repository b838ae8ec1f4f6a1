import Shared

/// Augmentations as they are written on a command line.
extension Augmentation {
  /// A list such as `mirror,crop:4,rotate:15,brightness:0.2@0.5`: names in order, their arguments after a
  /// colon, and the probability of being applied after an @.
  ///
  ///     try Augmentation.list(from: "mirror@0.3,crop:4").map(\.description)
  ///     // ["mirror@0.3", "crop:4"]
  ///
  /// - Throws: a `CourseError` that names the wrong part, and the forms that are allowed
  public static func list(from text: String) throws -> [Augmentation] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    return try text.isEmpty || text == "none" ? [] : parts.map { try one(from: String($0)) }
  }

  /// The forms that can be written, with their meaning, for a help text.
  public static var texts: [(form: String, meaning: String)] {
    written.map { ($0.form, $0.meaning) }
  }

  private struct Written: Sendable {
    var form: String
    var meaning: String
    /// The possible counts of numbers after the name, and their range.
    var counts: ClosedRange<Int>
    var range: ClosedRange<Float>
    var isWhole = false
    var make: @Sendable ([Float]) -> Augmentation

    var name: String { String(form.prefix { $0 != ":" }) }
  }

  private static let written: [Written] = [
    Written(form: "mirror", meaning: "mirror left and right", counts: 0...0, range: 0...0) { _ in
      .mirror
    },
    Written(
      form: "rotate90", meaning: "rotate by 90, 180 or 270 degrees", counts: 0...0, range: 0...0
    ) { _ in .rotate90 },
    Written(
      form: "rotate:DEGREES", meaning: "rotate by up to so many degrees", counts: 1...1,
      range: 0...180
    ) { .rotate(degrees: $0[0]) },
    Written(
      form: "zoom:AMOUNT", meaning: "scale height and width by up to so much", counts: 1...1,
      range: 0...0.9
    ) { .zoom($0[0]) },
    Written(
      form: "crop:PIXELS", meaning: "shift by up to so many pixels", counts: 1...1,
      range: 0...4096, isWhole: true
    ) { .crop(padding: Int($0[0])) },
    Written(
      form: "elastic:PIXELS", meaning: "distort smoothly by about so many pixels", counts: 1...1,
      range: 0...100
    ) { .elastic($0[0]) },
    Written(
      form: "shear:DEGREES", meaning: "slant by up to so many degrees", counts: 1...1,
      range: 0...60
    ) { .shear(degrees: $0[0]) },
    Written(
      form: "resize:HEIGHT:WIDTH", meaning: "resize", counts: 2...2, range: 1...16384,
      isWhole: true
    ) { .resize(height: Int($0[0]), width: Int($0[1])) },
    Written(
      form: "brightness:AMOUNT", meaning: "change the brightness", counts: 1...1, range: 0...10
    ) { .brightness($0[0]) },
    Written(
      form: "contrast:AMOUNT", meaning: "change the contrast", counts: 1...1, range: 0...10
    ) { .contrast($0[0]) },
    Written(
      form: "saturation:AMOUNT", meaning: "change the saturation", counts: 1...1, range: 0...10
    ) { .saturation($0[0]) },
    Written(
      form: "hue:AMOUNT", meaning: "shift the hue; 0.5 gives any", counts: 1...1, range: 0...0.5
    ) { .hue($0[0]) },
    Written(
      form: "thickness:AMOUNT", meaning: "make bright strokes thicker or thinner", counts: 1...1,
      range: 0...1
    ) { .thickness($0[0]) },
    Written(
      form: "noise:DEVIATION", meaning: "add Gaussian noise", counts: 1...1, range: 0...1
    ) { .noise(standardDeviation: $0[0]) },
    Written(
      form: "cutout:PIXELS", meaning: "clear a square of that size", counts: 1...1,
      range: 1...4096, isWhole: true
    ) { .cutout(size: Int($0[0])) },
    Written(
      form: "normalize:MEAN:STD", meaning: "(X - MEAN) / STD; three of each for colours",
      counts: 2...6, range: -10...10
    ) { .normalize(mean: Array($0[..<($0.count / 2)]), std: Array($0[($0.count / 2)...])) },
    Written(
      form: "mixup:ALPHA", meaning: "mix pairs of images", counts: 1...1, range: 0.01...100
    ) { .mixup(alpha: $0[0]) },
  ]

  private static func one(from text: String) throws -> Augmentation {
    func refuse(_ expected: String, _ received: String) -> CourseError {
      CourseError(
        .invalidArgument, "invalid augmentation", expected: expected,
        received: received.isEmpty ? "nothing" : received, location: "\"\(text)\"",
        remedy: "For example: mirror,crop:4,rotate:15,brightness:0.2@0.5")
    }
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
    guard let found = written.first(where: { $0.name == parts[0] }) else {
      throw refuse(written.map(\.name).joined(separator: ", "), String(parts[0]))
    }
    let isNormalize = found.name == "normalize"
    guard found.counts.contains(parts.count - 1),
      !isNormalize || !parts.count.isMultiple(of: 2)
    else { throw refuse(found.form, text) }
    let numbers = try parts.dropFirst().enumerated().map { place, part in
      guard let number = Float(part), found.range.contains(number),
        !found.isWhole || number == number.rounded(),
        !isNormalize || place < (parts.count - 1) / 2 || number > 0
      else {
        throw refuse(
          isNormalize
            ? "numbers; standard deviations above 0"
            : "a \(found.isWhole ? "whole " : "")number from \(commandText(found.range.lowerBound)) "
              + "to \(commandText(found.range.upperBound))", String(part))
      }
      return number
    }
    let augmentation = found.make(numbers)
    guard halves.count == 2 else { return augmentation }
    guard let probability = Float(halves[1]), (0...1).contains(probability) else {
      throw refuse("a probability from 0 to 1", String(halves[1]))
    }
    return augmentation.with(probability: probability)
  }
}
