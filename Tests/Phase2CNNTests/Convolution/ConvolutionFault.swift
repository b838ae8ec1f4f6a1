/// What goes wrong in convolutions, in the words in which a test tells it. `ConvolutionOracle` computes what
/// a layer returns that makes the mistake.
enum ConvolutionFault: String, CaseIterable, Sendable {
  case none = ""

  // MARK: Which weight meets which element

  case flipped = "the kernel is flipped: its first place belongs to the first place of the window"
  case flippedDown = "the kernel is flipped from top to bottom: W[0, ...] belongs to the upper row"
  case flippedRight =
    "the kernel is flipped from left to right: W[..., 0] belongs to the left column"
  case transposedKernel =
    "the kernel is transposed: weights[o, c, i, j], i goes down and j to the right"
  case transposedImage = "rows and columns of the image are exchanged: image[n, c, row, column]"
  case transposedOutput = "rows and columns of the output are exchanged: output[n, o, y, x]"
  case channelsExchanged = "input and output channels are exchanged: weights[o, c, i, j]"
  case lastRowMissing = "the last row of the kernel is left out: i in 0..<rows.window"
  case lastColumnMissing = "the end of the kernel is left out: j in 0..<columns.window"
  case lastProductOnly = "only the last product counts: add all products up (+=)"
  case mean = "it is a mean over the window: a convolution is a sum"

  // MARK: Where the window lies

  case strideMissing = "the stride is missing: window y begins at y · stride"
  case strideMissingDown = "the stride is missing on the way down: y * rows.stride"
  case strideMissingRight = "the stride is missing on the way to the right: x * columns.stride"
  case stridesExchanged =
    "the strides are exchanged: y * rows.stride goes down, x * columns.stride to the right"
  case strideOfRows = "the stride of the rows is taken for the columns as well: x * columns.stride"
  case strideOfColumns = "the stride of the columns is taken for the rows as well: y * rows.stride"
  case strideOfKernelToo =
    "the stride spreads the kernel, too: y · stride + i, not (y + i) · stride"
  case dilationMissing =
    "the dilation is missing: kernel place i lies i · dilation behind the first"
  case dilationMissingDown = "the dilation is missing on the way down: i * rows.dilation"
  case dilationMissingRight =
    "the dilation is missing on the way to the right: j * columns.dilation"
  case dilationsExchanged =
    "the dilations are exchanged: i * rows.dilation goes down, j * columns.dilation to the right"
  case dilationOfRows =
    "the dilation of the rows is taken for the columns as well: j * columns.dilation"
  case dilationOfColumns =
    "the dilation of the columns is taken for the rows as well: i * rows.dilation"
  case strideForDilation = "stride and dilation are exchanged: y · stride + i · dilation"
  case paddingMissing = "the padding in front is missing: the image begins behind `before` zeros"
  case paddingHalved =
    "the padding is misaligned: `before` places in front, which need not be half of the kernel"
  case paddingMirrored =
    "the padding is misaligned: `before` places in front and `after` behind, not the reverse"
  case paddingExchanged =
    "the padding of rows and columns is exchanged: rows.before is above the image"

  case outputSquare = "the last columns are left out: x in 0..<columns.output, and not rows.output"

  // MARK: Which of them are added up

  case firstChannelOnly = "only the first input channel counts: sum over all of them"
  case lastChannelOnly = "only the last input channel counts: sum over all of them"
  case outputChannelsMissing = "output channels are left out: o in 0..<geometry.outputChannels"
  case groupsMissing = "every group sees the channels of the first: add firstInputChannel(of: o)"
  case ownChannelOnly = "output channel o begins with input channel o: firstInputChannel(of: o) + c"
  case firstImageForAll = "the first image is taken for all images: image n in padded[n, ...]"
  case firstGradientForAll = "the gradient of the first image is taken for all: dZ[n, ...]"
  case firstImageOnly = "only the first image counts: sum over the batch"
  case lastImageOnly = "only the last image counts: sum over the batch, made of zeros once"
  case lastKernelOnly = "only the last output channel counts: sum over all, made of zeros once"

  // MARK: Bias

  case biasMissing = "the bias is missing: Y = X ∗ W + b"
  case biasSubtracted = "the bias is subtracted: Y = X ∗ W + b"
  case biasOfTheFirst = "every output channel has the bias of the first: bias[o]"
  case biasForEachChannel =
    "the bias is added once for each input channel: once for each output place"
  case biasForEachPlace =
    "the bias counts once for each place of the kernel: once for each output place"

  // MARK: Gradients

  case assigned = "shares are assigned instead of added: use +="
  case biasAssigned = "the bias gradient counts one place only: sum over images and places (+=)"
  case biasMeanOfPlaces = "the bias gradient is a mean: it is the sum over images and places"
  case biasDividedByBatch =
    "the bias gradient is divided by the batch size: the loss has averaged already"
  case biasOverAllChannels =
    "the bias gradient is summed over the output channels: each has its own"
  case dividedByBatch =
    "it is divided by the batch size: the loss has averaged already, no layer does"
  case twice = "it is added twice"
  case negated = "the sign is wrong: the optimizer subtracts the gradient, not the layer"
  case weightMissing = "the weight is missing: each place gets dZ · W, not dZ"
  case weightForGradient = "the weight takes the place of the gradient: dW gets dZ · X, not W · X"
  case elementMissing = "the element of the image is missing: dW gets dZ · X, not dZ"

  /// Whether it takes two axes to make the mistake.
  var needsTwoAxes: Bool {
    switch self {
    case .flippedDown, .flippedRight, .transposedKernel, .transposedImage, .transposedOutput,
      .lastRowMissing, .strideMissingDown, .strideMissingRight, .stridesExchanged, .strideOfRows,
      .strideOfColumns, .dilationMissingDown, .dilationMissingRight, .dilationsExchanged,
      .dilationOfRows, .dilationOfColumns, .paddingExchanged, .outputSquare:
      true
    default: false
    }
  }

  /// The mistakes that can be made with signals, or with images.
  static func mistakes(rank: Int) -> [ConvolutionFault] {
    allCases.filter { $0 != .none && (rank == 4 || !$0.needsTwoAxes) }
  }
}
