import CCourseKernels
import CourseTestSupport
import Testing

/// Convolution and its gradients by patches, against loops in double precision.
@Suite(.serialized, .watched) struct ConvolutionTests {
  @Test(arguments: 0..<8)
  func randomShapes(_ part: Int) {
    var numbers = TestNumbers(seed: UInt64(part))
    for round in 0..<40 {
      let example = ConvolutionExample(random: &numbers)
      let expected = example.reference()
      for name in instructionSets {
        let got = example.run(name, method: kernelConvolutionPatches)
        if let difference = example.difference(got, expected) {
          Issue.record("\(name), \(part)/\(round), \(example): \(difference)")
          return
        }
      }
    }
  }

  /// Widths around the vectors and the tile of 32 pixels, 1 x 1 kernels that read x in place, many
  /// outputs, sums longer than a block of k, a kernel as large as the image.
  @Test func sizesAroundTheBlocks() {
    var shapes: [CourseConvolution] = []
    for width in [1, 15, 16, 17, 31, 32, 33, 65] {
      shapes.append(squareConvolution(batch: 1, from: 2, to: 3, height: 2, width: width))
      var pointwise = squareConvolution(
        batch: 2, from: 3, to: 5, height: 2, width: width, padTop: 1, padLeft: 1)
      (pointwise.kernelHeight, pointwise.kernelWidth) = (1, 1)
      (pointwise.padTop, pointwise.padLeft) = (0, 0)
      shapes.append(pointwise)
    }
    for outputs in [13, 14, 15, 29, 33] {
      shapes.append(squareConvolution(batch: 1, from: 1, to: outputs, height: 3, width: 5))
    }
    shapes.append(squareConvolution(batch: 1, from: 45, to: 2, height: 3, width: 4))
    shapes.append(squareConvolution(batch: 1, from: 2, to: 45, height: 3, width: 4))
    var whole = squareConvolution(batch: 2, from: 2, to: 3, height: 6, width: 7)
    (whole.kernelHeight, whole.kernelWidth, whole.padTop, whole.padLeft) = (6, 7, 0, 0)
    (whole.outputHeight, whole.outputWidth) = (1, 1)
    shapes.append(whole)
    for (i, shape) in shapes.enumerated() {
      let example = ConvolutionExample(shape, seed: UInt64(i))
      let expected = example.reference()
      for name in instructionSets {
        let got = example.run(name, method: kernelConvolutionPatches)
        let difference = example.difference(got, expected)
        #expect(difference == nil, "\(name), \(example)")
      }
    }
  }

  /// From 16 channels on, images are read where they are, with masks at their edges, and of a stride of 2 the
  /// gradient's even and odd columns are joined; of 16 images, one after the other.
  @Test(arguments: [(1, 16, 2), (3, 17, 18), (16, 2, 16)])
  func imagesReadInPlace(_ batch: Int, _ inputs: Int, _ outputs: Int) {
    for (i, width) in [1, 2, 7, 8, 9, 16, 17, 33, 66].enumerated() {
      let (stride, padding, kernel) = (1 + i % 2, i % 4, 1 + i % 3)
      for (strideX, padLeft) in [(stride, padding), (3 - stride, 2), (2, 35)] {
        var shape = squareConvolution(
          batch: batch, from: inputs, to: outputs, height: batch == 3 ? 5 : 3, width: width)
        (shape.kernelHeight, shape.kernelWidth) = (min(kernel, 2), kernel)
        (shape.strideY, shape.strideX) = (stride, strideX)
        (shape.padTop, shape.padLeft) = (padding, padLeft)
        shape.outputHeight = (shape.inputHeight + padding - shape.kernelHeight) / stride + 1
        shape.outputWidth = max(0, width + padLeft + 1 - kernel) / strideX + 1
        let example = ConvolutionExample(shape, seed: UInt64(width))
        let expected = example.reference()
        for name in instructionSets {
          let got = example.run(name, method: kernelConvolutionPatches)
          let difference = example.difference(got, expected)
          #expect(difference == nil, "\(name), \(example)")
        }
      }
    }
  }

  /// Strides beyond the kernel leave inputs that no output sees: their gradient is zero.
  @Test func strideLargerThanTheKernel() {
    var shape = squareConvolution(batch: 2, from: 2, to: 3, height: 9, width: 11)
    (shape.kernelHeight, shape.kernelWidth, shape.padTop, shape.padLeft) = (1, 2, 0, 0)
    (shape.strideY, shape.strideX, shape.outputHeight, shape.outputWidth) = (3, 4, 3, 3)
    let example = ConvolutionExample(shape, seed: 1)
    let expected = example.reference()
    for name in instructionSets {
      #expect(example.difference(example.run(name), expected) == nil, "\(name)")
    }
  }

