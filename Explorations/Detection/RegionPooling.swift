import Shared

/// Cuts R regions out of the feature map of each image, by `RoIPool`: the layer between the convolutions of a detector,
/// which an image passes once, and the dense layers, which each region passes.
///
/// Computes `Y[n, r] = pool(F[n], b[n, r])`, as one row of numbers.
/// - `F`: features, `[N, C, H, W]`
/// - `b`: the side input "regions", `[N, R, 4]`: x1, y1, x2, y2 of each region, in pixels of the image; R is
///   `regions` in training, and any number in a `forward` pass
/// - `Y`: `[N, R, C · P · P]`, P bins on each side
///
/// Backward, the gradient of a bin goes to the place of its maximum, and adds up over the regions.
///
///     var network = NeuralNetwork(inputShape: [3, 64, 64], ...)
///     try network.append(ConvReLUPool(...))                                               // [8, 32, 32]
///     try network.append(RegionPooling(regions: 16, size: 3, imageSize: [64, 64]))        // [16, 72]
///     try network.append(Dense(outputSize: 64))                  // [16, 64]: the same for each region
///     try network.fit(images.with(sideInputs: ["regions": boxes]), ...)                   // [N, 16, 4]
///
/// - Errors: `fit`, `evaluate` and `predict` refuse regions that have no area or lie outside of the image.
/// - Complexity: O(N · R · C · (region's area)).
/// - Reference: Girshick (2015), "Fast R-CNN", *ICCV*, section 2.1.
public struct RegionPooling: Layer, TwoBodied {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// R, the number of regions of an image.
    public var regions: Int
    /// P, the number of bins on each side.
    public var size: Int
    /// Height and width of the image, in whose pixels regions are given.
    public var imageSize: [Int]

