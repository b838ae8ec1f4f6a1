/// The colours of a picture.
///
/// The palette is one that people who see colours differently can tell apart (Okabe and Ito 2008).
public enum Theme: String, Sendable, CaseIterable {
  /// Dark on white.
  case light
  /// Light on dark.
  case dark

  /// Red, green and blue.
  typealias RGB = (red: UInt8, green: UInt8, blue: UInt8)

  static let paletteSize = 6

  func rgb(_ ink: Ink) -> RGB {
    let isLight = self == .light
    return switch ink {
    case .panel: Self.hex(isLight ? 0xffffff : 0x161b22)
    case .ink: Self.hex(isLight ? 0x24292f : 0xe6edf3)
    case .soft: Self.hex(isLight ? 0x57606a : 0x9da7b3)
    case .grid: Self.hex(isLight ? 0xe4e8ec : 0x2d343d)
    case .series(let number):
      Self.hex((isLight ? Self.lightPalette : Self.darkPalette)[number % Self.paletteSize])
    case .reference: Self.hex(isLight ? 0x555555 : 0xb0b0b0)
    case .rgb(let red, let green, let blue): (red, green, blue)
    }
  }

  /// "#0072b2"
  func hex(_ ink: Ink) -> String {
    let color = rgb(ink)
    return "#"
      + [color.red, color.green, color.blue].map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
  }

  private static let lightPalette = [0x0072b2, 0xd55e00, 0x009e73, 0xb5548b, 0x8c6d00, 0x56606b]
  private static let darkPalette = [0x56b4e9, 0xf0883e, 0x2bc79a, 0xe08fbf, 0xe3c341, 0xa9b4c0]

  private static func hex(_ value: Int) -> RGB {
    (UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255))
  }
}

/// The role of a colour in a picture, which a theme turns into numbers.
enum Ink: Sendable, Hashable {
  case panel, ink, soft, grid, reference
  case series(Int)
  case rgb(UInt8, UInt8, UInt8)

  init(_ color: Figure.Color) {
    self =
      switch color {
      case .series(let number):
        .series(((number % Theme.paletteSize) + Theme.paletteSize) % Theme.paletteSize)
      case .reference: .reference
      case .ink: .ink
      case .panel: .panel
      case .rgb(let red, let green, let blue): .rgb(red, green, blue)
      }
  }

  /// The class of a style sheet; `nil` for a colour that is the same in all themes.
  var className: String? {
    switch self {
    case .panel: "panel"
    case .ink: "ink"
    case .soft: "soft"
    case .grid: "grid"
    case .reference: "reference"
    case .series(let number): "s\(number)"
    case .rgb: nil
    }
  }

  static let themed: [Ink] =
    [.panel, .ink, .soft, .grid, .reference] + (0..<Theme.paletteSize).map { .series($0) }
}
