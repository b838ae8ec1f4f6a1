import CCourseKernels

/// The values that the cross-entropy of rows of scores keeps for its gradient.
package struct CrossEntropyPass: Sendable {
  /// The scores, `[..., C]`.
  let scores: Tensor
  /// The class of each row, negative where it does not count.
  let labels: [Int]
  /// The maximum of each row, and the logarithm of the sum of the exponentials above it.
  let shifts, logSums: Tensor
}

extension Tensor {
  /// The sum over the rows of `−ln p[label]`, where `p` is the softmax of a row of scores. Rows with a
  /// negative label do not count. The caller has made sure that labels are below the number of columns.
  package func softmaxCrossEntropy(labels: [Int]) -> (sum: Float, pass: CrossEntropyPass) {
    let columns = shape[rank - 1]
    let rows = labels.count
    var (shifts, logSums) = (Tensor(zeros: [rows]), Tensor(zeros: [rows]))
    let losses = Tensor(shape: [rows]) { losses in
      read { x in
        shifts.write { shifts in
          logSums.write { logSums in
            labels.withUnsafeBufferPointer { labels in
              guard let labels = labels.baseAddress else { return }
              forEachRows(rows, columns) { start, count in
                kernels.crossEntropy.forwardRows(
                  x + start * columns, labels + start, count, columns, shifts + start,
                  logSums + start, losses + start)
              }
            }
          }
        }
      }
    }
    return (
      losses.sum(), CrossEntropyPass(scores: self, labels: labels, shifts: shifts, logSums: logSums)
    )
  }
}

extension CrossEntropyPass {
  /// `scale (p − t)`, of the shape of the scores; 0 in rows that do not count.
  package func gradient(scale: Float) -> Tensor {
    let columns = scores.shape[scores.rank - 1]
    let rows = labels.count
    return Tensor(shape: scores.shape) { dX in
      scores.read { x in
        shifts.read { shifts in
          logSums.read { logSums in
            labels.withUnsafeBufferPointer { labels in
              guard let labels = labels.baseAddress else { return }
              forEachRows(rows, columns) { start, count in
                kernels.crossEntropy.gradientRows(
                  x + start * columns, labels + start, shifts + start, logSums + start, scale,
                  count, columns, dX + start * columns)
              }
            }
          }
        }
      }
    }
  }

  /// The number of rows that count.
  package var answerCount: Int { labels.count { $0 >= 0 } }
}

/// Calls `body` with pieces of `rows` of a fixed number of elements, on all threads.
private func forEachRows(
  _ rows: Int, _ columns: Int, _ body: (_ start: Int, _ count: Int) -> Void
) {
  let size = Swift.max(1, (1 << 14) / Swift.max(columns, 1))
  parallelFor((rows + size - 1) / size) { piece in
    body(piece * size, Swift.min(size, rows - piece * size))
  }
}
