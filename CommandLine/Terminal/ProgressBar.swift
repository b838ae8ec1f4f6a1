/// A bar that fills from left to right, in eighths of a character on streams with Unicode.
package enum ProgressBar {
  /// The bar for a fraction from 0 to 1.
  package static func text(_ fraction: Double, width: Int, unicode: Bool) -> String {
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

/// A progress line at the bottom of a terminal, which is overwritten.
///
/// On a file or a pipe, `show` writes nothing.
package struct LiveLine {
  private let stream: TextStream
  private var lastRefresh: ContinuousClock.Instant?
  private var isVisible = false
  /// Frequent enough to look alive, rare enough to cost no time.
  package static let interval: Duration = .milliseconds(100)

  package init(on stream: TextStream) { self.stream = stream }

  /// Whether it is time for an update.
  package func isDue(at now: ContinuousClock.Instant = .now) -> Bool {
    guard stream.features.isTerminal else { return false }
    return lastRefresh.map { now - $0 >= LiveLine.interval } ?? true
  }

  /// Overwrites the line.
  package mutating func show(_ text: String, at now: ContinuousClock.Instant = .now) {
    guard stream.features.isTerminal else { return }
    lastRefresh = now
    isVisible = true
    stream.overwriteLine(text)
  }

  /// Prints a permanent line above the progress line.
  package mutating func leave(_ text: String) {
    clear()
    stream.line(text)
  }

  /// Removes the line.
  package mutating func clear() {
    guard isVisible else { return }
    stream.clearLine()
    isVisible = false
  }
}
