import CourseCommandLine
import Networks

/// A weight penalty as written on the command line: `l2:0.0001`.
enum PenaltySetting: TextValue {
  static let expected =
    "l1:X, l2:X or elastic:X,Y with strengths of at least 0, such as l2:0.0001, or none"

  case none
  case l1(Float)
  case l2(Float)
  /// The strengths of L1 and of L2.
  case elastic(Float, Float)

  init?(_ text: String) {
    if text == "none" {
      self = .none
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let strengths = parts[1].split(separator: ",", omittingEmptySubsequences: false).map {
      Float($0).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
    }
    switch (parts[0], strengths.count, strengths.first, strengths.last) {
    case ("l1", 1, let strength??, _): self = .l1(strength)
    case ("l2", 1, let strength??, _): self = .l2(strength)
    case ("elastic", 2, let first??, let second??): self = .elastic(first, second)
    default: return nil
    }
  }

  var text: String {
    switch self {
    case .none: "none"
    case .l1(let strength): "l1:\(shortNumber(strength))"
    case .l2(let strength): "l2:\(shortNumber(strength))"
    case .elastic(let first, let second): "elastic:\(shortNumber(first)),\(shortNumber(second))"
    }
  }

  var penalty: (any Penalty)? {
    switch self {
    case .none: nil
    case .l1(let strength): L1(strength)
    case .l2(let strength): L2(strength)
    case .elastic(let first, let second): ElasticNet(l1: first, l2: second)
    }
  }
}

/// A kind of gradient clipping as written on the command line: `norm:1`.
enum ClipSetting: TextValue {
  static let expected = "norm:X or value:X with a limit above 0, such as norm:1, or none"

  case none
  case limit(GradientClipping)

  init?(_ text: String) {
    if text == "none" {
      self = .none
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let limit = Float(parts[1]), limit > 0, limit.isFinite else {
      return nil
    }
    switch parts[0] {
    case "norm": self = .limit(.norm(limit))
    case "value": self = .limit(.value(limit))
    default: return nil
    }
  }

  var text: String {
    switch self {
    case .none: "none"
    case .limit(.norm(let limit)): "norm:\(shortNumber(limit))"
    case .limit(.value(let limit)): "value:\(shortNumber(limit))"
    }
  }

  var clipping: GradientClipping? {
    if case .limit(let clipping) = self { clipping } else { nil }
  }
}
