import CourseTestSupport
import Foundation
import Phase1FeedForward
import Testing

extension FirstPrinciplesTests {
  /// Task 0.7.
  @Suite struct ValueTests {
    /// The result of an operation and its slopes, which are known before any backward pass.
    private func expect(
      _ result: Value, _ number: Double, slopes: [Double], _ subject: String,
      mistakes: KeyValuePairs<String, [Double]> = [:],
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      guard isClose(result.number, number) else {
        return fail(
          "\(subject): expected the number \(number), got \(result.number)",
          sourceLocation: sourceLocation)
      }
      let got = result.operands.map(\.slope)
      guard got.count == slopes.count else {
        return fail(
          "\(subject): expected \(slopes.count) operands in the history, got \(got.count)",
          sourceLocation: sourceLocation)
      }
      if zip(got, slopes).allSatisfy({ isClose($0, $1) }) { return }
      let mistake = mistakes.first {
        $0.value.count == got.count && zip(got, $0.value).allSatisfy { isClose($0, $1) }
      }
      fail(
        "\(subject): \(mistake.map { $0.key + ": " } ?? "")expected the slopes \(slopes), got \(got)",
        sourceLocation: sourceLocation)
    }

    private func isClose(_ a: Double, _ b: Double) -> Bool {
      areClose(a, b, atol: 5e-10, rtol: 5e-10)
    }

    @Test func operations() {
      let (a, b) = (Value(3), Value(-2))
      expect(a + b, 1, slopes: [1, 1], "+", mistakes: ["the operands were taken": [3, -2]])
      expect(
        a * b, -6, slopes: [-2, 3], "*",
        mistakes: [
          "each slope is the other operand, these are exchanged": [3, -2],
          "these are the slopes of a sum": [1, 1],
        ])
      expect(
        a.power(3), 27, slopes: [27], "power",
        mistakes: [
          "the factor n is missing: n aⁿ⁻¹": [9], "the exponent is one too high: n aⁿ⁻¹": [81],
        ])
      expect(
        b.power(-1), -0.5, slopes: [-0.25], "power with a negative exponent",
        mistakes: ["the sign is wrong: n aⁿ⁻¹ with n = −1": [0.25]])
      expect(
        a.exp(), 20.085536923187668, slopes: [20.085536923187668], "exp",
        mistakes: ["the slope of eᵃ is eᵃ": [1], "the slope of eᵃ is eᵃ, not a": [3]])
      let half = Value(0.5)
      expect(
        half.tanh(), 0.46211715726000973, slopes: [0.7864477329659274], "tanh",
        mistakes: [
          "1 − y² takes the result y, not the operand": [0.75],
          "the slope is 1 − y², this is 1 + y²": [1.2135522670340726],
        ])
      expect(
        a.relu(), 3, slopes: [1], "relu of a positive number",
        mistakes: ["the operand was taken": [3]])
      expect(
        b.relu(), 0, slopes: [0], "relu of a negative number", mistakes: ["it passes": [1]])
      expect(Value(0).relu(), 0, slopes: [0], "relu at 0", mistakes: ["at 0 it is 0": [1]])
    }

    private static let rules = Stage("operations()") { ValueTests().operations() }

    /// Operands come in front of results, and nothing comes twice, though `a` is used three times.
    @Test func history() throws {
      try Self.rules.require()
      let (a, b) = (Value(2), Value(5))
      let c = a * b
      let d = c + a
      let e = d * (a + c)
      let order = e.history.map(ObjectIdentifier.init)
      try require(
        order.last == ObjectIdentifier(e), "history: the value itself comes last")
      try require(
        Set(order).count == order.count, "history: a value that is used twice must come once")
      try require(
        order.count == 6, "history: expected 6 values (a, b, c, d, a + c, e), got \(order.count)")
      for value in e.history {
        for (operand, _) in value.operands {
          let (first, second) = (
            order.firstIndex(of: ObjectIdentifier(operand)),
            order.firstIndex(of: ObjectIdentifier(value))
          )
          let isInOrder = zip([first].compactMap { $0 }, [second].compactMap { $0 }).allSatisfy(<)
          try require(isInOrder, "history: an operand comes behind the result that needs it")
        }
      }
      // c is found before c.exp(), which needs it.
      let both = c + c.exp()
      let places = both.history.map(ObjectIdentifier.init)
      let (early, late) = (
        places.firstIndex(of: ObjectIdentifier(c)),
        places.firstIndex(of: ObjectIdentifier(both.operands[1].value))
      )
      try require(
        early ?? .max < late ?? -1,
        "history: a value comes behind one that needs it, though it is found first: sort by depth")
    }

    private static let nothing =
      "nothing arrived: walk from the end of the history, where the result is, to the front"

    /// The neuron of the text: y = tanh(x w + b).
    @Test func neuron() throws {
      try Self.rules.require()
      let (x, w, b) = (Value(2), Value(-3), Value(7))
      let y = (x * w + b).tanh()
      y.backward()
      expectGradient(y, 1, "∂y/∂y", ["the gradient of the result itself is 1": 0])
      expectGradient(
        b, 0.41997434161402614, "∂y/∂b",
        [Self.nothing: 0, "the slopes on the way were not multiplied": 1])
      expectGradient(
        w, 0.8399486832280523, "∂y/∂w",
        [
          Self.nothing: 0, "the slopes on the way were not multiplied": 2,
          "only the last slope arrived": 0.41997434161402614,
        ])
      expectGradient(x, -1.2599230248420783, "∂y/∂x", [Self.nothing: 0])
    }

