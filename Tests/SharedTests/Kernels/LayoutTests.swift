import CCourseKernels
import CCourseKernels.Internal
import CourseTestSupport
import Testing

/// Functions that only move values: results are compared bit by bit.
@Suite(.watched) struct LayoutTests {
  @Test(arguments: instructionSets)
  func transpose(_ name: String) {
    var numbers = TestNumbers(seed: 1)
    for rows in [1, 3, 4, 8, 15, 16, 17, 33] {
      for columns in [1, 2, 4, 7, 16, 31, 63, 64, 65, 130] {
        for gap in [0, 5] {
          let leading = columns + gap
          let x = numbers.floats((rows - 1) * leading + columns)
          var out = [Float](repeating: 77, count: rows * columns + 1)
          kernelSet(name).pointee.layout.transpose(x, rows, columns, leading, &out)
          var expected: [Float] = []
          for c in 0..<columns {
            for r in 0..<rows { expected.append(x[r * leading + c]) }
          }
          expected.append(77)
          #expect(out == expected, "transpose on \(name), \(rows) x \(columns), leading \(leading)")
        }
      }
    }
  }

  /// Panels of `width` rows, depth-major, the last one filled up with zeros.
  @Test(arguments: instructionSets)
  func packing(_ name: String) {
    let set = kernelSet(name)
    var numbers = TestNumbers(seed: 2)
    for width in Set([set.pointee.rowTile, set.pointee.columnTile, 5]) {
      for count in [1, 4, 13, 14, 15, 32, 33, 70, 150] {
        for depth in [1, 3, 16, 17, 40] {
          let padded = (count + width - 1) / width * width
          for storedByRows in [true, false] {
            let leading = (storedByRows ? depth : count) + 2
            let x = numbers.floats((storedByRows ? count : depth) * leading)
            var expected = [Float](repeating: 0, count: padded * depth) + [77]
            for r in 0..<count {
              for k in 0..<depth {
                expected[r / width * width * depth + k * width + r % width] =
                  storedByRows ? x[r * leading + k] : x[k * leading + r]
              }
            }
            var panels = [Float](repeating: 77, count: padded * depth + 1)
            if storedByRows {
              tableOf(set).pointee.product.packRows(x, leading, count, depth, width, &panels)
            } else {
              tableOf(set).pointee.product.packColumns(x, leading, count, depth, width, &panels)
            }
            #expect(
              panels == expected,
              "packing on \(name), by rows \(storedByRows), width \(width), \(count) x \(depth)")
          }
        }
      }
    }
  }

  /// Any strides, against indexing one element at a time.
  @Test func stridedCopy() {
    func check(_ shape: [Int], _ strides: [Int], offset: Int = 0, _ words: String) {
      let count = shape.reduce(1, *)
      let x = (0..<3000).map(Float.init)
      var expected: [Float] = []
      for i in 0..<count {
        var rest = i, index = offset
        for d in shape.indices.reversed() {
          index += rest % shape[d] * strides[d]
          rest /= shape[d]
        }
        expected.append(x[index])
      }
      var out = [Float](repeating: -1, count: count + 1)
      x.withUnsafeBufferPointer {
        kernels_copy_strided($0.baseAddress! + offset, shape.count, shape, strides, &out)
      }
      #expect(out == expected + [-1], "\(words): shape \(shape), strides \(strides)")
    }
    check([], [], "a scalar")
    check([7], [1], "contiguous")
    check([7], [3], "every third")
    check([7], [-2], offset: 50, "backwards")
    check([5], [0], "one value, repeated")
    check([0, 3], [3, 1], "nothing")
    check([4, 0], [3, 1], "nothing")
    check([4, 5], [5, 1], "contiguous matrix")
    check([4, 5], [9, 1], "part of a matrix")
    check([37, 21], [1, 40], "transposed matrix")
    check([3, 37, 21], [800, 1, 37], offset: 3, "transposed matrices")
    check([2, 3, 4, 5], [60, 20, 5, 1], "contiguous, rank 4")
    check([5, 4, 3, 2], [1, 5, 20, 60], "reversed axes")
    check([2, 3, 4, 5], [0, 20, 0, 1], "broadcast")
    check([2, 1, 4, 1], [4, 999, 1, 999], "axes of length 1")
    check([3, 4], [-4, 1], offset: 8, "rows upside down")
    check([3, 4], [0, -1], offset: 8, "repeated backwards")
  }
}
