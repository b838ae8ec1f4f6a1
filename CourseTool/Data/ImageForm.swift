import CourseCommandLine
import Networks

/// The form in which images are loaded.
enum ImageForm {
  /// That of a trained network.
  case of(ImageInput)
  /// One that suits the images, but for the settings that a user gave.
  case suiting(size: ImageSize? = nil, channels: Int? = nil, fitting: ImageFitting? = nil)

  /// The form in which a trained network takes images.
  ///
  /// A network that was trained on images of one size, from a file that allows no others, takes only those.
  init(of network: NeuralNetwork) throws {
    if let input = try network.imageInput ?? ImageInput(inputShape: network.inputShape) {
      self = .of(input)
    } else {
      self = .suiting()
    }
  }

  /// The settings of the user, if there are any; `nil` for data that need no change.
  var isGiven: Bool {
    switch self {
    case .of: true
    case .suiting(let size, let channels, let fitting):
      size != nil || channels != nil || fitting != nil
    }
  }

  /// The form for images of such shapes, and a remark on it where it was chosen.
  func input(for shapes: @autoclosure () throws -> ImageShapes) throws -> (
    input: ImageInput, note: String?
  ) {
    switch self {
    case .of(let input): return (input, nil)
    case .suiting(let size, let channels, let fitting):
      let shapes = try shapes()
      let input = try ImageInput(
        suiting: shapes, size: size.map { ($0.height, $0.width) }, channels: channels,
        fitting: fitting ?? .pad)
      return (input, size == nil ? ImageForm.note(shapes, input) : nil)
    }
  }

  /// The decision in words; `nil` where the images stay as they are.
  static func note(_ shapes: ImageShapes, _ input: ImageInput) -> String? {
    let sizes = shapes.sizes
    guard sizes.count > 1 || (sizes[0].height, sizes[0].width) != (input.height, input.width),
      input.fitting != .refuse
    else { return nil }
    let (smallest, largest) = shapes.extremes
    func text(_ size: (height: Int, width: Int)) -> String { "\(size.height)x\(size.width)" }
    let found =
      sizes.count == 1
      ? text(smallest)
      : "\(sizes.count) sizes, \(text(smallest)) to \(text(largest)) (height x width),"
    let how =
      switch input.fitting {
      case .crop: "cropped to their proportions"
      case .pad: "with black borders"
      case .stretch, .refuse: "stretched"
      }
    return "Images of \(found) become \(text((input.height, input.width))), \(how), "
      + "\(input.channels == 1 ? "grey" : "in colour"). Options: --size HxW, "
      + "--fit crop, pad or stretch, --channels 1 or 3."
  }
}

/// The height and width of images as written on the command line: `32x48`, or one number for both.
struct ImageSize: TextValue {
  static let expected =
    "height and width from 1 to \(ImageInput.sides.upperBound), such as 32x48"

  var height: Int
  var width: Int

  init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let sizes = parts.compactMap { Int($0) }.filter(ImageInput.sides.contains)
    guard (1...2).contains(parts.count), sizes.count == parts.count else { return nil }
    (height, width) = (sizes[0], sizes[sizes.count - 1])
  }

  var text: String { "\(height)x\(width)" }
}

extension ValueKind where Value == ImageSize {
  /// Height and width: `32x48`, or one number for both.
  static var imageSize: ValueKind { .notation("HxW", expected: ImageSize.expected) }
}

extension ValueKind where Value == Int {
  /// The channels of images: 1 or 3.
  static var channels: ValueKind {
    ValueKind("1|3", expected: "1 (grey) or 3 (colours)", text: { "\($0)" }) {
      ["1": 1, "3": 3][$0]
    }
  }
}
