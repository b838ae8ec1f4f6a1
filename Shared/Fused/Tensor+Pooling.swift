import CCourseKernels

/// The sizes of a pooling of images, or of signals, which are images of height 1.
package struct PoolingGeometry: Sendable, Equatable {
  /// The number of images N.
  package let batch: Int
  /// The number of channels C.
  package let channels: Int
  /// How the window slides down.
  package let rows: WindowAxis
  /// How the window slides to the right.
  package let columns: WindowAxis

  /// Collects the sizes.
  package init(batch: Int, channels: Int, rows: WindowAxis = .single, columns: WindowAxis) {
    self.batch = batch
    self.channels = channels
    self.rows = rows
    self.columns = columns
  }

  fileprivate var inputCount: Int { batch * channels * rows.input * columns.input }
  fileprivate var outputCount: Int { batch * channels * rows.output * columns.output }

  fileprivate var kernel: CoursePooling {
    CoursePooling(
      planes: batch * channels, inputHeight: rows.input, inputWidth: columns.input,
      outputHeight: rows.output, outputWidth: columns.output, windowY: rows.window,
      windowX: columns.window, strideY: rows.stride, strideX: columns.stride,
      padTop: rows.before, padLeft: columns.before)
  }
}

/// The place in its image from which each output of a max pooling comes.
package struct PoolingWinners: Sendable {
  // 32-bit indices in the memory of a tensor, so that the next step finds the same buffer again.
  fileprivate var places: Tensor
}

extension Tensor {
  /// The largest element of each window, `[N, C, ...]`, the first of equal ones; and, if asked, where it
  /// was. A NaN in the window wins.
  /// - Parameter shape: the shape of the result
  package func maxPooled(_ geometry: PoolingGeometry, shape: [Int], keepingWinners: Bool)
    -> (output: Tensor, winners: PoolingWinners?)
  {
    requireCounts("max pooling", (self, geometry.inputCount))
    var sizes = geometry.kernel
    var winners: PoolingWinners?
    let output = Tensor(shape: shape) { y in
      read { x in
        guard keepingWinners else { return kernels_max_pool(nil, &sizes, x, y, nil) }
        winners = PoolingWinners(
          places: Tensor(shape: shape) { places in
            places.withMemoryRebound(to: Int32.self, capacity: geometry.outputCount) {
              kernels_max_pool(nil, &sizes, x, y, $0)
            }
          })
      }
    }
    return (output, winners)
  }

  /// `dX` of a max pooling from `dY` (`self`): each element goes to the winner of its window, and adds up
  /// where one input place won several.
  package func maxPoolGradient(
    winners: PoolingWinners, _ geometry: PoolingGeometry, shape: [Int]
  ) -> Tensor {
    requireCounts("max pooling", (self, geometry.outputCount))
    var sizes = geometry.kernel
    return Tensor(shape: shape) { dX in
      read { dY in
        winners.places.read { places in
          places.withMemoryRebound(to: Int32.self, capacity: geometry.outputCount) {
            kernels_max_pool_gradient(nil, &sizes, dY, $0, dX)
          }
        }
      }
    }
  }

  /// The mean of each window.
  /// - Parameter countIncludesPadding: whether the zeros of the padding count as elements
  package func averagePooled(
    _ geometry: PoolingGeometry, countIncludesPadding: Bool, shape: [Int]
  ) -> Tensor {
    requireCounts("average pooling", (self, geometry.inputCount))
    var sizes = geometry.kernel
    return Tensor(shape: shape) { y in
      read { kernels_average_pool(nil, &sizes, countIncludesPadding, $0, y) }
    }
  }

  /// `dX` of an average pooling from `dY` (`self`).
  package func averagePoolGradient(
    _ geometry: PoolingGeometry, countIncludesPadding: Bool, shape: [Int]
  ) -> Tensor {
    requireCounts("average pooling", (self, geometry.outputCount))
    var sizes = geometry.kernel
    return Tensor(shape: shape) { dX in
      read { kernels_average_pool_gradient(nil, &sizes, countIncludesPadding, $0, dX) }
    }
  }
}
