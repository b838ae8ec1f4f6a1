import CCourseKernels
import CourseTestSupport

/// A convolution with its operands, and its expected results by plain loops in double precision.
struct ConvolutionExample: CustomStringConvertible {
  var shape = CourseConvolution()
  var activation = kernelActivationIdentity
  var x: [Float] = [], weights: [Float] = [], bias: [Float] = [], dY: [Float] = []

  /// Terms of the longest sums: of y, of dX and of dW.
  var terms: (y: Int, dX: Int, dW: Int) {
    let s = shape
    let kernel = s.kernelHeight * s.kernelWidth
    return (
      s.inputChannels / s.groups * kernel + 1, s.outputChannels / s.groups * kernel,
      s.batch * s.outputHeight * s.outputWidth
    )
  }

  var description: String {
    let s = shape
    return """
      x [\(s.batch), \(s.inputChannels), \(s.inputHeight), \(s.inputWidth)], \
      y [\(s.outputChannels), \(s.outputHeight), \(s.outputWidth)], \
      kernel \(s.kernelHeight) x \(s.kernelWidth), stride \(s.strideY) \(s.strideX), \
      dilation \(s.dilationY) \(s.dilationX), padding \(s.padTop) \(s.padLeft), groups \(s.groups)
      """
  }

  init(_ shape: CourseConvolution, seed: UInt64) {
    self.shape = shape
    var numbers = TestNumbers(seed: seed)
    fill(&numbers)
  }

  /// Any mixture of the settings that the layers allow: even and oblong kernels, strides that do not divide, padding
  /// that differs from side to side, dilation, groups, one dimension. `largest` bounds the image's sides.
  init(random numbers: inout TestNumbers, largest: Int = 9) {
    let oneDimension = numbers.below(8) == 0
    shape.groups = numbers.below(3) == 0 ? 1 + numbers.below(3) : 1
    shape.batch = 1 + numbers.below(3)
    shape.inputChannels = shape.groups * (1 + numbers.below(4))
    shape.outputChannels = shape.groups * (1 + numbers.below(numbers.below(6) == 0 ? 20 : 4))
    (shape.kernelHeight, shape.kernelWidth) = (1 + numbers.below(4), 1 + numbers.below(5))
    (shape.strideY, shape.strideX) = (1 + numbers.below(3), 1 + numbers.below(3))
    if numbers.flag() { (shape.strideY, shape.strideX) = (1, 1) }
    (shape.dilationY, shape.dilationX) = (1 + numbers.below(2), 1 + numbers.below(2))
    var below = numbers.below(3)
    let right = numbers.below(3)
    (shape.padTop, shape.padLeft) = (numbers.below(3), numbers.below(3))
    (shape.inputHeight, shape.inputWidth) = (1 + numbers.below(largest), 1 + numbers.below(largest))
    if oneDimension {
      (shape.kernelHeight, shape.strideY, shape.padTop, shape.inputHeight) = (1, 1, 0, 1)
      shape.inputWidth += 40
      below = 0
    }
    let (extentY, extentX) = extents
    shape.inputHeight = max(shape.inputHeight, extentY - shape.padTop - below)
    shape.inputWidth = max(shape.inputWidth, extentX - shape.padLeft - right)
    shape.outputHeight = (shape.inputHeight + shape.padTop + below - extentY) / shape.strideY + 1
    shape.outputWidth = (shape.inputWidth + shape.padLeft + right - extentX) / shape.strideX + 1
    activation = [kernelActivationIdentity, kernelActivationReLU][numbers.below(2)]
    fill(&numbers)
  }

  private var extents: (Int, Int) {
    (
      (shape.kernelHeight - 1) * shape.dilationY + 1, (shape.kernelWidth - 1) * shape.dilationX + 1
    )
  }

  private mutating func fill(_ numbers: inout TestNumbers) {
    let s = shape
    x = numbers.floats(s.batch * s.inputChannels * s.inputHeight * s.inputWidth)
    weights = numbers.floats(
      s.outputChannels * (s.inputChannels / s.groups) * s.kernelHeight * s.kernelWidth)
    bias = numbers.floats(s.outputChannels)
    dY = numbers.floats(s.batch * s.outputChannels * s.outputHeight * s.outputWidth)
  }

  // MARK: Computed and expected

  struct Results: Equatable {
    var y: [Float], dX: [Float], dW: [Float]

