import Shared

/// A convolution once more, over places of the input instead of a padded copy, and with a mistake of choice:
/// what a student's code returns who makes it. Sums are in double precision.
///
/// Signals `[N, C, L]` count as images of height 1.
struct ConvolutionOracle: Sendable {
  var x: Tensor
  var weights: Tensor
  var bias: Tensor?
  var stride = [1, 1], dilation = [1, 1], before = [0, 0], after = [0, 0]
  var groups = 1

  /// The values of the output and of the three gradients, each in its own shape.
  struct Result {
    var y: Tensor, dX: Tensor, dW: Tensor, db: Tensor
  }

  private var isSignal: Bool { x.rank == 3 }
  private func image(_ shape: [Int]) -> [Int] {
    isSignal ? [shape[0], shape[1], 1, shape[2]] : shape
  }
  private func axes(_ sizes: [Int], ofHeightOne value: Int) -> [Int] {
    isSignal ? [value] + sizes : sizes
  }

  /// `[N, O, H', W']`, or `[N, O, L']`.
  var outputShape: [Int] {
    [x.shape[0], weights.shape[0]]
      + stride.indices.map { axis in
        let padded = before[axis] + x.shape[2 + axis] + after[axis]
        return (padded - dilation[axis] * (weights.shape[2 + axis] - 1) - 1) / stride[axis] + 1
      }
  }

  /// The place of the input, along an axis, under place `k` of the kernel for an output place.
  private func place(_ axis: Int, _ output: Int, _ k: Int, _ fault: ConvolutionFault) -> Int {
    let (strides, dilations) = (axes(stride, ofHeightOne: 1), axes(dilation, ofHeightOne: 1))
    let pads = (axes(before, ofHeightOne: 0), axes(after, ofHeightOne: 0))
    var (step, spread, front) = (strides[axis], dilations[axis], pads.0[axis])
    switch fault {
    case .strideMissing: step = 1
    case .strideMissingDown: step = axis == 0 ? 1 : step
    case .strideMissingRight: step = axis == 1 ? 1 : step
    case .stridesExchanged: step = strides[1 - axis]
    case .strideOfRows: step = strides[0]
    case .strideOfColumns: step = strides[1]
    case .strideOfKernelToo: spread = step
    case .dilationMissing: spread = 1
    case .dilationMissingDown: spread = axis == 0 ? 1 : spread
    case .dilationMissingRight: spread = axis == 1 ? 1 : spread
    case .dilationsExchanged: spread = dilations[1 - axis]
    case .dilationOfRows: spread = dilations[0]
    case .dilationOfColumns: spread = dilations[1]
    case .strideForDilation: (step, spread) = (spread, step)
    case .paddingMissing: front = 0
    case .paddingHalved: front = image(weights.shape)[2 + axis] / 2
    case .paddingMirrored: front = pads.1[axis]
    case .paddingExchanged: front = pads.0[1 - axis]
    default: break
    }
    return output * step + k * spread - front
  }

