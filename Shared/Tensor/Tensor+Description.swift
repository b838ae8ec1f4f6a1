import Foundation

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
  /// The elements in brackets, as NumPy prints them; the middle of long axes is left out.
  ///
  ///     print(Tensor([[1, 2.5], [-3, 4]]))
  ///     // [[ 1.0,  2.5],
  ///     //  [-3.0,  4.0]]
  public var description: String {
    if shape.contains(0) { return rank == 1 ? "[]" : "[] (shape \(shape))" }
    // Up to this many elements are printed in full, else three at each end of an axis.
    let isShortened = count > 1000
    let edge = isShortened ? 3 : Int.max / 4
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
      let indent = String(repeating: " ", count: axis + 1)
      if axis == rank - 1 {
        // A long row goes on in further lines, below its first number.
        let perLine = Swift.max(1, (Tensor.lineWidth - rank) / (width + 2))
        let lines = stride(from: 0, to: parts.count, by: perLine).map { start in
          parts[start..<Swift.min(start + perLine, parts.count)].joined(separator: ", ")
        }
        return "[" + lines.joined(separator: ",\n" + indent) + "]"
      }
      let breaks = String(repeating: "\n", count: rank - axis - 1)
      return "[" + parts.joined(separator: "," + breaks + indent) + "]"
    }
    return text(axis: 0, offset: 0) + (isShortened ? " (shape \(shape))" : "")
  }

  /// The shape and the elements.
  public var debugDescription: String { "Tensor(shape: \(shape), \(description))" }

  private static let lineWidth = 80

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
    let finite = values.filter(\.isFinite)
    let sizes = finite.filter { $0 != 0 }.map { Swift.abs($0) }
    let (low, high) = (sizes.min() ?? 1, sizes.max() ?? 1)
    let notation = high >= 1e8 || low < 1e-4 || high / low > 1e6 ? "e" : "f"
    // As few digits as give every number back, so that whole numbers have no tail of zeros.
    let digits = (1...3).first { digits in
      finite.allSatisfy { Float(String(format: "%.\(digits)\(notation)", Double($0))) == $0 }
    }
    // The sign of a NaN means nothing, so it is not shown.
    return { $0.isNaN ? "nan" : String(format: "%.\(digits ?? 4)\(notation)", Double($0)) }
  }
}
