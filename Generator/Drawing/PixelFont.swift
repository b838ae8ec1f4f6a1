import Foundation

/// Letters of 5 x 8 pixels, for the labels of contact sheets.
enum PixelFont {
  /// The size of a letter, without the gap after it.
  static let width = 5
  static let height = 8

  /// How wide a text is.
  static func width(of text: String) -> Int { max(text.count * (width + 1) - 1, 0) }

  /// Whether a pixel of a letter is set. Letters with an accent look like those without;
  /// others that are not drawn here, like a question mark.
  static func isSet(_ character: Character, row: Int, column: Int) -> Bool {
    rows(of: character)[row] >> (width - 1 - column) & 1 == 1
  }

  private static func rows(of character: Character) -> [Int] {
    guard character != " " else { return [Int](repeating: 0, count: height) }
    let glyph =
      glyphs[character]
      ?? String(character).folding(options: .diacriticInsensitive, locale: nil).first
      .flatMap { glyphs[$0] } ?? glyphs["?"]!
    return glyph.map { Int(String($0), radix: 32)! }
  }

  // The rows of a letter from top to bottom, each a digit to base 32 whose five bits are its pixels.
  private static let glyphs: [Character: String] = [
    "A": "ehhvhhh0", "B": "uhuhhhu0", "C": "fgggggf0", "D": "uhhhhhu0", "E": "vgguggv0",
    "F": "vgguggg0", "G": "fggnhhf0", "H": "hhhvhhh0", "I": "e44444e0", "J": "72222ic0",
    "K": "hikokih0", "L": "ggggggv0", "M": "hrllhhh0", "N": "hppljjh0", "O": "ehhhhhe0",
    "P": "uhhuggg0", "Q": "ehhhlid0", "R": "uhhukih0", "S": "fgge11u0", "T": "v4444440",
    "U": "hhhhhhe0", "V": "hhhhaa40", "W": "hhhllrh0", "X": "hha4ahh0", "Y": "hha44440",
    "Z": "v1248gv0", "a": "00e1fhf0", "b": "gguhhhu0", "c": "00fgggf0", "d": "11fhhhf0",
    "e": "00ehvgf0", "f": "68u88880", "g": "00fhhf1e", "h": "gguhhhh0", "i": "40c444e0",
    "j": "206222ic", "k": "ggikoki0", "l": "c44444e0", "m": "00qllll0", "n": "00uhhhh0",
    "o": "00ehhhe0", "p": "00uhhugg", "q": "00fhhf11", "r": "00mpggg0", "s": "00fge1u0",
    "t": "88u88860", "u": "00hhhhf0", "v": "00hhha40", "w": "00hhlla0", "x": "00ha4ah0",
    "y": "00hhhf1e", "z": "00v248v0", "0": "ehjlphe0", "1": "4c4444e0", "2": "eh168gv0",
    "3": "u11e11u0", "4": "26aiv220", "5": "vgu11he0", "6": "egguhhe0", "7": "v1244440",
    "8": "ehhehhe0", "9": "ehhf11e0", ".": "00000440", ",": "00000448", ":": "04404400",
    "-": "000e0000", "_": "000000v0", "+": "044v4400", "/": "11248gg0", "(": "24444420",
    ")": "84444480", "=": "00v0v000", "'": "44000000", "\"": "aa000000", "!": "44440440",
    "?": "eh164040",
    "%": "pp248jj0", "&": "cik8lid0",
  ]
}
