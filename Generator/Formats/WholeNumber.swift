/// A whole number that a file or a server writes as digits, and as nothing but digits.
///
///     wholeNumber("0177".utf8, radix: 8)       // 127
///     wholeNumber("-5".utf8)                   // nil, where Int("-5") is a number
///
/// `Int` takes signs, and a size below zero gets past every comparison with a limit.
/// - Returns: `nil` for no digits, for anything else among them, and for more than an `Int` holds
func wholeNumber(_ digits: some Collection<UInt8>, radix: Int = 10) -> Int? {
  guard !digits.isEmpty else { return nil }
  var number = 0
  for byte in digits {
    let digit = Int(byte) - 0x30
    guard (0..<radix).contains(digit) else { return nil }
    let (tens, isTooLarge) = number.multipliedReportingOverflow(by: radix)
    let (sum, overflows) = tens.addingReportingOverflow(digit)
    guard !isTooLarge, !overflows else { return nil }
    number = sum
  }
  return number
}
