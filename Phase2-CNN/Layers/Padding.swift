import Shared

/// What is put around the input of a convolution or a pooling, so that windows can reach over its edge:
/// zeros for a convolution and an average, nothing that could win for a maximum.
///
/// For a window of k places with distance d, its extent is `d (k − 1) + 1`, and an axis of `in` places with
/// stride s has `out = ⌊(before + in + after − extent) / s⌋ + 1` output places.
///
///     try Conv2D(inputChannels: 1, outputChannels: 8, kernelSize: 3, padding: .same)
///       .outputShape(for: [1, 28, 28])   // [8, 28, 28]
///
/// PyTorch's `padding=1` is `.explicit(before: [1, 1], after: [1, 1])`.
public enum Padding: Codable, Sendable, Equatable {
  /// None: windows stay inside the input.
  case valid
  /// As much as it takes for `out = ⌈in / s⌉`, which is the size of the input for stride 1. The total is
  /// `max((⌈in / s⌉ − 1) s + extent − in, 0)`; the smaller half is in front ("SAME_UPPER", as Keras and
  /// ONNX have it). With an even kernel the two halves differ by one.
  case same
  /// Given amounts in front of and behind each spatial axis: top and left, bottom and right.
  case explicit(before: [Int], after: [Int])

  /// Throws unless explicit amounts are one for each of `rank` axes and not negative.
  func check(rank: Int, of layer: String) throws {
    guard case .explicit(let before, let after) = self else { return }
    guard before.count == rank, after.count == rank,
      (before + after).allSatisfy({ (0...maximalSize).contains($0) })
    else {
      throw CourseError(
        .invalidArgument, "\(layer): padding out of range",
        expected: "\(rank) \(rank == 1 ? "amount" : "amounts") of at least 0 before and after",
        received: "\(before) and \(after)",
        remedy: "Give one amount for each spatial axis, or use .same or .valid.")
    }
  }

  /// How a window slides along axis number `axis` of an input with `input` places there.
  func window(
    axis: Int, input: Int, window: Int, stride: Int, dilation: Int = 1, of layer: String
  ) throws -> WindowAxis {
    guard input <= maximalSize else {
      throw CourseError(
        .shapeMismatch, "\(layer): input too large",
        expected: "at most 2³⁰ places on spatial axis \(axis)", received: "\(input)")
    }
    let extent = dilation * (window - 1) + 1
    var (before, after) = (0, 0)
    switch self {
    case .valid: break
    case .same:
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + extent - input, 0)
      (before, after) = (total / 2, total - total / 2)
    case .explicit(let amountsBefore, let amountsAfter):
      (before, after) = (amountsBefore[axis], amountsAfter[axis])
    }
    guard input >= 1, extent <= before + input + after else {
      let dilated = dilation == 1 ? "" : " (\(window) places, dilation \(dilation))"
      throw CourseError(
        .shapeMismatch, "\(layer): window larger than its input",
        expected: "at least \(max(extent - before - after, 1)) places on spatial axis \(axis), "
          + "for a window of \(extent)\(dilated) and a padding of \(before + after)",
        received: "\(input)",
        remedy: "Use a smaller window, padding: .same, or fewer poolings and strides before it.")
    }
    return WindowAxis(
      input: input, window: window, stride: stride, dilation: dilation, before: before,
      after: after)
  }
}

/// One size for all spatial axes, or one for each: `3` or `[3, 5]`.
public protocol AxisSizes {
  /// The sizes of `rank` axes.
  func sizes(rank: Int) -> [Int]
}

extension Int: AxisSizes {
  /// The same size for each axis.
  public func sizes(rank: Int) -> [Int] { [Int](repeating: self, count: rank) }
}

extension [Int]: AxisSizes {
  /// The sizes themselves.
  public func sizes(rank: Int) -> [Int] { self }
}

/// The largest size, stride, dilation or padding of a layer: far beyond use, far below overflow.
let maximalSize = 1 << 30

/// Throws unless there is one size of at least 1 for each of `rank` axes.
func checkAxes(_ sizes: [Int], _ name: String, rank: Int, of layer: String) throws {
  guard sizes.count == rank, sizes.allSatisfy({ (1...maximalSize).contains($0) }) else {
    throw CourseError(
      .invalidArgument, "\(layer): \(name) out of range",
      expected: rank == 1 ? "one number of at least 1" : "\(rank) numbers of at least 1",
      received: "\(sizes)",
      remedy: "Give one number for all spatial axes, or one for each of them.")
  }
}
