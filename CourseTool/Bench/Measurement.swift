import Networks

/// The time of a workload, over many repetitions.
struct Measurement: Encodable, Sendable {
  var workload: String
  var threads: Int
  var repetitions: Int
  /// The median of a repetition's time, in seconds, and the quartiles around it.
  var median: Double
  var lowerQuartile: Double
  var upperQuartile: Double
  var gigaflops: Double
  /// The rate as a fraction of the peak of `threads` cores.
  var fractionOfPeak: Double

  /// Repeats a workload for at least `seconds` and at least five times, after a warm-up.
  ///
  /// The median, because other programs on the machine slow down single repetitions.
  static func take(
    _ workload: Workload, seconds: Double, peak: Double
  ) throws -> Measurement {
    let prepared = try workload.prepare()
    let work = prepared.work
    let clock = ContinuousClock()
    for _ in 0..<5 { work() }
    var times: [Double] = []
    let start = clock.now
    while times.count < 5 || (clock.now - start) / .seconds(1) < seconds {
      let before = clock.now
      work()
      times.append((clock.now - before) / .seconds(1))
    }
    times.sort()
    let median = times[times.count / 2]
    let rate = prepared.operations / median / 1e9
    let threads = Parallelism.threadCount
    return Measurement(
      workload: workload.name, threads: threads, repetitions: times.count, median: median,
      lowerQuartile: times[times.count / 4], upperQuartile: times[times.count * 3 / 4],
      gigaflops: rate, fractionOfPeak: rate / (peak * Double(threads)))
  }
}
