/// How a window slides along one axis of an image or a signal.
///
/// Output place `p` sees the input places `p · stride + i · dilation − before` for `i` below `window`;
/// those below 0 and from `input` on lie in the padding.
package struct WindowAxis: Sendable, Equatable {
  /// The number of input places.
  package let input: Int
  /// The number of output places.
  package let output: Int
  /// The number of input places that one output place sees.
  package let window: Int
  /// How far the window moves from one output place to the next. Where there is one output place only, as far
  /// as it takes to leave the input and no farther: the kernels' work grows with it.
  package let stride: Int
  /// The distance between neighbouring places of the window.
  package let dilation: Int
  /// Padding in front of the input.
  package let before: Int
  /// Padding after the input.
  package let after: Int

  /// An axis whose padded input holds the window at least once.
  package init(
    input: Int, window: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int = 0
  ) {
    let extent = dilation * (window - 1) + 1
    let padded = before + input + after
    guard input >= 0, window >= 1, stride >= 1, dilation >= 1, before >= 0, after >= 0,
      extent <= padded
    else {
      stop(
        "WindowAxis", expected: "a window that fits into the padded input",
        received: "window \(window), dilation \(dilation), stride \(stride), input \(input), "
          + "padding \(before) and \(after)")
    }
    self.input = input
    self.window = window
    self.stride = Swift.min(stride, padded - extent + 1)
    self.dilation = dilation
    self.before = before
    self.after = after
    output = (padded - extent) / stride + 1
  }

  /// An axis of one place: a signal is an image of height 1.
  package static let single = WindowAxis(input: 1, window: 1)
}
