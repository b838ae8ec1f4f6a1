import CourseCommandLine
import Networks

/// `course bench`
enum BenchCommand: Command {
  private static let threads = Option(
    "threads", .integer(in: 1...1024), "number of threads (default: 1, then all cores)")
  private static let seconds = Option(
    "seconds", .positive(upTo: 600), "duration of each measurement"
  ).defaulting(to: Float(1))

  static let description = CommandDescription(
    name: "bench", abstract: "Benchmark typical workloads on this machine.",
    discussion: """
      Prints the median time of each workload with its quartiles, the rate in GFLOP/s,
      and that rate as a fraction of the processor's peak. (The operation count of a
      convolution is that of its definition; faster algorithms can exceed the peak.)

      \(workloadList)

      Run it on an idle machine and in a release build; debug builds are refused.
      Benchmarks/compare_pytorch.py compares with PyTorch.
      """,
    operands: [Operand("WORKLOAD", .optional, "one of the workloads below (default: all)")],
    options: [threads, seconds, CommonOptions.quiet])

  private static var workloadList: String {
    Workload.groups.map { group in
      ([group.title]
        + group.workloads.map { "  \($0.name.padded(right: 19))\($0.description)" })
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  struct Record: Encodable {
    var machine: Machine
    var measurements: [Measurement]
    /// The peak resident memory of the process, in bytes.
    var peakMemory: Int
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let workloads = try chosenWorkloads(arguments.operands.first)
    guard !isDebugBuild else {
      throw CourseError(
        .invalidArgument, "benchmarks require a release build", expected: "a release build",
        received: "a debug build", remedy: "Run: swift run -c release course bench")
    }
    let isJSON = arguments[CommonOptions.json]
    let machine = Machine.current()
    if !isJSON {
      terminal.output.line(
        "\(machine.processor), \(machine.cores) cores, \(machine.instructionSet), "
          + "peak \(fixed(machine.peakGigaflops, 0)) GFLOP/s per core\n")
      terminal.output.line(
        row("workload", "threads", "median", "quartiles", "GFLOP/s", "of peak"))
    }
    let counts = arguments[threads].map { [$0] } ?? Array(Set([1, machine.cores])).sorted()
    var measurements: [Measurement] = []
    let previous = Parallelism.threadCount
    defer { Parallelism.threadCount = previous }
    let progress = ProgressLine(
      "measuring", total: workloads.count * counts.count, on: terminal.progress(for: arguments))
    defer { progress.clear() }
    for workload in workloads {
      for count in counts {
        Parallelism.threadCount = count
        progress.show(
          measurements.count, title: "\(workload.name), \(counted(count, "thread"))")
        let result = try Measurement.take(
          workload, seconds: Double(arguments[seconds]), peak: machine.peakGigaflops)
        measurements.append(result)
        progress.clear()
        if !isJSON { terminal.output.line(row(result)) }
      }
    }
    let memory = Machine.peakMemory()
    if isJSON {
      return try terminal.output.json(
        Record(machine: machine, measurements: measurements, peakMemory: memory))
    }
    terminal.output.line("\npeak memory of the process \(memory >> 20) MB")
  }

  private static func chosenWorkloads(_ name: String?) throws -> [Workload] {
    guard let name else { return Workload.all }
    let found = Workload.all.filter { $0.name == name }
    guard found.isEmpty else { return found }
    throw UsageError(
      "unknown workload '\(name)'."
        + didYouMean(suggestions(for: name, among: Workload.all.map(\.name)))
        + "\n  Expected \(Workload.all.map(\.name).joined(separator: ", "))",
      command: "bench")
  }

  private static func row(_ result: Measurement) -> String {
    row(
      result.workload, "\(result.threads)", timeText(result.median),
      "\(timeText(result.lowerQuartile)) - \(timeText(result.upperQuartile))",
      fixed(result.gigaflops, 1), "\(fixed(result.fractionOfPeak * 100, 0)) %")
  }

  private static func row(_ cells: String...) -> String {
    zip(cells, [19, 8, 11, 23, 9, 9]).enumerated().map { column, cell in
      column > 0 ? cell.0.padded(left: cell.1) : cell.0.padded(right: cell.1)
    }.joined()
  }

  /// A time in a suitable unit.
  private static func timeText(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-3: "\(fixed(seconds * 1e6, 1)) µs"
    case ..<1: "\(fixed(seconds * 1e3, 2)) ms"
    default: "\(fixed(seconds, 2)) s"
    }
  }
}
