import Foundation
import Networks

/// The machine of a benchmark.
struct Machine: Encodable, Sendable {
  var processor: String
  var cores: Int
  var instructionSet: String
  /// The peak rate of one core in GFLOP/s: multiply-adds on registers, measured just before.
  var peakGigaflops: Double

  static func current() -> Machine {
    Machine(
      processor: processorName() ?? "unknown processor", cores: Parallelism.availableCores,
      instructionSet: Parallelism.instructionSet,
      peakGigaflops: Parallelism.measuredPeakGigaflops())
  }

  private static func processorName() -> String? {
    #if os(Linux)
      let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
      let line = text?.split(separator: "\n").first { $0.hasPrefix("model name") }
      return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    #else
      var size = 0
      guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else { return nil }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    #endif
  }

  /// The peak resident memory of this process, in bytes.
  static func peakMemory() -> Int {
    #if os(Linux)
      // Not getrusage, whose figure includes the parent process.
      let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      let kilobytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
      return (kilobytes ?? 0) * 1024
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }
}