  /// Forward and backward. Without `outputGradient`, that of a sum of all outputs.
  func callAsFunction(_ fault: ConvolutionFault = .none, outputGradient: Tensor? = nil) -> Result {
    let (xs, ws, ys) = (image(x.shape), image(weights.shape), image(outputShape))
    let (xv, wv) = (x.scalars, weights.scalars)
    let gradients = outputGradient?.scalars ?? [Float](repeating: 1, count: ys.reduce(1, *))
    var y = [Double](repeating: 0, count: gradients.count)
    var dX = [Double](repeating: 0, count: xv.count)
    var dW = [Double](repeating: 0, count: wv.count)
    func add(_ share: Double, to sum: inout Double) {
      sum = fault == .assigned ? share : sum + share
    }

    for index in y.indices {
      let (column, row) = (index % ys[3], index / ys[3] % ys[2])
      let (o, n) = (index / (ys[3] * ys[2]) % ys[1], index / (ys[3] * ys[2] * ys[1]))
      let example = fault == .firstGradientForAll ? index % (y.count / ys[0]) : index
      let dZ = Double(gradients[example])
      let counts =
        switch fault {
        case .lastImageOnly: n == xs[0] - 1
        case .firstImageOnly: n == 0
        default: true
        }
      let group = fault == .groupsMissing ? 0 : o / (ws[0] / groups)
      let first = fault == .ownChannelOnly ? o : group * ws[1]
      if fault == .outputSquare, column >= ys[2] { continue }
      if fault == .outputChannelsMissing, o >= xs[1] { continue }
      var (sum, last) = (0.0, 0.0)
      for c in 0..<ws[1] where first + c < xs[1] {
        if fault == .firstChannelOnly, c > 0 { continue }
        if fault == .lastChannelOnly, c < ws[1] - 1 { continue }
        for i in 0..<ws[2] {
          if fault == .lastRowMissing, i == ws[2] - 1 { continue }
          for j in 0..<ws[3] {
            if fault == .lastColumnMissing, j == ws[3] - 1 { continue }
            var input = (place(0, row, i, fault), place(1, column, j, fault))
            if fault == .transposedImage { input = (input.1, input.0) }
            last = 0
            guard (0..<xs[2]).contains(input.0), (0..<xs[3]).contains(input.1) else { continue }
            let image = fault == .firstImageForAll ? 0 : n
            let from = ((image * xs[1] + first + c) * xs[2] + input.0) * xs[3] + input.1
            let weight = weightIndex(o, c, i, j, ws, fault)
            last = Double(xv[from]) * Double(wv[weight])
            sum += last
            guard counts else { continue }
            let w = fault == .weightMissing ? 1 : Double(wv[weight])
            if fault != .lastKernelOnly || (o == ws[0] - 1 && n == xs[0] - 1) {
              add(dZ * w, to: &dX[from])
            }
            let gradient = fault == .weightForGradient ? Double(wv[weight]) : dZ
            add(gradient * (fault == .elementMissing ? 1 : Double(xv[from])), to: &dW[weight])
          }
        }
      }
      let isTurned = fault == .transposedOutput && ys[2] == ys[3]
      let output = isTurned ? index + (column - row) * (ys[3] - 1) : index
      if counts { y[output] = forward(sum, last, o, ws, fault) }
    }
    let scale: Double =
      switch fault {
      case .dividedByBatch: 1 / Double(xs[0])
      case .twice: 2
      case .negated: -1
      default: 1
      }
    func gradient(_ shape: [Int], _ values: [Double]) -> Tensor {
      Tensor(shape: shape, scalars: values.map { Float($0 * scale) })
    }
    let db = biasGradient(gradients.map(Double.init), ys, ws, fault)
    return Result(
      y: Tensor(shape: outputShape, scalars: y.map { Float($0) }), dX: gradient(x.shape, dX),
      dW: gradient(weights.shape, dW), db: gradient([ws[0]], db))
  }

  private func weightIndex(
    _ o: Int, _ c: Int, _ i: Int, _ j: Int, _ ws: [Int], _ fault: ConvolutionFault
  ) -> Int {
    var (first, second, row, column) = (o, c, i, j)
    switch fault {
    case .flipped: (row, column) = (ws[2] - 1 - i, ws[3] - 1 - j)
    case .flippedDown: row = ws[2] - 1 - i
    case .flippedRight: column = ws[3] - 1 - j
    case .transposedKernel where ws[2] == ws[3]: (row, column) = (j, i)
    case .channelsExchanged where ws[0] == ws[1]: (first, second) = (c, o)
    default: break
    }
    return ((first * ws[1] + second) * ws[2] + row) * ws[3] + column
  }

  /// One element of the output.
  private func forward(
    _ sum: Double, _ last: Double, _ o: Int, _ ws: [Int], _ fault: ConvolutionFault
  ) -> Double {
    let b = Double(bias.map { $0[fault == .biasOfTheFirst ? 0 : o] } ?? 0)
    return switch fault {
    case .lastProductOnly: last
    case .mean: (sum + b) / Double(ws[2] * ws[3])
    case .biasMissing: sum
    case .biasSubtracted: sum - b
    case .biasForEachChannel: sum + b * Double(ws[1])
    case .biasForEachPlace: sum + b * Double(ws[2] * ws[3])
    default: sum + b
    }
  }

  private func biasGradient(
    _ dZ: [Double], _ ys: [Int], _ ws: [Int], _ fault: ConvolutionFault
  ) -> [Double] {
    let area = ys[2] * ys[3]
    /// The sum over the places of each image and channel.
    let sums = (0..<(ys[0] * ys[1])).map { plane in
      dZ[(plane * area)..<((plane + 1) * area)].reduce(0, +)
    }
    let images =
      switch fault {
      case .firstImageOnly: 0..<1
      case .lastImageOnly: (ys[0] - 1)..<ys[0]
      default: 0..<ys[0]
      }
    return (0..<ys[1]).map { o in
      let sum = images.reduce(0) { total, n in
        total + sums[(fault == .firstGradientForAll ? 0 : n) * ys[1] + o]
      }
      return switch fault {
      case .biasAssigned: dZ[(ys[0] - 1) * ys[1] * area + o * area + area - 1]
      case .biasMeanOfPlaces: sum / Double(area)
      case .biasDividedByBatch: sum / Double(ys[0])
      case .biasOverAllChannels: sums.reduce(0, +)
      case .biasForEachChannel: sum * Double(ws[1])
      case .biasForEachPlace: sum * Double(ws[2] * ws[3])
      default: sum
      }
    }
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
