import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

/// The cross-entropy of rows of scores against its formula in double precision, over row lengths around the
/// vector widths.
@Suite(.watched) struct CrossEntropyTests {
  @Test(arguments: instructionSets) func rowsMatchTheFormula(_ name: String) {
    var numbers = TestNumbers(seed: 21)
    let set = kernelSet(name).pointee
    for columns in oddSizes where columns > 0 {
      let rows = 5
      let x = numbers.floats(rows * columns, in: -20...20)
      // The third row does not count.
      let labels = (0..<rows).map { $0 == 2 ? -1 : numbers.below(columns) }
      var (shifts, logSums, losses) = ([Float](repeating: 9, count: rows + 1), x, x)
      logSums = shifts
      losses = shifts
      set.crossEntropy.forwardRows(x, labels, rows, columns, &shifts, &logSums, &losses)
      var gradient = [Float](repeating: 9, count: rows * columns + 1)
      set.crossEntropy.gradientRows(
        x, labels, shifts, logSums, 0.25, rows, columns, &gradient)

      var (wantedLosses, wantedGradient) = ([Double](), [Double]())
      for row in 0..<rows {
        let scores = x[(row * columns)..<((row + 1) * columns)].map(Double.init)
        let highest = scores.max() ?? 0
        let sum = scores.reduce(0) { $0 + exp($1 - highest) }
        let label = labels[row]
        wantedLosses.append(label < 0 ? 0 : log(sum) - (scores[label] - highest))
        for (column, score) in scores.enumerated() {
          let p = exp(score - highest) / sum
          wantedGradient.append(label < 0 ? 0 : 0.25 * (p - (column == label ? 1 : 0)))
        }
      }
      let loss = firstDifference(losses, wantedLosses + [9], tolerance: 2e-6)
      #expect(loss == nil, "losses on \(name), \(columns) columns: \(loss ?? "")")
      let slope = firstDifference(gradient, wantedGradient + [9], tolerance: 2e-6)
      #expect(slope == nil, "gradient on \(name), \(columns) columns: \(slope ?? "")")
    }
  }

  @Test(arguments: instructionSets) func notANumberStays(_ name: String) {
    let set = kernelSet(name).pointee
    for place in [0, 16, 18] {
      var x = [Float](repeating: 1, count: 19)
      x[place] = .nan
      var (shifts, logSums, losses): ([Float], [Float], [Float]) = ([0], [0], [0])
      set.crossEntropy.forwardRows(x, [3], 1, 19, &shifts, &logSums, &losses)
      #expect(losses[0].isNaN, "on \(name)")
    }
  }
}
