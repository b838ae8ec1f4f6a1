import Shared

/// A batch of sequences, step by step, for the readable body of a recurrent layer.
///
///     for t in sequences.order {
///       let x = sequences.input(at: t)             // [N, F]
///       ...                                        // the new state
///       let step = sequences.step(t, from: state, to: newState)
///       record.append(step)
///       state = step.after
///     }
package struct TimeSteps: Sendable {
  /// X, `[N, T, F]`.
  let input: Tensor
  /// `[N, T]`: 1 where a step counts, 0 where it is padding; `nil` when every step counts.
  let mask: Tensor?
  /// The steps in the order in which the layer visits them: 0, 1, ..., T - 1, or back from T - 1 to 0.
  package let order: [Int]

  /// Creates the steps of `[N, T, F]` sequences.
  init(_ input: Tensor, mask: Tensor?, isReversed: Bool) {
    self.input = input
    self.mask = mask
    order = isReversed ? (0..<input.shape[1]).reversed() : Array(0..<input.shape[1])
  }

  /// The features of every sequence at step `t`, `[N, F]`.
  package func input(at t: Int) -> Tensor { input.slice(axis: 1, at: t) }

  /// The record of step `t`. Its `after` is the new state, except in the sequences whose step is masked: they
  /// keep their old state.
  /// - Parameter gates: the values that the backward pass needs besides the states, in an order of your choice
  package func step(
    _ t: Int, from old: RecurrentState, to new: RecurrentState, gates: [Tensor] = []
  ) -> RecurrentStep {
    var step = RecurrentStep(
      time: t, input: input(at: t), before: old, gates: gates, after: new,
      counts: mask?.slice(axis: 1, at: t).reshaped(to: [-1, 1]))
    // A new state without its cell would end the program at the next step's `cell!`. As zeros it is found, and
    // named, by the tests.
    if new.cell == nil, let oldCell = old.cell { step.after.cell = Tensor(zeros: oldCell.shape) }
    // A state of the wrong shape is found when the record is checked.
    guard step.counts != nil, new.hidden.shape == old.hidden.shape else { return step }
    step.after.hidden = step.unmasked(new.hidden) + step.masked(old.hidden)
    if let newCell = new.cell, let oldCell = old.cell, newCell.shape == oldCell.shape {
      step.after.cell = step.unmasked(newCell) + step.masked(oldCell)
    }
    return step
  }

  /// Whether the record has every step, each with a state like `start`. An unfinished body has not.
  func isComplete(_ record: [RecurrentStep], from start: RecurrentState) -> Bool {
    record.map(\.time) == order
      && record.allSatisfy {
        $0.after.hidden.shape == start.hidden.shape && $0.after.cell?.shape == start.cell?.shape
      }
  }

  /// The hidden state after each step, `[N, T, H]`, 0 where the step is masked.
  func output(of record: [RecurrentStep]) -> Tensor {
    let byTime = record.sorted { $0.time < $1.time }
    return Tensor(stacking: byTime.map { $0.unmasked($0.after.hidden) }, axis: 1)
  }
}

/// The record of one step, for the backward pass.
package struct RecurrentStep: Sendable {
  /// The step t.
  package let time: Int
  /// Its input, `[N, F]`.
  package let input: Tensor
  /// The state from which it started.
  package let before: RecurrentState
  /// The values that the forward pass put here, such as those of the gates.
  package let gates: [Tensor]
  /// The state in which it ended.
  package internal(set) var after: RecurrentState
  /// `[N, 1]`: 1 where the step counts, 0 where it is masked.
  let counts: Tensor?

  /// `x` in the sequences in which this step counts, 0 in those in which it is masked.
  package func unmasked(_ x: Tensor) -> Tensor { counts.map { x * $0 } ?? x }

  /// `x` in the sequences in which this step is masked, 0 in those in which it counts.
  package func masked(_ x: Tensor) -> Tensor {
    counts.map { x * (1 - $0) } ?? Tensor(zeros: x.shape)
  }
}

extension Tensor {
  /// Block number `index` of the H columns that belong to one gate, `[N, H]` of `[N, G·H]`.
  func gate(_ index: Int, hiddenSize: Int) -> Tensor {
    self[0..., (index * hiddenSize)..<((index + 1) * hiddenSize)]
  }
}
