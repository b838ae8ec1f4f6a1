import Synchronization

/// The progress of a piece of work on a terminal, in a line that is overwritten and removed at the end:
///
///     decoding ███████████▏                  37%  743/2000  850 images/s  1.48 s left
///
///     let progress = ProgressLine(
///       "decoding", total: images.count, unit: "images", on: terminal.progress(for: arguments))
///     defer { progress.clear() }
///     for image in images {
///       ...
///       progress.advance()
///     }
///
/// Nothing is shown on a file or a pipe, with `--quiet` or `--json`, and of work that takes a moment only. Several
/// threads may advance it.
package final class ProgressLine: Sendable {
  private struct State: Sendable {
    var title: String
    var progress: WorkProgress
    var line: LiveLine
  }

  private let state: Mutex<State>
  private let unit: String?

  /// - Parameters:
  ///   - unit: the plural of the unit; `nil` where units differ, so that their number and rate say little
  ///   - stream: the stream to show it on; `nil` for none
  package init(_ title: String, total: Int, unit: String? = nil, on stream: TextStream?) {
    self.unit = unit
    state = Mutex(
      State(
        title: title, progress: WorkProgress(total: total),
        line: LiveLine(on: stream, after: stream?.features.progressDelay ?? .zero)))
  }

  /// Adds to the units that are done.
  package func advance(by count: Int = 1) {
    state.withLock { show($0.progress.done + Double(count), &$0) }
  }

  /// Notes the units that are done.
  /// - Parameter title: what is being done now, if that changes
  package func show(_ done: Int, title: String? = nil) {
    state.withLock {
      $0.title = title ?? $0.title
      show(Double(done), &$0)
    }
  }

  private func show(_ done: Double, _ state: inout State) {
    let now = ContinuousClock.now
    // Work that is done ahead, such as images for a next batch, does not count.
    let done = min(done, Double(state.progress.total))
    state.progress.reach(done, at: now)
    guard state.line.isDue(at: now) else { return }
    let progress = state.progress
    var parts: [[String]] = []
    if let unit {
      let total = "\(progress.total)"
      parts.append(["\("\(Int(done))".padded(left: total.count))/\(total)"])
      if let rate = progress.rate { parts.append(rateForms(rate, unit)) }
    }
    if let seconds = progress.secondsLeft {
      parts.insert([durationText(seconds) + " left"], at: min(1, parts.count))
    }
    state.line.showBar(state.title, fraction: progress.fraction, parts: parts, at: now)
  }

  /// Removes the line.
  package func clear() { state.withLock { $0.line.clear() } }
}

extension Terminal {
  /// The stream for progress: none with `--quiet`, and no terminal with `--json` (a log keeps its lines).
  package func progress(for arguments: Arguments) -> TextStream? {
    let isDocument = arguments[CommonOptions.json] && error.features.isTerminal
    return arguments[CommonOptions.quiet] || isDocument ? nil : error
  }
}
