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

  /// A line with a title, a bar, the percentage, and further parts: `decoding ███▌       35%  3 s left`.
  ///
  /// - Parameters:
  ///   - parts: the most important first, each in its forms, the longest first; a part of which no form fits
  ///     is left out
  ///   - width: the largest number of characters
  package static func line(
    _ title: String, fraction: Double, parts: [[String]], width: Int, unicode: Bool, style: Style
  ) -> String {
    let fraction = fraction.isFinite ? min(1, max(0, fraction)) : 0
    let percent = "\(Int(fraction * 100))%".padded(left: 4)
    guard width >= 12 else { return width >= 4 ? percent : "" }
    var title = title
    let longest = width - percent.count - 2
    if title.count > longest {
      title = title.prefix(longest - (unicode ? 1 : 0)) + (unicode ? "…" : "")
    }
    var tail = " " + percent
    let smallestBar = 6
    for forms in parts {
      let room = width - title.count - 1 - smallestBar - tail.count - 2
      if let form = forms.first(where: { $0.count <= room }) { tail += "  " + form }
    }
    let room = max(0, min(28, width - title.count - 1 - tail.count))
    // In steps, so that the bar keeps its width while the numbers behind it change theirs.
    let barWidth = room < 8 ? room : room / 4 * 4
    return title + " " + style.cyan(text(fraction, width: barWidth, unicode: unicode)) + tail
  }
}

/// A rate, with and without its unit: `850 images/s` and `850/s`.
package func rateForms(_ rate: Double, _ unit: String) -> [String] {
  let number = roundedNumber(rate)
  return ["\(number) \(unit)/s", "\(number)/s"]
}

/// A line at the bottom of a terminal, which is overwritten.
///
/// On a file or a pipe, `show` writes nothing. A text that is written to the stream removes the line first, and
/// so do errors and signals that end the program.
package struct LiveLine: Sendable {
  private let stream: TextStream?
  private var nextRefresh: ContinuousClock.Instant
  private var isVisible = false
  /// Frequent enough to look alive, rare enough to cost no time.
  package static let interval: Duration = .milliseconds(100)

  /// - Parameters:
  ///   - stream: the stream to show it on; `nil` for none
  ///   - delay: the time in which nothing is shown: a line that flashes up says nothing
  package init(on stream: TextStream?, after delay: Duration = .zero) {
    self.stream = stream
    nextRefresh = .now + delay
  }

  /// Whether it is time for an update. After a signal it never is.
  package func isDue(at now: ContinuousClock.Instant = .now) -> Bool {
    stream?.features.isTerminal == true && now >= nextRefresh && !Interruption.isRequested
  }

  /// Overwrites the line.
  package mutating func show(_ text: String, at now: ContinuousClock.Instant = .now) {
    guard let stream, stream.features.isTerminal else { return }
    nextRefresh = now + LiveLine.interval
    isVisible = true
    stream.overwriteLine(text)
  }

  /// Overwrites the line with a bar, in the width that the terminal has now.
  package mutating func showBar(
    _ title: String, fraction: Double, parts: [[String]], at now: ContinuousClock.Instant = .now
  ) {
    guard let stream else { return }
    // Room for the ^C that the terminal shows.
    show(
      ProgressBar.line(
        title, fraction: fraction, parts: parts, width: stream.width - 3,
        unicode: stream.features.usesUnicode, style: stream.style),
      at: now)
  }

  /// Prints a permanent line above the progress line.
  package mutating func leave(_ text: String) {
    clear()
    stream?.line(text)
  }

  /// Removes the line.
  package mutating func clear() {
    guard isVisible else { return }
    stream?.clearLine()
    isVisible = false
  }
}
