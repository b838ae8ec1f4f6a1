import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

@Suite(.watched) struct PhiloxTests {
  func words(key: UInt64, stream: UInt64, block: UInt64) -> [UInt32] {
    var out = [UInt32](repeating: 0, count: 4)
    kernels_philox(key, stream, block, &out)
    return out
  }

  /// The known answers that Random123, the authors' library, publishes for philox4x32-10.
  @Test func knownAnswers() {
    #expect(
      words(key: 0, stream: 0, block: 0) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(
      words(key: .max, stream: .max, block: .max)
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    // Digits of pi: counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0.
    #expect(
      words(key: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e, block: 0x85a3_08d3_243f_6a88)
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func uniformNumbersComeFromTheWords() {
    /// Draw number `place`, from one of the four words of its block.
    func draw(_ place: UInt64) -> Float {
      let word = words(key: 5, stream: 6, block: place / 4)[Int(place % 4)]
      return Float(word >> 8) / 16_777_216
    }
    var out = [Float](repeating: 0, count: 1000)
    kernels_random_uniform(5, 6, 3, 0, 1, &out, out.count)
    #expect(out == (3..<1003).map(draw))
    // The block's number carries into its upper half.
    let last: UInt64 = 4 * 0xFFFF_FFFE
    kernels_random_uniform(5, 6, last, 0, 1, &out, 64)
    #expect(Array(out.prefix(64)) == (last..<last + 64).map(draw))
  }

  /// Where a piece begins and how long it is changes nothing, so threads may share the work.
  @Test func piecesAreTheSameAsTheWhole() {
    var whole = [Float](repeating: 0, count: 700), normals = whole
    kernels_random_uniform(1, 2, 0, -3, 5, &whole, 700)
    kernels_random_normal(1, 2, 0, 1, 2, &normals, 700)
    for (first, count) in [(0, 1), (1, 1), (3, 6), (5, 260), (255, 2), (256, 444), (697, 3)] {
      var piece = [Float](repeating: 77, count: count + 1)
      kernels_random_uniform(1, 2, UInt64(first), -3, 5, &piece, count)
      #expect(piece == whole[first..<first + count] + [77], "uniform, \(count) from \(first)")
      kernels_random_normal(1, 2, UInt64(first), 1, 2, &piece, count)
      #expect(piece == normals[first..<first + count] + [77], "normal, \(count) from \(first)")
    }
  }

  @Test func uniformNumbersStayBelowTheirUpperEnd() {
    // Near 1e8 floats are 8 apart: rounding alone would give `high` again and again.
    for (low, high) in [
      (Float(0), Float(1)), (-1, 1), (1e8, 1e8 + 8), (-0x1p-149, 0x1p-149), (-3e38, 3e38),
    ] {
      var out = [Float](repeating: 0, count: 5000)
      kernels_random_uniform(3, 0, 0, low, high, &out, out.count)
      #expect(out.allSatisfy { $0 >= low && $0 < high }, "uniform in [\(low), \(high))")
    }
    var same: Float = 0
    kernels_random_uniform(3, 0, 0, 2, 2, &same, 1)
    #expect(same == 2)
  }

  /// Fixed seed, so there is no false alarm; the bounds are five standard deviations.
  @Test func momentsOfNormalNumbers() {
    let count = 100_000
    var x = [Float](repeating: 0, count: count)
    kernels_random_normal(11, 0, 0, 0, 1, &x, count)
    func moment(_ power: Int) -> Double {
      x.reduce(0.0) { sum, value in sum + pow(Double(value), Double(power)) } / Double(count)
    }
    let error = 5 / Double(count).squareRoot()
    #expect(abs(moment(1)) < error)
    #expect(abs(moment(2) - 1) < error * 2.0.squareRoot())
    #expect(abs(moment(3)) < error * 15.0.squareRoot())
    #expect(abs(moment(4) - 3) < error * 96.0.squareRoot())
  }

  /// Box-Muller in Foundation's double precision, from the words themselves.
  @Test func normalNumbersFollowBoxMuller() {
    var x = [Float](repeating: 0, count: 4000)
    kernels_random_normal(9, 8, 0, 0, 1, &x, x.count)
    var expected: [Double] = []
    for block in 0..<1000 {
      let words = words(key: 9, stream: 8, block: UInt64(block)).map(Double.init)
      for pair in [0, 2] {
        let radius = (-2 * log((words[pair] + 1) * 0x1p-32)).squareRoot()
        let angle = 2 * Double.pi * words[pair + 1] * 0x1p-32
        expected += [radius * cos(angle), radius * sin(angle)]
      }
    }
    #expect(firstDifference(x, expected, tolerance: 2e-7) == nil)
  }
}
