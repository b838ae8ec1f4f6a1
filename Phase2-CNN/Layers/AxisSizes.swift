import Shared

/// One size for all spatial axes, or one for each: `3` or `[3, 5]`.
///
///     Conv2D(inputChannels: 3, outputChannels: 8, kernelSize: [3, 5], stride: 2)
///
/// Literals are enough in most places; wrap a variable, `kernelSize: AxisSizes(size)`, or give a list,
/// `kernelSize: [size, size]`.
public struct AxisSizes: Sendable, Equatable {
  private enum Sizes: Equatable { case shared(Int), each([Int]) }
  private let sizes: Sizes

  /// The same size for each axis.
  public init(_ size: Int) { sizes = .shared(size) }

  /// A size for each axis, in the order of the input's spatial axes.
  public init(_ sizes: [Int]) { self.sizes = .each(sizes) }

  /// The sizes of `rank` axes.
  func sizes(rank: Int) -> [Int] {
    switch sizes {
    case .shared(let size): [Int](repeating: size, count: rank)
    case .each(let sizes): sizes
    }
  }
}

extension AxisSizes: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The same size for each axis: `3`.
  public init(integerLiteral size: Int) { self.init(size) }

  /// A size for each axis: `[3, 5]`.
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }
}

/// The largest size, stride, dilation or padding of a layer: far beyond use, far below overflow.
let maximumSize = 1 << 30

/// Throws unless there is one size of at least 1 for each of `rank` axes.
func checkAxes(_ sizes: [Int], _ name: String, rank: Int, of layer: String) throws {
  guard sizes.count == rank, sizes.allSatisfy({ (1...maximumSize).contains($0) }) else {
    throw CourseError(
      .invalidArgument, "\(layer): \(name) out of range",
      expected: rank == 1 ? "one number of at least 1" : "\(rank) numbers of at least 1",
      received: "\(sizes)",
      remedy: "Give one number for all spatial axes, or one for each of them.")
  }
}