  /// Large enough for several boxes of pixels, blocks of channels and parts of the batch.
  @Test func theSameBitsOnAnyNumberOfThreads() {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    var strided = squareConvolution(batch: 5, from: 6, to: 7, height: 14, width: 12)
    (strided.strideY, strided.strideX) = (2, 2)
    (strided.outputHeight, strided.outputWidth) = (7, 6)
    var grouped = squareConvolution(batch: 2, from: 6, to: 9, height: 12, width: 13)
    grouped.groups = 3
    let shapes = [
      squareConvolution(batch: 1, from: 3, to: 10, height: 40, width: 30),
      squareConvolution(batch: 3, from: 30, to: 5, height: 8, width: 9), strided, grouped,
    ]
    for (i, shape) in shapes.enumerated() {
      let example = ConvolutionExample(shape, seed: UInt64(i))
      for name in instructionSets {
        kernels_set_thread_count(1)
        let single = example.run(name, method: kernelConvolutionPatches)
        for threads in [2, 3, 7] {
          kernels_set_thread_count(threads)
          let got = example.run(name, method: kernelConvolutionPatches)
          #expect(got.sameBits(as: single), "\(name), \(threads) threads, \(example)")
        }
      }
    }
  }

  @Test func aNaNReachesTheWindowsThatSeeItAndNothingElse() {
    var example = ConvolutionExample(
      squareConvolution(batch: 2, from: 2, to: 3, height: 6, width: 7), seed: 3)
    example.x[6 * 7 * 2 + 2 * 7 + 3] = .nan  // image 1, channel 0, row 2, column 3
    for name in instructionSets {
      let y = example.run(name, method: kernelConvolutionPatches).y
      for (i, value) in y.enumerated() {
        let (image, row, column) = (i / (3 * 42), i % 42 / 7, i % 7)
        let sees = image == 1 && abs(row - 2) <= 1 && abs(column - 3) <= 1
        #expect(value.isNaN == sees, "\(name): image \(image), row \(row), column \(column)")
      }
    }
  }

  @Test func everyActivationAndNoBias() {
    let shape = squareConvolution(batch: 1, from: 2, to: 3, height: 4, width: 5)
    var example = ConvolutionExample(shape, seed: 4)
    example.bias = [0, 0, 0]
    for name in instructionSets {
      var shape = shape
      example.activation = kernelActivationIdentity
      let linear = example.run(name).y
      for (activation, operation) in [
        (kernelActivationReLU, kernelReLU), (kernelActivationSigmoid, kernelSigmoid),
        (kernelActivationTanh, kernelTanh),
      ] {
        var expected = linear
        kernelSet(name).pointee.elementwise.unary(operation, linear, &expected, linear.count)
        var y = linear
        kernels_convolution_forward(
          kernelSet(name), &shape, example.x, example.weights, nil, activation, &y)
        #expect(sameBits(y, expected), "\(name), activation \(activation.rawValue)")
      }
    }
  }

  @Test func emptyBatch() {
    var shape = squareConvolution(batch: 0, from: 2, to: 3, height: 4, width: 5)
    var dW = [Float](repeating: 1, count: 54), y: [Float] = [7]
    kernels_convolution_weight_gradient(nil, &shape, y, y, &dW)
    kernels_convolution_forward(nil, &shape, y, dW, nil, kernelActivationIdentity, &y)
    #expect(dW.allSatisfy { $0 == 0 } && y == [7])
  }

  @Test func channelSums() {
    var numbers = TestNumbers(seed: 5)
    for (batch, channels, area) in [(1, 1, 1), (3, 5, 17), (2, 7, 100)] {
      let x = numbers.floats(batch * channels * area)
      var expected = [Double](repeating: 0, count: channels)
      for i in x.indices { expected[i / area % channels] += Double(x[i]) }
      for name in instructionSets {
        var sums = [Float](repeating: .nan, count: channels)
        kernels_channel_sums(kernelSet(name), x, batch, channels, area, &sums)
        let difference = firstDifference(sums, expected, tolerance: 1e-6 * Double(area))
        #expect(difference == nil, "\(name)")
      }
    }
  }
}