    /// a is used twice: its two shares add up. L = (a + a) a = 2a².
    @Test func sharesAddUp() throws {
      try Self.rules.require()
      let a = Value(3)
      let result = (a + a) * a
      result.backward()
      expectGradient(
        a, 12, "∂(2a²)/∂a for a = 3",
        [
          "only one share arrived: gradients of a value that is used twice add up (+=)": 6,
          "only one share arrived: the second one replaced it (= instead of +=)": 3,
          "a share was sent on before the rest had come: go through the history from the end": 9,
        ])
    }

    /// Gradients of inputs add up from call to call, those of results in between do not.
    @Test func secondBackward() throws {
      try Self.rules.require()
      let a = Value(3)
      let square = a * a
      let result = square * Value(2)
      result.backward()
      result.backward()
      expectGradient(
        a, 24, "∂(2a²)/∂a after two backward passes",
        [
          "the second pass replaces the first: gradients of inputs add up": 12,
          "values in between still hold the gradient of the first pass: set it to 0": 36,
        ])
    }

    /// A chain rule through every operation, against finite differences.
    @Test func everyOperation() throws {
      try Self.rules.require()
      func loss(_ a: Value, _ b: Value) -> Value {
        let inner: Value = (a * b + a.power(2) / b).tanh()
        let product: Value = inner * (b - a).exp()
        return product + (a * Value(3)).relu() + Value.sum([a, b, a])
      }
      let (a, b) = (Value(0.7), Value(1.9))
      loss(a, b).backward()
      let h = 1e-6
      let slopes = [
        (loss(Value(0.7 + h), Value(1.9)).number - loss(Value(0.7 - h), Value(1.9)).number) / 2 / h,
        (loss(Value(0.7), Value(1.9 + h)).number - loss(Value(0.7), Value(1.9 - h)).number) / 2 / h,
      ]
      try require(
        abs(a.gradient - slopes[0]) < 1e-6 && abs(b.gradient - slopes[1]) < 1e-6,
        "finite differences give \(slopes), backward gave \([a.gradient, b.gradient])")
    }

    /// Three hidden neurons with tanh, one without: learns XOR.
    @Test func xor() throws {
      try Self.rules.require()
      let examples: [([Double], Double)] = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
      let start = [
        0.6, -0.9, 0.1, 0.8, 0.5, -0.2, -0.7, 0.4, 0.3, 1.1, -0.6, 0.9, 0.05,
      ]
      let weights = start.map { Value($0) }
      func output(_ x: [Double]) -> Value {
        let hidden = (0..<3).map { j in
          (weights[3 * j] * Value(x[0]) + weights[3 * j + 1] * Value(x[1]) + weights[3 * j + 2])
            .tanh()
        }
        return Value.sum((0..<3).map { weights[9 + $0] * hidden[$0] }) + weights[12]
      }
      func loss() -> Value {
        Value.sum(examples.map { (output($0.0) - Value($0.1)).power(2) }) * Value(0.25)
      }
      let before = loss()
      before.backward()
      // The same network in NumPy, in double precision.
      let expected = [
        -0.6736397863, -0.7454031131, -0.782656736, 0.2724325504, 0.4297703113, 0.4766789165,
        -0.656882089, -0.6658849778, -0.8089538801, 0.2393015905, -0.7583721336, -0.1372054428,
        -1.1839235973,
      ]
      try require(
        abs(before.number - 0.8329560424) < 1e-8, "the loss at the start: got \(before.number)")
      for (index, weight) in weights.enumerated() {
        try require(
          abs(weight.gradient - expected[index]) < 1e-8,
          "the gradient of weight \(index): expected \(expected[index]), got \(weight.gradient)")
      }
      for _ in 0..<200 {
        for weight in weights { weight.gradient = 0 }
        loss().backward()
        for weight in weights { weight.number -= 0.3 * weight.gradient }
      }
      for (x, target) in examples {
        let y = output(x).number
        try require(abs(y - target) < 0.01, "XOR of \(x) after 200 steps: got \(y)")
      }
    }

    /// A sum of many terms one by one: no recursion that ends the process.
    @Test func longExpressions() throws {
      try Self.rules.require()
      let a = Value(1)
      var sum = a
      for _ in 0..<1000 { sum = sum + a }
      sum.backward()
      expectGradient(a, 1001, "∂(a + a + ...)/∂a", [:])
    }

    private func expectGradient(
      _ value: Value, _ expected: Double, _ subject: String,
      _ mistakes: KeyValuePairs<String, Double>, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      if isClose(value.gradient, expected) { return }
      let mistake = mistakes.first { isClose(value.gradient, $0.value) }
      fail(
        "\(subject): \(mistake.map { $0.key + ": " } ?? "")expected \(expected), got \(value.gradient)",
        sourceLocation: sourceLocation)
    }
  }
}
