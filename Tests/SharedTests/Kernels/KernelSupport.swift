import CCourseKernels

/// The instruction sets that this machine runs. Tests go through all of them, by name: the default is
/// a process-wide choice, and tests run in parallel.
let instructionSets = ["avx512", "avx2", "neon", "portable"].filter { (name: String) in
  kernels_named(name) != nil
}

func kernelSet(_ name: String) -> UnsafePointer<CourseKernelSet> { kernels_named(name)! }

/// Counts and sizes below, at and above the vector widths (4, 8, 16), and where loops unroll.
let oddSizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 130, 257]

/// Numbers that repeat (SplitMix64), independent of the random numbers under test.
struct TestNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func flag() -> Bool { next() & 1 == 1 }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    let width = range.upperBound - range.lowerBound
    return (0..<count).map { _ in range.lowerBound + width * Float(next() >> 40) / 16_777_216 }
  }
}
