import Foundation
import Synchronization

/// Ctrl-C: the first one asks a run to stop at the next step, the second one ends the process.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether somebody has asked to stop.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Asks to stop, as Ctrl-C does.
  static func request() { flag.store(true, ordering: .relaxed) }

  /// Forgets a request.
  static func reset() { flag.store(false, ordering: .relaxed) }

  /// Runs `body` with Ctrl-C setting the flag.
  ///
  /// The handler does nothing but store to an atomic, which is all that a signal handler may do. The
  /// system takes it away when it is called (`SA_RESETHAND`), so that the second Ctrl-C finds the usual
  /// behaviour and ends the process at once, whatever the program is doing.
  static func watched(_ body: () throws -> Void) rethrows {
    // The first use of a global initialises it, and must not happen within the handler.
    reset()
    var action = sigaction()
    sigemptyset(&action.sa_mask)
    // The two constants differ in type from system to system.
    action.sa_flags =
      Int32(truncatingIfNeeded: SA_RESTART) | Int32(truncatingIfNeeded: SA_RESETHAND)
    let handler: @convention(c) (Int32) -> Void = { _ in Interruption.request() }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
    var previous = sigaction()
    sigaction(SIGINT, &action, &previous)
    defer { sigaction(SIGINT, &previous, nil) }
    // A parent may have started us with the signal blocked, as Foundation's Process does.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    try body()
  }
}
