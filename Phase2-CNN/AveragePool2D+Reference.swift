import Shared

// Task 2.5: the mean of each window, and equal shares on the way back.
//
//     Y[n, c, y, x] = Σ X[n, c, row, column] / area, over the places of window (y, x)
//     dX[n, c, row, column] += dY[n, c, y, x] / area, for each place of window (y, x)
//
// The names and the ranges are those of task 2.4; `area` is below. The layer itself is in
// Layers/AveragePool2D.swift.

extension AveragePool2D {
  /// The mean of each window.
  func referenceForward(_ input: Tensor, _ geometry: PoolingGeometry) -> Tensor {
    // TODO(2.5): for each image, channel and output place, the sum over the window, divided by its area
    // (area below).
    // BEGIN SOLUTION
    var output = Tensor(zeros: geometry.outputShape)
    for n in 0..<geometry.batch {
      for c in 0..<geometry.channels {
        for y in 0..<geometry.rows.output {
          for x in 0..<geometry.columns.output {
            var sum: Float = 0
            for row in geometry.rows.inside(y) {
              for column in geometry.columns.inside(x) { sum += input[n, c, row, column] }
            }
            output[n, c, y, x] = sum / area(y, x, geometry)
          }
        }
      }
    }
    return output
    // END SOLUTION
  }

  /// `dX`.
  func referenceInputGradient(_ outputGradient: Tensor, _ geometry: PoolingGeometry) -> Tensor {
    // TODO(2.5): add dY[n, c, y, x] / area to every place of the window.
    // BEGIN SOLUTION
    var dX = Tensor(zeros: geometry.inputShape)
    for n in 0..<geometry.batch {
      for c in 0..<geometry.channels {
        for y in 0..<geometry.rows.output {
          for x in 0..<geometry.columns.output {
            let share = outputGradient[n, c, y, x] / area(y, x, geometry)
            for row in geometry.rows.inside(y) {
              for column in geometry.columns.inside(x) { dX[n, c, row, column] += share }
            }
          }
        }
      }
    }
    return dX
    // END SOLUTION
  }

  /// The divisor of the mean of window (y, x): the number of its places, with or without those in the
  /// padding.
  private func area(_ y: Int, _ x: Int, _ geometry: PoolingGeometry) -> Float {
    let (rows, columns) = (geometry.rows, geometry.columns)
    return configuration.countIncludePad
      ? Float(rows.window * columns.window)
      : Float(rows.inside(y).count * columns.inside(x).count)
  }
}
