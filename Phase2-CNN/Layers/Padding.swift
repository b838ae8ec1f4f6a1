import Shared

/// The border around the input of a convolution or a pooling, which lets windows reach over the edge: zeros
/// for a convolution and an average, and places that never win for a maximum.
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
  /// Enough for `out = ⌈in / s⌉`, which is the size of the input for stride 1. The total is
  /// `max((⌈in / s⌉ − 1) s + extent − in, 0)`; the smaller half comes before the input ("SAME_UPPER" in
  /// Keras and ONNX). With an even kernel the two halves differ by one.
  case same
  /// Given amounts before and after each spatial axis: top and left, bottom and right.
  case explicit(before: [Int], after: [Int])

  /// Throws unless explicit amounts are one for each of `rank` axes and not negative.
  func check(rank: Int, of layer: String) throws {
    guard case .explicit(let before, let after) = self else { return }
    guard before.count == rank, after.count == rank,
      (before + after).allSatisfy({ (0...maximumSize).contains($0) })
    else {
      throw CourseError(
        .invalidArgument, "\(layer): padding out of range",
        expected: "\(rank) \(rank == 1 ? "amount" : "amounts") of at least 0 before and after",
        received: "\(before) and \(after)",
        remedy: "Give one amount for each spatial axis, or use .same or .valid.")
    }
  }

  /// The path of a window along axis number `axis` of an input with `input` places there.
  func window(
    axis: Int, input: Int, window: Int, stride: Int, dilation: Int = 1, of layer: String
  ) throws -> WindowAxis {
    guard input <= maximumSize else {
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
