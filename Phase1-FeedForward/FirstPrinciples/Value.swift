import Foundation
import Shared

/// A number that remembers how it was computed, so that its derivatives can be found by machine.
///
/// Each operation returns a new value and notes its operands and the slope with respect to each of them.
/// `backward()` then applies the chain rule from the result to the beginning: every operand receives
/// `slope · gradient` of each value it went into, added up.
///
///     let (x, w, b) = (Value(2), Value(-3), Value(7))
///     let y = (x * w + b).tanh()
///     y.backward()
///     w.gradient      // 0.8399 = x (1 − y²)
///
/// - Complexity: `backward()` visits each value and each operand once.
/// - Reference: Linnainmaa (1976), *BIT* 16: reverse accumulation. Task: Protocols/First-Principles.md, 0.7.
public final class Value: CustomStringConvertible {
  /// The number. A training step changes it.
  public var number: Double
  /// ∂(result)/∂(this value), once `backward()` was called on the result. It adds up until it is set to 0.
  public var gradient = 0.0
  /// The values that this one was computed from, with the slope with respect to each.
  public let operands: [(value: Value, slope: Double)]
  /// The number of operations on the longest way here from an input, whose depth is 0.
  public let depth: Int

  /// A number that was computed from nothing: an input or a weight.
  public convenience init(_ number: Double) { self.init(number, from: []) }

  init(_ number: Double, from operands: [(value: Value, slope: Double)]) {
    self.number = number
    self.operands = operands
    depth = 1 + (operands.map(\.value.depth).max() ?? -1)
  }

  // MARK: Operations: the result, and its slope with respect to each operand

  /// The sum: its slope is 1 for both operands.
  public static func + (a: Value, b: Value) -> Value {
    // TODO(0.7): Value(..., from: [(a, ...), (b, ...)]): the sum of a.number and b.number, and the slopes.
    // BEGIN SOLUTION
    Value(a.number + b.number, from: [(a, 1), (b, 1)])
    // END SOLUTION
  }

  /// The product.
  public static func * (a: Value, b: Value) -> Value {
    // TODO(0.7): the slope of a · b with respect to a is b, and the other way round.
    // BEGIN SOLUTION
    Value(a.number * b.number, from: [(a, b.number), (b, a.number)])
    // END SOLUTION
  }

  /// `aⁿ`, for a fixed exponent.
  public func power(_ exponent: Double) -> Value {
    // TODO(0.7): of self, with the slope n aⁿ⁻¹. pow(number, n) is aⁿ.
    // BEGIN SOLUTION
    Value(pow(number, exponent), from: [(self, exponent * pow(number, exponent - 1))])
    // END SOLUTION
  }

  /// `eᵃ`
  public func exp() -> Value {
    // TODO(0.7): the slope is the result. Foundation.exp(number) is eᵃ; exp alone is this function.
    // BEGIN SOLUTION
    let result = Foundation.exp(number)
    return Value(result, from: [(self, result)])
    // END SOLUTION
  }

  /// `tanh a`
  public func tanh() -> Value {
    // TODO(0.7): the slope is 1 − tanh² a. Foundation.tanh(number) is tanh a.
    // BEGIN SOLUTION
    let result = Foundation.tanh(number)
    return Value(result, from: [(self, 1 - result * result)])
    // END SOLUTION
  }

  /// `max(0, a)`
  public func relu() -> Value {
    // TODO(0.7): the slope is 1 where a > 0, else 0.
    // BEGIN SOLUTION
    Value(max(0, number), from: [(self, number > 0 ? 1 : 0)])
    // END SOLUTION
  }

  // MARK: Backpropagation

  /// Every value that this one was computed from, operands always in front of results; this one is the last.
  public var history: [Value] {
    // TODO(0.7): collect the value, its operands, their operands, ..., each once (keep the ObjectIdentifier of
    // those that were found in a Set). Then sort by depth: an operand is always less deep than its result.
    // BEGIN SOLUTION
    var (found, known): ([Value], Set) = ([self], [ObjectIdentifier(self)])
    var next = 0
    while next < found.count {
      for (operand, _) in found[next].operands
      where known.insert(ObjectIdentifier(operand)).inserted { found.append(operand) }
      next += 1
    }
    return found.sorted { $0.depth < $1.depth }
    // END SOLUTION
  }

  /// Adds ∂(this value)/∂v to the gradient of every v that it was computed from.
  public func backward() {
    // TODO(0.7): the gradient of the result itself is 1. Then go through the history from the end: each
    // value adds slope · (its own gradient) to the gradient of each operand. Inputs add up over several calls;
    // a value with operands has to start from 0 each time.
    // BEGIN SOLUTION
    let order = history
    for value in order where !value.operands.isEmpty { value.gradient = 0 }
    gradient = 1
    for value in order.reversed() {
      for operand in value.operands { operand.value.gradient += operand.slope * value.gradient }
    }
    // END SOLUTION
  }

  /// `Value(2.5, gradient 0.1)`
  public var description: String { "Value(\(number), gradient \(gradient))" }
}

// Operations that follow from those above.
extension Value {
  /// The difference.
  public static func - (a: Value, b: Value) -> Value { a + b * Value(-1) }
  /// The quotient.
  public static func / (a: Value, b: Value) -> Value { a * b.power(-1) }
  /// The sum of many values, as one operation.
  public static func sum(_ values: [Value]) -> Value {
    Value(values.reduce(0) { $0 + $1.number }, from: values.map { ($0, 1) })
  }
}
