import CCourseKernels
import CourseTestSupport
import Testing

/// Many values become one, along a row or along columns.
@Suite(.serialized, .watched) struct ReductionTests {
  @Test(arguments: instructionSets)
  func reduce(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 1)
    for count in oddSizes + [511, 1024, 1025, 5000] {
      let x = numbers.floats(count), y = numbers.floats(count)
      let sum = x.reduce(0.0) { $0 + Double($1) }
      let squares = x.reduce(0.0) { $0 + (Double($1) - 0.25) * (Double($1) - 0.25) }
      let dot = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let got = [
        set.pointee.reductions.reduce(kernelSum, x, count),
        set.pointee.reductions.sumSquaredDeviations(x, 0.25, count),
        set.pointee.reductions.dot(x, y, count), set.pointee.reductions.reduce(kernelMax, x, count),
        set.pointee.reductions.reduce(kernelMin, x, count),
      ]
      #expect(
        firstDifference(
          Array(got[..<3]), [sum, squares, dot], tolerance: 1e-6 * Double(count + 1).squareRoot())
          == nil, "\(name), count \(count)")
      #expect(
        got[3] == x.max() ?? -.infinity && got[4] == x.min() ?? .infinity, "\(name), count \(count)"
      )
    }
  }

  /// A running sum in single precision would be off by hundreds here.
  @Test(arguments: instructionSets)
  func sumsOfManyValuesStayExact(_ name: String) {
    let count = 1 << 20
    let x = [Float](repeating: 0.1, count: count)
    let exact = Double(Float(0.1)) * Double(count)
    let sum = kernelSet(name).pointee.reductions.reduce(kernelSum, x, count)
    #expect(abs(Double(sum) - exact) <= 1e-6 * exact, "\(name): expected \(exact), got \(sum)")
    var rows = [Float](repeating: 0, count: 2)
    kernelSet(name).pointee.reductions.reduceRows(kernelSum, x, 2, count / 2, 2, &rows)
    #expect(firstDifference(rows, [exact / 2, exact / 2], tolerance: 1e-6) == nil, "\(name)")
  }

  @Test(arguments: instructionSets)
  func aNaNAnywhereIsTheMaximumAndTheMinimum(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 2)
    for count in oddSizes where count > 0 {
      for place in Set([0, count / 3, count / 2, count - 1]) {
        var x = numbers.floats(count)
        x[place] = .nan
        #expect(
          set.pointee.reductions.reduce(kernelMax, x, count).isNaN, "\(name), \(place) of \(count)")
        #expect(
          set.pointee.reductions.reduce(kernelMin, x, count).isNaN, "\(name), \(place) of \(count)")
        #expect(set.pointee.reductions.argmax(x, count) == place, "\(name), \(place) of \(count)")
        #expect(
          set.pointee.reductions.firstNonFinite(x, count) == place, "\(name), \(place) of \(count)")
        x[place] = -.infinity
        #expect(
          set.pointee.reductions.firstNonFinite(x, count) == place, "\(name), \(place) of \(count)")
        #expect(
          set.pointee.reductions.reduce(kernelMin, x, count) == -.infinity,
          "\(name), \(place) of \(count)")
      }
    }
  }

  @Test(arguments: instructionSets)
  func argmaxIsTheFirstOfEqualMaxima(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 3)
    for count in oddSizes where count > 0 {
      for _ in 0..<10 {
        var x = numbers.floats(count)
        let first = numbers.below(count)
        x[first] = 2
        x[first + numbers.below(count - first)] = 2
        #expect(set.pointee.reductions.argmax(x, count) == first, "\(name), count \(count)")
        #expect(set.pointee.reductions.firstNonFinite(x, count) == count, "\(name), count \(count)")
      }
      let lowest = [Float](repeating: -.infinity, count: count)
      #expect(set.pointee.reductions.argmax(lowest, count) == 0, "\(name), all -infinity")
    }
  }

  @Test(arguments: instructionSets)
  func rows(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 4)
    for rows in [0, 1, 2, 31, 32, 33, 65, 130] {
      for columns in [0, 1, 3, 4, 10, 16, 17, 64, 75, 130] {
        let x = numbers.floats(rows * columns)
        for (reduction, start) in [
          (kernelSum, 0), (kernelMax, -Double.infinity), (kernelMin, .infinity),
        ] {
          var expected = [Double](repeating: start, count: columns)
          for r in 0..<rows {
            for c in 0..<columns {
              let value = Double(x[r * columns + c])
              switch reduction {
              case kernelSum: expected[c] += value
              case kernelMax: expected[c] = max(expected[c], value)
              default: expected[c] = min(expected[c], value)
              }
            }
          }
          var out = [Float](repeating: 77, count: columns + 1)
          set.pointee.reductions.reduceRows(reduction, x, columns, rows, columns, &out)
          #expect(
            firstDifference(out, expected + [77], tolerance: 1e-5) == nil,
            "reduceRows \(reduction.rawValue) on \(name), \(rows) x \(columns)")
        }
      }
    }
  }
}
