import Shared

// Task 2.4: the maximum of each window, and the way back to it.
//
//     Y[n, c, y, x] = max X[n, c, row, column] over the places of window (y, x)
//     dX[n, c, row, column] += dY[n, c, y, x], for the (first) place of the maximum
//
// n is the image, c the channel, (y, x) the output place. Window (y, x) lies in the rows
// `geometry.rows.inside(y)` and the columns `geometry.columns.inside(x)` of the input: two ranges, without the
// padding and never empty. The layer itself is in Layers/MaxPool2D.swift.

extension MaxPool2D {
  /// The largest element of each window.
  func referenceForward(_ input: Tensor, _ geometry: PoolingGeometry) -> Tensor {
    // TODO(2.4): for each image, channel and output place, the largest element of the window.
    // BEGIN SOLUTION
    var output = Tensor(zeros: geometry.outputShape)
    for n in 0..<geometry.batch {
      for c in 0..<geometry.channels {
        for y in 0..<geometry.rows.output {
          for x in 0..<geometry.columns.output {
            var largest = -Float.infinity
            for row in geometry.rows.inside(y) {
              for column in geometry.columns.inside(x) {
                let value = input[n, c, row, column]
                // A NaN wins: it would be lost otherwise, since no comparison with it is true.
                if value > largest || value.isNaN { largest = value }
              }
            }
            output[n, c, y, x] = largest
          }
        }
      }
    }
    return output
    // END SOLUTION
  }

  /// `dX`.
  func referenceInputGradient(
    _ outputGradient: Tensor, input: Tensor, _ geometry: PoolingGeometry
  ) -> Tensor {
    // TODO(2.4): go through each window again, row by row, and note where the largest element is (the first
    // of equal ones). Add dY[n, c, y, x] to that place of dX.
    // BEGIN SOLUTION
    var dX = Tensor(zeros: input.shape)
    for n in 0..<geometry.batch {
      for c in 0..<geometry.channels {
        for y in 0..<geometry.rows.output {
          for x in 0..<geometry.columns.output {
            let (rows, columns) = (geometry.rows.inside(y), geometry.columns.inside(x))
            var winner = (row: rows.lowerBound, column: columns.lowerBound)
            var largest = -Float.infinity
            for row in rows {
              for column in columns {
                let value = input[n, c, row, column]
                if value > largest || value.isNaN {
                  largest = value
                  winner = (row, column)
                }
              }
            }
            dX[n, c, winner.row, winner.column] += outputGradient[n, c, y, x]
          }
        }
      }
    }
    return dX
    // END SOLUTION
  }
}

extension WindowAxis {
  /// The input places that output place `place` of a pooling sees; the padding is left out.
  func inside(_ place: Int) -> Range<Int> {
    let start = place * stride - before
    return max(start, 0)..<min(start + window, input)
  }
}
