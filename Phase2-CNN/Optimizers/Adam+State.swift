import Shared

extension Adam {
  /// The moments of one parameter, 0 at first.
  public struct State: ParameterState {
    var firstMoment, secondMoment: Tensor

    /// Moments of 0.
    public init(for value: Tensor) {
      (firstMoment, secondMoment) = (Tensor(zeros: value.shape), Tensor(zeros: value.shape))
    }
    /// Shows both moments.
    public mutating func forEach(_ body: (String, inout Tensor) throws -> Void) rethrows {
      try body("firstMoment", &firstMoment)
      try body("secondMoment", &secondMoment)
    }
    /// The second moment, a mean of squares.
    public static var notNegative: [String] { ["secondMoment"] }
  }
}
