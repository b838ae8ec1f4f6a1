import CCourseKernels

/// The kernels of this processor, chosen once.
// An immutable table of C functions, which the compiler cannot know to be safe to share.
nonisolated(unsafe) let kernels = kernels_default().pointee

// MARK: - Broadcasting

extension Tensor {
  /// `a OP b` with NumPy's broadcasting: axes are aligned from the last one on, and an axis of size 1
  /// (or a missing one) is repeated.
  static func elementwise(
    _ operation: CourseBinary, _ a: Tensor, _ b: Tensor, name: StaticString
  ) -> Tensor {
    if a.shape == b.shape {
      return Tensor(shape: a.shape) { out in
        a.read { x in
          b.read { y in
            forEachChunk(of: a.count) { start, count in
              kernels.elementwise.binary(operation, x + start, 1, y + start, 1, out + start, count)
            }
          }
        }
      }
    }
    guard let shape = broadcastShape(a.shape, b.shape) else {
      stop(
        "Tensor \(name)", expected: "shapes that broadcast together",
        received: "\(a.shape) and \(b.shape)")
    }
    let plan = BroadcastPlan(shape: shape, left: a.shape, right: b.shape)
    return Tensor(shape: shape) { out in
      a.read { x in
        b.read { y in
          plan.forEachRun { position, left, right in
            kernels.elementwise.binary(
              operation, x + left, plan.leftStride, y + right, plan.rightStride, out + position,
              plan.run)
          }
        }
      }
    }
  }

  static func elementwise(_ operation: CourseBinary, _ a: Tensor, _ b: Float) -> Tensor {
    Tensor(shape: a.shape) { out in
      a.read { x in
        withUnsafePointer(to: b) { y in
          forEachChunk(of: a.count) { start, count in
            kernels.elementwise.binary(operation, x + start, 1, y, 0, out + start, count)
          }
        }
      }
    }
  }

  static func elementwise(_ operation: CourseBinary, _ a: Float, _ b: Tensor) -> Tensor {
    Tensor(shape: b.shape) { out in
      b.read { y in
        withUnsafePointer(to: a) { x in
          forEachChunk(of: b.count) { start, count in
            kernels.elementwise.binary(operation, x, 0, y + start, 1, out + start, count)
          }
        }
      }
    }
  }

  mutating func elementwiseInPlace(_ operation: CourseBinary, _ other: Tensor, name: StaticString) {
    if shape == other.shape {
      // One pass less than a copy that is then changed.
      guard isUnshared else {
        self = Self.elementwise(operation, self, other, name: name)
        return
      }
      let count = count
      other.read { y in
        write { x in
          forEachChunk(of: count) { start, length in
            kernels.elementwise.binary(operation, x + start, 1, y + start, 1, x + start, length)
          }
        }
      }
      return
    }
    guard broadcastShape(shape, other.shape) == shape else {
      stop(
        "Tensor \(name)", expected: "a right side that broadcasts to \(shape), as the left has",
        received: "\(other.shape)")
    }
    let plan = BroadcastPlan(shape: shape, left: shape, right: other.shape)
    other.read { y in
      write { x in
        plan.forEachRun { position, left, right in
          kernels.elementwise.binary(
            operation, x + left, plan.leftStride, y + right, plan.rightStride, x + position,
            plan.run)
        }
      }
    }
  }

  mutating func elementwiseInPlace(_ operation: CourseBinary, _ other: Float) {
    let count = count
    withUnsafePointer(to: other) { y in
      write { x in
        forEachChunk(of: count) { start, length in
          kernels.elementwise.binary(operation, x + start, 1, y, 0, x + start, length)
        }
      }
    }
  }
}

/// The shape that two shapes broadcast to, or `nil` when they do not fit.
func broadcastShape(_ left: [Int], _ right: [Int]) -> [Int]? {
  var shape: [Int] = []
  for axis in (0..<max(left.count, right.count)).reversed() {
    let l = axis < left.count ? left[left.count - 1 - axis] : 1
    let r = axis < right.count ? right[right.count - 1 - axis] : 1
    guard l == r || l == 1 || r == 1 else { return nil }
    shape.append(l == 1 ? r : l)
  }
  return shape
}

/// Splits a broadcast operation into the longest runs in which each operand either advances by one
/// element or stays where it is, which are the two cases that the kernels know.
struct BroadcastPlan {
  /// The length of a run, and how far each operand moves from one of its elements to the next.
  private(set) var run = 1
  private(set) var leftStride = 0
  private(set) var rightStride = 0
  // The axes in front of the run, outermost first.
  private var sizes: [Int] = []
  private var leftStrides: [Int] = []
  private var rightStrides: [Int] = []

  init(shape: [Int], left: [Int], right: [Int]) {
    let leftAll = BroadcastPlan.strides(of: left, in: shape)
    let rightAll = BroadcastPlan.strides(of: right, in: shape)
    var axis = shape.count - 1
    while axis >= 0 {
      if shape[axis] != 1 {
        let l = leftAll[axis] == 0 ? 0 : 1
        let r = rightAll[axis] == 0 ? 0 : 1
        if run == 1 {
          (leftStride, rightStride) = (l, r)
        } else if l != leftStride || r != rightStride {
          break
        }
        run *= shape[axis]
      }
      axis -= 1
    }
    sizes = Array(shape[0..<(axis + 1)])
    leftStrides = Array(leftAll[0..<(axis + 1)])
    rightStrides = Array(rightAll[0..<(axis + 1)])
    if shape.contains(0) { run = 0 }
  }

  /// Element strides of an operand inside the common shape; 0 along repeated axes.
  private static func strides(of operand: [Int], in shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: shape.count)
    var stride = 1
    for axis in (0..<operand.count).reversed() {
      let place = axis + shape.count - operand.count
      strides[place] = operand[axis] == 1 ? 0 : stride
      stride *= operand[axis]
    }
    return strides
  }

  /// For each place of a shape, in row-major order, the places of two operands that broadcast to it.
  static func pairs(of shape: [Int], _ left: [Int], _ right: [Int]) -> [(left: Int, right: Int)] {
    let strides = (strides(of: left, in: shape), strides(of: right, in: shape))
    return Array(
      zip(
        rowOffsets(sizes: shape, strides: strides.0), rowOffsets(sizes: shape, strides: strides.1)))
  }

  /// Calls `body` with the offsets of each run in the output and in both operands.
  func forEachRun(_ body: (_ output: Int, _ left: Int, _ right: Int) -> Void) {
    guard run > 0 else { return }
    var index = [Int](repeating: 0, count: sizes.count)
    var (output, left, right) = (0, 0, 0)
    while true {
      body(output, left, right)
      output += run
      var axis = sizes.count - 1
      while axis >= 0 {
        index[axis] += 1
        left += leftStrides[axis]
        right += rightStrides[axis]
        if index[axis] < sizes[axis] { break }
        left -= leftStrides[axis] * sizes[axis]
        right -= rightStrides[axis] * sizes[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