    /// Creates a configuration.
    public init(regions: Int, size: Int, imageSize: [Int]) {
      (self.regions, self.size, self.imageSize) = (regions, size, imageSize)
    }
  }

  /// "RegionPooling"
  public static let typeName = "RegionPooling"
  /// The name of the side input.
  public static let sideInput = "regions"
  /// The constructor arguments.
  public let configuration: Configuration
  /// Which body runs: `RoIPool`, or a kernel that computes the same.
  public var implementation = Implementation.fast
  private var boxes: Tensor?
  private var kept = Kept<Pass>()

  private enum Pass {
    case reference(RoIPool, shape: [Int])
    case kernel(RegionWinners, shape: [Int])
  }

  /// Creates the layer.
  /// - Parameters:
  ///   - regions: the number of regions of an image in training
  ///   - size: the number of bins on each side
  ///   - imageSize: height and width of the image, in whose pixels regions are given
  public init(regions: Int, size: Int, imageSize: [Int]) {
    self = orStop {
      try RegionPooling(configuration: .init(regions: regions, size: size, imageSize: imageSize))
    }
  }

  /// Creates the layer from its configuration; throws unless all sizes are at least 1.
  public init(configuration: Configuration) throws {
    let sizes = [configuration.regions, configuration.size] + configuration.imageSize
    guard configuration.imageSize.count == 2, sizes.allSatisfy({ (1...4096).contains($0) }) else {
      throw CourseError(
        .invalidArgument, "RegionPooling: size out of range",
        expected: "regions, bins, height and width from 1 to 4096", received: "\(sizes)")
    }
    self.configuration = configuration
  }

  // MARK: Passes

  /// `Y`, `[N, R, C · P · P]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard let boxes, input.rank == 4, boxes.shape[0] == input.shape[0] else {
      stop(
        "RegionPooling.forward",
        expected:
          "features [N, C, H, W], and regions of N images, which take(sideInputs:) hands over",
        received: "\(input.shape) and " + (boxes.map { "regions \($0.shape)" } ?? "no regions"))
    }
    let (size, scale) = (configuration.size, scale(of: input.shape))
    let (images, regions) = (boxes.shape[0], boxes.shape[1])
    let outputShape = [images, regions, input.shape[1] * size * size]
    if runsKernel {
      let (output, winners) = input.regionMaxPooled(
        boxes: boxes, size: size, scale: scale, keepingWinners: mode == .training)
      kept.clear()
      if let winners { kept.set(.kernel(winners, shape: output.shape), in: mode) }
      return output.reshaped(to: outputShape)
    }
    var pool = RoIPool(size: size, scale: scale)
    let output = pool.forward(input, regions: Self.regions(boxes), mode: mode)
    kept.set(.reference(pool, shape: output.shape), in: mode)
    return output.reshaped(to: outputShape)
  }

  /// The gradient of the features, `[N, C, H, W]`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    switch kept.take(for: Self.typeName) {
    case .reference(var pool, let shape): return pool.backward(reshaped(outputGradient, shape))
    case .kernel(let winners, let shape):
      return reshaped(outputGradient, shape).regionMaxPoolGradient(winners: winners)
    }
  }

  private func reshaped(_ gradient: Tensor, _ shape: [Int]) -> Tensor {
    guard gradient.count == shape.reduce(1, *) else {
      stop(
        "RegionPooling.backward", expected: "as many numbers as the output has, \(shape)",
        received: "\(gradient.shape)")
    }
    return gradient.reshaped(to: shape)
  }

  /// The size of a feature map `[..., H, W]` divided by that of the image.
  private func scale(of shape: [Int]) -> Float {
    Float(shape[shape.count - 1]) / Float(configuration.imageSize[1])
  }

  private static func regions(_ boxes: Tensor) -> [Region] {
    let edges = boxes.scalars
    return (0..<(edges.count / 4)).map { number in
      let box = Box(
        x1: edges[4 * number], y1: edges[4 * number + 1], x2: edges[4 * number + 2],
        y2: edges[4 * number + 3])
      return Region(image: number / boxes.shape[1], box: box)
    }
  }

  /// Both bodies, on regions of several sizes, that share pixels, and reach beyond the image.
  package static let agreement: Agreement = {
    var layer = RegionPooling(regions: 3, size: 2, imageSize: [10, 12])
    layer.boxes = Tensor([
      [[0, 0, 12, 10], [3, 2, 9, 7], [5, 5, 6, 6]],
      [[1, 1, 4, 9], [0, 4, 11, 6], [8, 0, 20, 3]],
    ])
    return agree(on: [(layer, Tensor(normal: [2, 2, 5, 6], key: RandomKey(seed: 5)))])
  }()

  // MARK: Shapes and checks

  /// `[R, C · P · P]`
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let (height, width) = (configuration.imageSize[0], configuration.imageSize[1])
    guard inputShape.count == 3, inputShape[1] * width == inputShape[2] * height else {
      throw CourseError(
        .shapeMismatch, "RegionPooling: features of another form than the image",
        expected: "[C, H, W] with H : W as \(height) : \(width)", received: "\(inputShape)",
        remedy: "Put it behind layers that make an image smaller by the same factor on both sides.")
    }
    return [configuration.regions, inputShape[0] * configuration.size * configuration.size]
  }

  /// The regions of one example, `[R, 4]`.
  public var sideInputShapes: [String: [Int]] { [Self.sideInput: [configuration.regions, 4]] }

  /// Takes the regions, `[N, R, 4]`; any number of them for each image.
  public mutating func take(sideInputs: [String: Tensor]) {
    guard let boxes = sideInputs[Self.sideInput], boxes.rank == 3, boxes.shape[2] == 4 else {
      stop(
        "RegionPooling", expected: "a side input \"\(Self.sideInput)\" of shape [N, R, 4]",
        received: sideInputs[Self.sideInput].map { "\($0.shape)" } ?? "none")
    }
    // Beyond that, the whole numbers of its pixels could overflow.
    guard boxes.count == 0 || abs(boxes).max() <= 1e6 else {
      stop(
        "RegionPooling", expected: "regions near the image",
        received: "a corner at \(boxes.scalars.first { !(abs($0) <= 1e6) } ?? .nan)")
    }
    self.boxes = boxes
  }

  /// Throws when a region has no area, or lies outside of the image.
  public func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {
    guard let boxes = sideInputs[Self.sideInput] else { return }
    let (height, width) = (Float(configuration.imageSize[0]), Float(configuration.imageSize[1]))
    let count = boxes.shape[1]
    try boxes.read { edges in
      for number in 0..<(boxes.count / 4) {
        let (x1, y1) = (edges[4 * number], edges[4 * number + 1])
        let (x2, y2) = (edges[4 * number + 2], edges[4 * number + 3])
        // Written so that NaN fails.
        guard x1 < x2, y1 < y2, x2 > 0, y2 > 0, x1 < width, y1 < height,
          max(-x1, -y1, x2, y2) <= 1e6
        else {
          throw CourseError(
            .invalidData, "a region without an area, or outside of the image",
            expected: "x1 < x2 and y1 < y2, in an image \(Int(width)) wide and \(Int(height)) high",
            received: "(\(x1), \(y1)) to (\(x2), \(y2))",
            location: "example \(firstExample + number / count), region \(number % count)",
            remedy: "Correct the box, or leave it out.")
        }
      }
    }
  }
}
