import Foundation
import Synchronization

/// Signals that end the tool: Ctrl-C (SIGINT), SIGTERM from `kill` and from a shutdown, SIGHUP from a closed
/// terminal. The first one asks a run to stop at the next step, the second one ends the process.
package enum Interruption {
  fileprivate static let signals = [SIGINT, SIGTERM, SIGHUP]
  /// The number of the first signal; 0 for none.
  private static let received = Atomic<Int32>(0)
  /// The descriptor that shows a progress line; -1 for none.
  private static let lineDescriptor = Atomic<Int32>(-1)

  /// Whether a signal was received.
  package static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit status after a signal: 128 plus its number, as in a shell.
  package static var status: ExitStatus {
    let signal = received.load(ordering: .relaxed)
    return ExitStatus(code: 128 + (signal == 0 ? SIGINT : signal))
  }

  /// Requests a stop, as a signal does.
  /// - Returns: whether it is the first request.
  @discardableResult package static func request(_ signal: Int32 = SIGINT) -> Bool {
    received.compareExchange(expected: 0, desired: signal, ordering: .relaxed).exchanged
  }

  /// Clears a request.
  package static func reset() { received.store(0, ordering: .relaxed) }

  /// Runs `body` with a handler for the signals.
  ///
  /// The handler stores to an atomic and raises a second signal of another kind again; both are allowed in a
  /// signal handler. The system removes a handler when it is called (`SA_RESETHAND`), so that a second signal has
  /// its default behaviour and ends the process at once, whatever the program is doing.
  package static func watched(_ body: () throws -> Void) rethrows {
    // The first use of a global initialises it, and must not happen within the handler.
    reset()
    var action = sigaction { signal in
      Interruption.eraseShownLine()
      if !Interruption.request(signal) { raise(signal) }
    }
    var watched = sigset_t()
    sigemptyset(&watched)
    var previous: [(signal: Int32, action: sigaction)] = []
    for signal in signals {
      var old = sigaction()
      sigaction(signal, nil, &old)
      // `nohup course train ...` is meant to outlive its terminal.
      if signal == SIGHUP, old.isIgnored { continue }
      sigaction(signal, &action, nil)
      previous.append((signal, old))
      sigaddset(&watched, signal)
    }
    defer { for var old in previous { sigaction(old.signal, &old.action, nil) } }
    // A parent may have started us with a signal blocked, as Foundation's Process does.
    pthread_sigmask(SIG_UNBLOCK, &watched, nil)
    try body()
  }

  /// Lets a signal erase the progress line on a descriptor before it ends the program; `nil` when the line has gone.
  static func eraseLine(on descriptor: Int32?) {
    guard lineDescriptor.exchange(descriptor ?? -1, ordering: .relaxed) == -1, descriptor != nil
    else { return }
    // The system removes the handler when it is called, so that the signal that is raised again ends the program.
    var action = sigaction { signal in
      Interruption.eraseShownLine()
      raise(signal)
    }
    for signal in signals {
      var old = sigaction()
      sigaction(signal, nil, &old)
      if old.isDefault { sigaction(signal, &action, nil) }
    }
  }

  /// Erases the progress line, within the handler of a signal.
  private static func eraseShownLine() {
    let descriptor = lineDescriptor.exchange(-1, ordering: .relaxed)
    guard descriptor >= 0 else { return }
    withUnsafeBytes(of: (0x0D, 0x1B, 0x5B, 0x4B) as (UInt8, UInt8, UInt8, UInt8)) {
      _ = write(descriptor, $0.baseAddress, $0.count)
    }
  }

  /// Turns the signals of a failed write into errors of the write: for a pipe without a reader, and for a file at
  /// its size limit.
  package static func ignoreSignalsOfWriting() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }
}

extension sigaction {
  /// A handler that the system removes when it is called (`SA_RESETHAND`). The other signals wait until it has
  /// returned: a second one would otherwise be taken for the first if it came before that was noted.
  fileprivate init(_ handler: @escaping @convention(c) (Int32) -> Void) {
    self.init()
    sigemptyset(&sa_mask)
    for signal in Interruption.signals { sigaddset(&sa_mask, signal) }
    // The two constants differ in type from system to system.
    sa_flags = Int32(truncatingIfNeeded: SA_RESTART) | Int32(truncatingIfNeeded: SA_RESETHAND)
    #if canImport(Darwin)
      __sigaction_u.__sa_handler = handler
    #else
      __sigaction_handler.sa_handler = handler
    #endif
  }

  /// Whether the process was started with the signal ignored.
  fileprivate var isIgnored: Bool { address == unsafeBitCast(SIG_IGN, to: Int.self) }

  /// Whether the signal has its default behaviour (`SIG_DFL`).
  fileprivate var isDefault: Bool { address == 0 }

  private var address: Int {
    #if canImport(Darwin)
      unsafeBitCast(__sigaction_u.__sa_handler, to: Int.self)
    #else
      unsafeBitCast(__sigaction_handler.sa_handler, to: Int.self)
    #endif
  }
}
