/// What goes wrong in poolings, in the words in which a test tells it. `PoolingOracle` computes what a layer
/// returns that makes the mistake.
enum PoolingFault: String, CaseIterable, Sendable {
  case none = ""

  // MARK: Gradients

  case assigned =
    "overlapping windows are assigned instead of added: dX[...] +=, since windows share places"
  case firstWindowOnly = "the first window counts and the others are dropped: add up"
  case twice = "the gradient is added twice"
  case dividedByBatch =
    "it is divided by the batch size: the loss has averaged already, no layer does"

  // MARK: Where the window lies

  case strideMissing =
    "window (y, x) begins at (y · stride, x · stride): rows.inside(y) has its rows"
  case windowForStride = "the window moves by its own size instead of the stride: rows.inside(y)"
  case axesExchanged = "rows and columns are exchanged: y and rows belong together, x and columns"
  case oneAxisTwice = "y is taken for x as well: rows.inside(y), columns.inside(x)"
  case paddingMissing = "the padding in front is missing: rows.inside(y) has the rows of window y"
  case firstImageForAll = "the first image is taken for all images: input[n, ...]"
  case firstImageOnly = "only the first image counts: go through all of them"
  case allChannels =
    "the window reaches through all channels: each channel has its own maximum and mean"

  // MARK: Maximum

  case minimum = "it is the minimum"
  case meanForMaximum = "it is the mean: take the maximum"
  case largestAmount = "the amounts are compared, without their signs: value > largest"
  case paddingWins = "the padding wins with its zeros: leave it out (rows.inside(y))"
  case startsAtZero =
    "the search begins at 0, so windows of negative numbers give 0: begin at -Float.infinity"
  case nanLost = "a NaN is lost: no comparison with it is true, so ask for value.isNaN as well"
  case keptBetweenWindows =
    "the largest of one window is kept for the next: start over for each window"

  case lastOfEqual = "the last of equal elements wins: compare with >, not with >="
  case everyOfEqual = "every one of equal elements gets the gradient: only the first does"
  case equalShare = "equal elements share the gradient: only the first gets it"
  case columnOrder = "the first column wins over the first row: go through the window row by row"
  case everyNewLargest =
    "each element that is the largest so far gets the gradient: add after the search, once"
  case wholeWindow = "the gradient goes to the whole window: only the winner gets it"
  case firstPlace = "the gradient goes to the first place of the window: find that of the maximum"
  case valueForGradient = "the winner's value is returned instead of dY"
  case placeInWindow =
    "the winner's place is counted from the corner of its window, not of the image"

  // MARK: Mean

  case sum = "it is the sum: divide by area(y, x, geometry)"
  case width = "it is divided by the width of the window instead of its area"
  case height = "it is divided by the height of the window instead of its area"
  case wholeInput = "it is divided by the size of the input instead of that of the window"
  case maximumForMean = "it is the maximum: take the mean"
  case lastElement = "it is the last element of the window: add all of them up (+=)"
  case paddingCounts =
    "the padding counts: without countIncludePad divide by the part inside the input (area)"
  case paddingLeftOut =
    "the padding is left out of the area: with countIncludePad divide by the whole window (area)"
  case areaExchanged = "rows and columns are exchanged: area(y, x, geometry)"
  case sumKept = "the sum of one window is kept for the next: start over for each window"
  case dividedTwice = "it is divided by the area twice"
  case timesArea = "it is multiplied by the area: divide by it"
  case onePlace = "only one place of the window gets its share"

  /// The mistakes that can be made with maxima, or with means.
  static func mistakes(isMaximum: Bool) -> [PoolingFault] {
    allCases.filter { fault in
      switch fault {
      case .none: false
      case .startsAtZero, .minimum, .meanForMaximum, .largestAmount, .paddingWins, .nanLost,
        .keptBetweenWindows, .lastOfEqual, .everyOfEqual, .equalShare, .columnOrder,
        .everyNewLargest, .wholeWindow, .firstPlace, .valueForGradient, .placeInWindow:
        isMaximum
      case .sum, .width, .height, .wholeInput, .maximumForMean, .lastElement,
        .paddingCounts, .paddingLeftOut, .areaExchanged, .sumKept, .dividedTwice, .timesArea,
        .onePlace:
        !isMaximum
      default: true
      }
    }
  }
}
