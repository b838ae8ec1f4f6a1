/// A bar that fills from left to right, in eighths of a character where the stream shows them.
enum ProgressBar {
  /// The bar for a fraction from 0 to 1.
  static func text(_ fraction: Double, width: Int, unicode: Bool) -> String {
    let fraction = fraction.isFinite ? min(1, max(0, fraction)) : 0
    guard unicode else {
      let full = Int(fraction * Double(width))
      return String(repeating: "#", count: full) + String(repeating: " ", count: width - full)
    }
    let eighths = Int(fraction * Double(width) * 8)
    let (full, part) = (eighths / 8, eighths % 8)
    let partial = part == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[part - 1])
    let blank = width - full - partial.count
    return String(repeating: "█", count: full) + partial + String(repeating: " ", count: blank)
  }
}

/// A line at the bottom of a terminal that is overwritten while something goes on.
///
/// Where nobody looks (a file, a pipe) nothing is overwritten and `show` writes nothing.
struct LiveLine {
  private let stream: TextStream
  private var lastRefresh: ContinuousClock.Instant?
  private var isVisible = false
  /// Often enough to look alive, rarely enough to cost nothing.
  static let interval: Duration = .milliseconds(100)

  init(on stream: TextStream) { self.stream = stream }

  /// Whether it is time to show something new; asks the clock and nothing else.
  func isDue(at now: ContinuousClock.Instant = .now) -> Bool {
    guard stream.features.isTerminal else { return false }
    return lastRefresh.map { now - $0 >= LiveLine.interval } ?? true
  }

  /// Overwrites the line.
  mutating func show(_ text: String, at now: ContinuousClock.Instant = .now) {
    guard stream.features.isTerminal else { return }
    lastRefresh = now
    isVisible = true
    stream.overwriteLine(text)
  }

  /// Puts a line that stays above the one that is overwritten.
  mutating func leave(_ text: String) {
    clear()
    stream.line(text)
  }

  /// Takes the line away.
  mutating func clear() {
    guard isVisible else { return }
    stream.clearLine()
    isVisible = false
  }
}
