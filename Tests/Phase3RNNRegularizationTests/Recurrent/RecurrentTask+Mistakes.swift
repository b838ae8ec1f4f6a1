import CourseTestSupport
import Shared
import Testing

extension RecurrentTask {
  /// Where a mistake shows first.
  enum Pass: CaseIterable { case forward, backward, masks }

  /// A mistake, in words, and the results of a layer that makes it.
  typealias Answer = (words: String, values: Values)

  /// The possible mistakes in a pass of this cell.
  func mistakes(_ pass: Pass) -> [(words: String, mistake: RecurrentOracle.Mistake)] {
    var oracle = oracle
    if pass == .masks { oracle.mask = Self.mask }
    let right = result(of: oracle)
    let faults = RecurrentFault.allCases.filter { fault in
      guard (pass == .masks) == fault.isAboutMasks, fault.canBelong(to: cell) else { return false }
      let wrong = result(of: oracle.with(RecurrentOracle.Mistake(fault: fault)))
      let isForward = !Self.agree(forwardValues(of: wrong), forwardValues(of: right))
      let isBackward = !Self.agree(backwardValues(of: wrong), backwardValues(of: right))
      switch pass {
      case .forward: return isForward
      case .backward: return isBackward && !isForward
      case .masks: return isBackward || isForward
      }
    }
    return faults.map { ($0.rawValue, RecurrentOracle.Mistake(fault: $0)) } + orders(pass)
  }

  /// The gates in the order of their columns.
  private var names: [String] {
    switch cell {
    case .elman: ["h"]
    case .lstm: ["i", "f", "g", "o"]
    case .gru: ["r", "z", "n"]
    }
  }

  /// Blocks and gates in another order.
  private func orders(_ pass: Pass) -> [(words: String, mistake: RecurrentOracle.Mistake)] {
    guard cell != .elman else { return [] }
    let right = names.joined(separator: ", ")
    let permutations = Self.permutations(Array(names.indices)).dropFirst()
    switch pass {
    case .masks: return []
    case .forward:
      return permutations.map { order in
        // Gate k stands at the place order[k].
        let places = names.indices.map { place in names[order.firstIndex(of: place)!] }
        return (
          "gate order confused: the blocks are \(right), not \(places.joined(separator: ", "))",
          RecurrentOracle.Mistake(order: order)
        )
      }
    case .backward:
      let inRecord = Self.permutations([0, 1, 2, 3]).dropFirst().map { order in
        let all = cell == .gru ? names + ["q"] : names
        let recorded = order.map { all[$0] }.joined(separator: ", ")
        return (
          "the record has the gates \(recorded): they are read as \(all.joined(separator: ", "))",
          RecurrentOracle.Mistake(recordOrder: order)
        )
      }
      return inRecord
        + permutations.map { order in
          let blocks = order.map { names[$0] }.joined(separator: ", ")
          return (
            "gate order confused: the blocks of the gradient are \(right), not \(blocks)",
            RecurrentOracle.Mistake(gradientOrder: order)
          )
        }
    }
  }

  static func permutations(_ items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { place in
      var rest = items
      let first = rest.remove(at: place)
      return permutations(rest).map { [first] + $0 }
    }
  }

  /// The results of layers that make these mistakes.
  func answers(
    of mistakes: [(words: String, mistake: RecurrentOracle.Mistake)], _ oracle: RecurrentOracle,
    values: (RecurrentOracle.Result) -> Values
  ) -> [Answer] {
    mistakes.map { ($0.words, values(result(of: oracle.with($0.mistake)))) }
  }

  static func agree(_ a: Values, _ b: Values) -> Bool {
    zip(a, b).allSatisfy { areClose($0.value, $1.value) }
  }

  /// Records one issue unless the results of a layer are right: in the words of the mistake whose answer is
  /// the same in everything, else in one thing, else the first numbers that are wrong, with all that can be said
  /// of them.
  func tell(
    _ pass: String, _ got: Values, _ right: Values, answers: () -> [Answer],
    otherwise: () throws -> String = { "the numbers are wrong" },
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let wrong = right.indices.filter { !areClose(got[$0].value, right[$0].value) }
    guard let first = wrong.first else { return }
    func fail(at place: Int, _ words: String, _ answer: Tensor) {
      expectClose(
        got[place].value, right[place].value, "\(name).\(pass), \(right[place].name)",
        mistakes: [words: answer], sourceLocation: sourceLocation)
    }
    let answers = answers()
    if let answer = answers.first(where: { Self.agree($0.values, got) }) {
      return fail(at: first, answer.words, answer.values[first].value)
    }
    for place in wrong {
      if abs(got[place].value).sum() == 0 {
        return fail(at: place, "it is zero", got[place].value)
      }
      if areClose(-got[place].value, right[place].value) {
        return fail(at: place, "the sign is wrong", got[place].value)
      }
      let answer = answers.first {
        let value = $0.values[place].value
        return areClose(value, got[place].value) && !areClose(value, right[place].value)
      }
      if let answer { return fail(at: place, answer.words, answer.values[place].value) }
    }
    fail(at: first, try otherwise(), got[first].value)
  }

  /// Where an output that no known mistake gives begins to be wrong.
  func place(of y: Tensor, _ right: Tensor) -> String {
    areClose(y.slice(axis: 1, at: 0), right.slice(axis: 1, at: 0))
      ? "step 0 is right and a later one is not: look at the state that goes from step to step"
      : "it is wrong from step 0 on"
  }

  /// Whether gradients that no known mistake gives are wrong in a single step already, and in which gates.
  func place(ofGradients values: Values, _ right: Values) -> String {
    if Self.agree(values, right) {
      return
        "a single step is right and several are not: look at the gradient that one step hands to the other"
    }
    // The bias comes first, and its gradient has a block for each gate.
    let (got, wanted) = (values[0].value, right[0].value)
    let wrong = names.indices.filter { gate in
      let block = (gate * 2)..<(gate * 2 + 2)
      return !areClose(got[block], wanted[block])
    }
    if wrong.isEmpty {
      let list = zip(values, right).filter { !areClose($0.value, $1.value) }.map(\.1.name)
      return "in a single step, only this is wrong: \(list.joined(separator: ", "))"
    }
    if names.count == 1 { return "it is wrong in a single step already" }
    let list = wrong.map { names[$0] }.joined(separator: ", ")
    return "it is wrong in a single step already, in the columns of \(list)"
  }
}

extension RecurrentFault {
  var isAboutMasks: Bool {
    switch self {
    case .stateUnmasked, .maskedGradientLost, .maskedStepTakesPart, .masksIgnored,
      .maskedCellGradientLost, .maskedStepTakesPartInCell, .maskedStepTakesPartInBoth,
      .maskedGradientsLost:
      true
    default: false
    }
  }

  /// Whether a layer of this kind can make the mistake without a matrix that does not fit. (A mistake without effect
  /// on it is sorted out elsewhere.)
  func canBelong(to cell: RecurrentCell) -> Bool {
    switch self {
    case .inputWeightsTransposed, .recurrentWeightsTransposed, .elementwise,
      .recurrentNotTransposed,
      .inputNotTransposed, .hiddenWithoutSlope, .recurrentWithoutSlope, .biasOverHidden,
      .inputGradientTransposed, .recurrentGradientTransposed:
      cell == .elman
    case .hiddenOfTheStart, .statesExchanged, .maskedStepTakesPartInBoth, .maskedGradientsLost:
      cell == .lstm
    default: true
    }
  }
}
