/// A layer that can carry a state from batch to batch, such as an LSTM.
public protocol StateCarryingLayer: Layer {
  /// Whether each batch goes on where the one before it ended. What is carried is the state after the last
  /// pass, also after one that was made while nothing was carried; `resetState()` forgets it.
  var isStateful: Bool { get set }
}
