import CourseTestSupport
import Shared
import Testing

/// The oracle, and the words in which the first tests of tasks 3.3, 3.4 and 3.8 tell a mistake.
@Suite(.watched) struct RecurrentTaskTests {
  @Test(arguments: RecurrentCell.allCases, ["states", "lengths"])
  func theOracleAgreesWithPyTorch(cell: RecurrentCell, name: String) throws {
    let right = RecurrentNumbers.entry(cell, name)
    let fill = RecurrentNumbers.fill
    let columns = cell.gateCount * 3
    let oracle = RecurrentOracle(
      cell: cell, x: fill([2, 3, 2], 9, 4, 4), w: fill([2, columns], 11, 7, 6),
      u: fill([3, columns], 13, 5, 8), b: fill([columns], 7, 3, 4),
      candidateBias: cell == .gru ? fill([3], 5, 2, 3) : nil, h0: fill([2, 3], 8, 3, 5),
      c0: cell == .lstm ? fill([2, 3], 7, 4, 4) : nil,
      mask: name == "lengths" ? [[1, 1, 1], [1, 0, 0]] : nil)
    let got = oracle(fill([2, 3, 3], 7, 3, 2), fill([2, 3], 6, 5, 3), fill([2, 3], 5, 3, 2))
    func check(_ actual: Tensor, _ numbers: [Float]?, _ what: String) {
      guard let numbers else { return }
      expectClose(
        actual, Tensor(shape: actual.shape, scalars: numbers), "\(cell), \(what)", atol: 2e-6)
    }
    check(got.y, right.y, "output")
    check(got.hidden, right.hidden, "final hidden state")
    check(got.cell, right.finalCell, "final cell state")
    check(got.dX, right.dX, "dX")
    check(got.dW, right.dW, "dW")
    check(got.dU, right.dU, "dU")
    check(got.db, right.db, "db")
    check(got.dc, right.dc, "dc")
    check(got.dh0, right.dh0, "dh0")
    check(got.dc0, right.dc0, "dc0")
  }

  /// No mistake has the answer of a right layer or of another mistake.
  @Test(arguments: RecurrentCell.allCases) func mistakesCanBeToldApart(cell: RecurrentCell) {
    let task = RecurrentTask(cell: cell)
    for pass in RecurrentTask.Pass.allCases {
      var oracle = task.oracle
      if pass == .masks { oracle.mask = RecurrentTask.mask }
      func values(_ result: RecurrentOracle.Result) -> RecurrentTask.Values {
        switch pass {
        case .forward: task.forwardValues(of: result)
        case .backward: task.backwardValues(of: result)
        case .masks: task.forwardValues(of: result) + task.backwardValues(of: result)
        }
      }
      var all = [("right", values(task.result(of: oracle)))]
      for (words, wrong) in task.answers(of: task.mistakes(pass), oracle, values: values) {
        for (other, answer) in all where RecurrentTask.agree(answer, wrong) {
          Issue.record("\(cell), \(pass): \"\(words)\" is as \"\(other)\"")
        }
        all.append((words, wrong))
      }
    }
  }

  /// The message that the text shows under "How to work".
  @Test func theSampleOfTheText() throws {
    let task = RecurrentTask(cell: .elman)
    let right = task.result(of: task.oracle)
    let mistakes = task.mistakes(.backward)
    let wrong = try #require(
      task.answers(of: mistakes.filter { $0.mistake.fault == .lastStepOnly }, task.oracle) {
        task.backwardValues(of: $0)
      }.first)
    let told = complaints {
      try task.tell("backward", wrong.values, task.backwardValues(of: right)) { [wrong] }
    }
    #expect(
      told == [
        """
        ElmanRNN.backward, gradient of bias: the gradients of the steps replace each other: all steps \
        share the weights, so add up
          expected [-0.9919, -1.0004]
          got      [-1.0526, -1.6952]
        """
      ])
  }

  /// What no known mistake gives is told by where it begins.
  @Test func whatIsUnknownIsPlaced() throws {
    let task = RecurrentTask(cell: .lstm)
    let right = task.backwardValues(of: task.result(of: task.oracle))
    var wrong = right
    wrong[0].value[2] += 1
    #expect(task.place(ofGradients: wrong, right).hasSuffix("in the columns of f"))
    #expect(task.place(ofGradients: right, right).hasPrefix("a single step is right"))
    wrong = right
    wrong[3].value[0, 0, 0] += 1
    #expect(task.place(ofGradients: wrong, right) == "in a single step, only this is wrong: dX")
    let y = task.result(of: task.oracle).y
    #expect(task.place(of: y + 1, y) == "it is wrong from step 0 on")
    var later = y
    later[0, 1, 0] += 1
    #expect(task.place(of: later, y).hasPrefix("step 0 is right"))
  }
}