    func sameBits(as other: Results) -> Bool {
      CourseTestSupport.sameBits(y, other.y) && CourseTestSupport.sameBits(dX, other.dX)
        && CourseTestSupport.sameBits(dW, other.dW)
    }
  }

  /// Outputs begin as NaN, which shows elements that are not written.
  func run(_ set: String, method: CourseConvolutionMethod = kernelConvolutionAutomatic) -> Results {
    var results = Results(
      y: Array(repeating: .nan, count: dY.count), dX: Array(repeating: .nan, count: x.count),
      dW: Array(repeating: .nan, count: weights.count))
    let set = kernelSet(set)
    var shape = shape
    kernels_convolution_forward_with(
      method, set, &shape, x, weights, bias, activation, &results.y)
    kernels_convolution_input_gradient_with(method, set, &shape, dY, weights, &results.dX)
    kernels_convolution_weight_gradient_with(method, set, &shape, x, dY, &results.dW)
    return results
  }

  func reference() -> (y: [Double], dX: [Double], dW: [Double]) {
    let s = shape
    let channels = s.inputChannels / s.groups, outputs = s.outputChannels / s.groups
    var y = [Double](repeating: 0, count: dY.count)
    var dX = [Double](repeating: 0, count: x.count)
    var dW = [Double](repeating: 0, count: weights.count)
    var at = 0
    for n in 0..<s.batch {
      for o in 0..<s.outputChannels {
        for i in 0..<s.outputHeight {
          for j in 0..<s.outputWidth {
            var sum = Double(bias[o])
            for c in 0..<channels {
              let plane = n * s.inputChannels + o / outputs * channels + c
              for p in 0..<s.kernelHeight {
                let row = i * s.strideY + p * s.dilationY - s.padTop
                if row < 0 || row >= s.inputHeight { continue }
                for q in 0..<s.kernelWidth {
                  let column = j * s.strideX + q * s.dilationX - s.padLeft
                  if column < 0 || column >= s.inputWidth { continue }
                  let k = (plane * s.inputHeight + row) * s.inputWidth + column
                  let w = ((o * channels + c) * s.kernelHeight + p) * s.kernelWidth + q
                  sum += Double(x[k]) * Double(weights[w])
                  dX[k] += Double(dY[at]) * Double(weights[w])
                  dW[w] += Double(dY[at]) * Double(x[k])
                }
              }
            }
            y[at] = activation == kernelActivationReLU ? max(sum, 0) : sum
            at += 1
          }
        }
      }
    }
    return (y, dX, dW)
  }

  /// The first difference in y, dX or dW, in words. `rounding` is the error of a sum of one term; it
  /// grows like the root of their number.
  func difference(
    _ got: Results, _ expected: (y: [Double], dX: [Double], dW: [Double]), rounding: Double = 4e-7
  ) -> String? {
    func tolerance(_ terms: Int) -> Double { rounding * (2 + Double(terms).squareRoot()) }
    if let d = firstDifference(got.y, expected.y, tolerance: tolerance(terms.y)) {
      return "y: " + d
    }
    if let d = firstDifference(got.dX, expected.dX, tolerance: tolerance(terms.dX)) {
      return "input gradient: " + d
    }
    return firstDifference(got.dW, expected.dW, tolerance: tolerance(terms.dW)).map {
      "weight gradient: " + $0
    }
  }
}

/// `side` x `side` with stride and dilation 1; the output is as large as the input unless paddings are given.
func squareConvolution(
  side: Int = 3, batch: Int, from inputChannels: Int, to outputChannels: Int, height: Int,
  width: Int, padTop: Int? = nil, padBelow: Int? = nil, padLeft: Int? = nil, padRight: Int? = nil
) -> CourseConvolution {
  let same = (side - 1) / 2
  let (top, left) = (padTop ?? same, padLeft ?? same)
  return CourseConvolution(
    batch: batch, inputChannels: inputChannels, inputHeight: height, inputWidth: width,
    outputChannels: outputChannels, outputHeight: height + top + (padBelow ?? same) - side + 1,
    outputWidth: width + left + (padRight ?? same) - side + 1, kernelHeight: side,
    kernelWidth: side, strideY: 1, strideX: 1, dilationY: 1, dilationX: 1, padTop: top,
    padLeft: left, groups: 1)
}
