import Shared

/// A convolution once more, over places of the input instead of a padded copy, and with a mistake of choice:
/// what a student's code returns who makes it. Sums are in double precision.
///
/// Signals `[N, C, L]` count as images of height 1.
struct ConvolutionOracle {
  /// What goes wrong.
  enum Fault {
    case none
    /// The kernel is turned by 180°: a convolution in the mathematician's sense.
    case flippedKernel
    /// The kernel's axes are exchanged (square kernels only).
    case transposedKernel
    /// Windows begin at (y, x) and not at (y · stride, x · stride).
    case strideIgnored
    /// The kernel's places are neighbours.
    case dilationIgnored
    /// The first place of the input lies under the first place of the first window.
    case paddingIgnored
    /// The larger half of the padding is in front.
    case paddingMirrored
    /// Only the first input channel counts.
    case firstChannelOnly
    /// Only the last input channel counts.
    case lastChannelOnly
    /// Every group sees the channels of the first.
    case groupsIgnored
    /// The bias is added for each input channel.
    case biasForEachChannel
    /// Each share replaces the one before it.
    case assigned
    /// Only the last image counts.
    case lastImageOnly
    /// Divided by the batch size.
    case dividedByBatch
  }

  var x: Tensor
  var weights: Tensor
  var bias: Tensor?
  var stride = [1, 1], dilation = [1, 1], before = [0, 0], after = [0, 0]
  var groups = 1

  /// The values of the output and of the three gradients, each in its own shape.
  struct Result {
    var y: Tensor, dX: Tensor, dW: Tensor, db: Tensor
  }

  /// Forward and backward. Without `outputGradient`, that of a sum of all outputs.
  func callAsFunction(_ fault: Fault = .none, outputGradient: Tensor? = nil) -> Result {
    let isSignal = x.rank == 3
    func image(_ shape: [Int]) -> [Int] { isSignal ? [shape[0], shape[1], 1, shape[2]] : shape }
    let (xs, ws) = (image(x.shape), image(weights.shape))
    func axes(_ sizes: [Int], _ height: Int) -> [Int] { isSignal ? [height] + sizes : sizes }
    let (strides, dilations) = (axes(stride, 1), axes(dilation, 1))
    let pads = (axes(before, 0), axes(after, 0))
    let out = (0..<2).map { axis -> Int in
      let padded = pads.0[axis] + xs[2 + axis] + pads.1[axis]
      let extent = dilations[axis] * (ws[2 + axis] - 1) + 1
      return (padded - extent) / strides[axis] + 1
    }
    let (xv, wv) = (x.scalars, weights.scalars)
    let yShape = [xs[0], ws[0], out[0], out[1]]
    let gradients = outputGradient?.scalars ?? [Float](repeating: 1, count: yShape.reduce(1, *))
    var y = [Double](repeating: 0, count: gradients.count)
    var dX = [Double](repeating: 0, count: xv.count)
    var dW = [Double](repeating: 0, count: wv.count)
    var db = [Double](repeating: 0, count: ws[0])
    func add(_ share: Double, to sum: inout Double) {
      sum = fault == .assigned ? share : sum + share
    }

    /// The place of the input, along an axis, under place `k` of the kernel for an output place.
    func place(_ axis: Int, _ output: Int, _ k: Int) -> Int {
      let step = fault == .strideIgnored ? 1 : strides[axis]
      let spread = fault == .dilationIgnored ? 1 : dilations[axis]
      switch fault {
      case .paddingIgnored: return output * step + k * spread
      case .paddingMirrored: return output * step + k * spread - pads.1[axis]
      default: return output * step + k * spread - pads.0[axis]
      }
    }

    for index in y.indices {
      let (column, row) = (index % out[1], index / out[1] % out[0])
      let (o, n) = (index / (out[0] * out[1]) % ws[0], index / (out[0] * out[1] * ws[0]))
      let dZ = Double(gradients[index])
      let counts = fault != .lastImageOnly || n == xs[0] - 1
      if counts { add(dZ, to: &db[o]) }
      let group = fault == .groupsIgnored ? 0 : o / (ws[0] / groups)
      let b = Double(bias.map { $0[o] } ?? 0)
      y[index] = fault == .biasForEachChannel ? b * Double(ws[1]) : b
      for c in 0..<ws[1] {
        if fault == .firstChannelOnly, c > 0 { continue }
        if fault == .lastChannelOnly, c < ws[1] - 1 { continue }
        for i in 0..<ws[2] {
          for j in 0..<ws[3] {
            let input = (place(0, row, i), place(1, column, j))
            guard (0..<xs[2]).contains(input.0), (0..<xs[3]).contains(input.1) else { continue }
            let from = ((n * xs[1] + group * ws[1] + c) * xs[2] + input.0) * xs[3] + input.1
            var kernel = (i, j)
            if fault == .flippedKernel { kernel = (ws[2] - 1 - i, ws[3] - 1 - j) }
            if fault == .transposedKernel { kernel = (j, i) }
            let weight = ((o * ws[1] + c) * ws[2] + kernel.0) * ws[3] + kernel.1
            y[index] += Double(xv[from]) * Double(wv[weight])
            add(dZ * Double(wv[weight]), to: &dX[from])
            if counts { add(dZ * Double(xv[from]), to: &dW[weight]) }
          }
        }
      }
    }
    func tensor(_ shape: [Int], _ values: [Double]) -> Tensor {
      Tensor(
        shape: shape,
        scalars: values.map { Float(fault == .dividedByBatch ? $0 / Double(xs[0]) : $0) })
    }
    return Result(
      y: tensor(isSignal ? [yShape[0], yShape[1], yShape[3]] : yShape, y),
      dX: tensor(x.shape, dX), dW: tensor(weights.shape, dW), db: tensor([ws[0]], db))
  }
}

extension ConvolutionOracle {
  /// A convolution whose numbers come from PyTorch.
  init(_ numbers: ConvolutionNumbers) {
    self.init(x: numbers.x, weights: numbers.weights, bias: numbers.bias)
    (stride, dilation, groups) = (numbers.stride, numbers.dilation, numbers.groups)
    // PyTorch's order: the last axis first, for each axis before and after.
    let pads = numbers.pytorchPadding
    let axes = numbers.stride.indices.reversed().map { $0 * 2 }
    (before, after) = (axes.map { pads[$0] }, axes.map { pads[$0 + 1] })
  }
}
