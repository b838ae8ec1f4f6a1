/// How far a piece of work is: the units done, their rate, and the time that the rest will take.
package struct WorkProgress: Sendable {
  /// The number of units in all.
  package let total: Int
  /// The number of units done; not whole where a unit is done in parts.
  package private(set) var done: Double
  private let doneBefore: Double
  private let start: ContinuousClock.Instant
  private var latest: ContinuousClock.Instant

  /// - Parameter done: the units of an earlier run, which took no time in this one
  package init(total: Int, done: Double = 0, at start: ContinuousClock.Instant = .now) {
    (self.total, self.done, doneBefore) = (total, done, done)
    (self.start, latest) = (start, start)
  }

  /// Notes how much is done.
  package mutating func reach(_ done: Double, at now: ContinuousClock.Instant = .now) {
    (self.done, latest) = (done, now)
  }

  /// The part that is done, from 0 to 1.
  package var fraction: Double { total > 0 ? min(1, max(0, done / Double(total))) : 0 }

  /// The number of units per second; `nil` in the first moments, in which it says nothing.
  package var rate: Double? {
    let seconds = (latest - start) / .seconds(1)
    return seconds >= 0.1 && done > doneBefore ? (done - doneBefore) / seconds : nil
  }

  /// The seconds that the rest takes at this rate.
  package var secondsLeft: Double? { rate.map { max(0, Double(total) - done) / $0 } }
}
