import Foundation

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
  /// The elements in brackets, as NumPy prints them; the middle of long axes is left out.
  ///
  ///     print(Tensor([[1, 2.5], [-3, 4]]))
  ///     // [[ 1.0,  2.5],
  ///     //  [-3.0,  4.0]]
  public var description: String {
    if shape.contains(0) { return "[] (shape \(shape))" }
    // Up to this many elements are printed in full, else three at each end of an axis.
    let edge = count > 1000 ? 3 : Int.max / 4
    let values = scalars
    let strides = strides
    var shown: [Float] = []
    Tensor.visit(shape[...], strides[...], edge: edge, offset: 0) { shown.append(values[$0]) }
    let format = Tensor.format(for: shown)
    let width = shown.map { format($0).count }.max() ?? 0

    func text(axis: Int, offset: Int) -> String {
      if axis == rank {
        let number = format(values[offset])
        return String(repeating: " ", count: width - number.count) + number
      }
      var parts: [String] = []
      for i in 0..<shape[axis] {
        if shape[axis] > 2 * edge && i == edge { parts.append("...") }
        if shape[axis] > 2 * edge && i >= edge && i < shape[axis] - edge { continue }
        parts.append(text(axis: axis + 1, offset: offset + i * strides[axis]))
      }
      let breaks = rank - axis - 1
      let separator =
        breaks == 0
        ? ", "
        : "," + String(repeating: "\n", count: breaks) + String(repeating: " ", count: axis + 1)
      return "[" + parts.joined(separator: separator) + "]"
    }
    return text(axis: 0, offset: 0) + (count <= 1000 ? "" : " (shape \(shape))")
  }

  /// The shape and the elements.
  public var debugDescription: String { "Tensor(shape: \(shape), \(description))" }

  private static func visit(
    _ shape: ArraySlice<Int>, _ strides: ArraySlice<Int>, edge: Int, offset: Int,
    _ body: (Int) -> Void
  ) {
    guard let size = shape.first, let stride = strides.first else { return body(offset) }
    for i in 0..<size where size <= 2 * edge || i < edge || i >= size - edge {
      visit(shape.dropFirst(), strides.dropFirst(), edge: edge, offset: offset + i * stride, body)
    }
  }

  /// One notation for all elements: fixed with up to four digits after the point, or scientific when
  /// that would hide small numbers or stretch large ones.
  private static func format(for values: [Float]) -> (Float) -> String {
    let sizes = values.filter { $0.isFinite && $0 != 0 }.map { Swift.abs($0) }
    let (low, high) = (sizes.min() ?? 1, sizes.max() ?? 1)
    if high >= 1e6 || low < 1e-4 || high / low > 1e6 {
      return { String(format: "%.4e", Double($0)) }
    }
    let digits = (1...4).first { digits in
      values.allSatisfy { value in
        let scale = Float(Foundation.pow(10, Double(digits)))
        return !value.isFinite || (value * scale).rounded() / scale == value
      }
    }
    return { String(format: "%.\(digits ?? 4)f", Double($0)) }
  }
}
