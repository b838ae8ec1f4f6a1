import Foundation

/// The memory that there is.
package enum SystemMemory {
  /// In place of the machine's, for tests.
  @TaskLocal package static var assumed: Double?

  /// The bytes of the machine, or of the container that the process runs in.
  package static var bytes: Double {
    if let assumed { return assumed }
    let physical = Double(ProcessInfo.processInfo.physicalMemory)
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
      .compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
      .compactMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    return limits.reduce(physical, Swift.min)
  }

  /// A number of bytes as a person says it: `34.4 GB`, `3.1 MB`.
  package static func text(_ bytes: Double) -> String {
    bytes < 1e9
      ? String(format: "%.1f MB", bytes / 1e6) : String(format: "%.1f GB", bytes / 1e9)
  }
}
