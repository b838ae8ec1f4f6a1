/// Reads a decimal number such as `-12.5e3` from ASCII bytes; `nil` when they are no decimal number.
///
/// The decimal separator is a point in every language of the system. Words (`nan`, `inf`) and hexadecimal
/// numbers, which `Double(_:)` would take, are not numbers here.
func parseDecimal(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
  var place = range.lowerBound
  let end = range.upperBound
  guard place < end else { return nil }
  var isNegative = false
  if bytes[place] == 0x2D || bytes[place] == 0x2B {  // - +
    isNegative = bytes[place] == 0x2D
    place += 1
  }
  // The digits as one integer. Up to 15 of them, and a power of ten up to 22, are exact as `Double`, so
  // one division rounds correctly; everything longer goes through the standard library.
  var mantissa = 0
  var digits = 0
  var decimals = 0
  var hasPoint = false
  while place < end {
    let byte = bytes[place]
    if byte >= 0x30 && byte <= 0x39 {
      digits += 1
      if digits <= 15 { mantissa = mantissa * 10 + Int(byte - 0x30) }
      if hasPoint { decimals += 1 }
    } else if byte == 0x2E && !hasPoint {  // .
      hasPoint = true
    } else {
      break
    }
    place += 1
  }
  guard digits > 0 else { return nil }
  if place == end && digits <= 15 {
    let value = decimals == 0 ? Double(mantissa) : Double(mantissa) / powersOfTen[decimals]
    return isNegative ? -value : value
  }
  if place < end {
    guard isExponent(bytes, place..<end) else { return nil }
  }
  var text = String(decoding: bytes[range], as: UTF8.self)
  if text.hasPrefix("+") { text.removeFirst() }
  return Double(text)
}

/// `e` or `E`, an optional sign, and digits.
private func isExponent(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
  var place = range.lowerBound
  guard bytes[place] == 0x65 || bytes[place] == 0x45 else { return false }
  place += 1
  if place < range.upperBound, bytes[place] == 0x2D || bytes[place] == 0x2B { place += 1 }
  return place < range.upperBound
    && bytes[place..<range.upperBound].allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
}

private let powersOfTen: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]
