import Foundation
import Synchronization

/// Signals that ask the tool to end: Ctrl-C (SIGINT), SIGTERM of `kill` and of a machine that shuts down,
/// SIGHUP of a terminal that was closed. The first one asks a run to stop at the next step, the second one
/// ends the process.
enum Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]
  /// The number of the first signal; 0 for none.
  private static let received = Atomic<Int32>(0)

  /// Whether somebody has asked to stop.
  static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The status of a run that was asked to stop: 128 and the signal, as a shell reports it.
  static var status: ExitStatus {
    let signal = received.load(ordering: .relaxed)
    return ExitStatus(code: 128 + (signal == 0 ? SIGINT : signal))
  }

  /// Asks to stop, as a signal does.
  /// - Returns: whether it is the first one.
  @discardableResult static func request(_ signal: Int32 = SIGINT) -> Bool {
    received.compareExchange(expected: 0, desired: signal, ordering: .relaxed).exchanged
  }

  /// Forgets a request.
  static func reset() { received.store(0, ordering: .relaxed) }

  /// Runs `body` with the signals setting the flag.
  ///
  /// The handler stores to an atomic and, for a second signal of another kind, raises that one again:
  /// both are among what a signal handler may do. The system takes a handler away when it is called
  /// (`SA_RESETHAND`), so that the second signal finds the usual behaviour and ends the process at once,
  /// whatever the program is doing.
  static func watched(_ body: () throws -> Void) rethrows {
    // The first use of a global initialises it, and must not happen within the handler.
    reset()
    var action = sigaction()
    sigemptyset(&action.sa_mask)
    // The two constants differ in type from system to system.
    action.sa_flags =
      Int32(truncatingIfNeeded: SA_RESTART) | Int32(truncatingIfNeeded: SA_RESETHAND)
    let handler: @convention(c) (Int32) -> Void = { signal in
      if !Interruption.request(signal) { raise(signal) }
    }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
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

  /// Turns the signals that a failed write sends into the errors of the write: of a pipe without a
  /// reader, and of a file that reached the size that is allowed.
  static func ignoreSignalsOfWriting() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }
}

extension sigaction {
  /// Whether the process was started with the signal switched off.
  fileprivate var isIgnored: Bool {
    #if canImport(Darwin)
      let handler = __sigaction_u.__sa_handler
    #else
      let handler = __sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
