import Phase3RNNRegularization
import Shared

/// The tasks of Phase 3.
let probes: [String: @Sendable (inout Probe) -> Void] = [
  "3.1": { probe in
    probe.layer("rows", TanH(), inputShape: [probe.size(1...6), probe.size(1...9)])
    probe.layer("steps", TanH(), inputShape: [2, probe.size(1...4), 3])
  },
  "3.2": { probe in
    probe.layer("rows", Sigmoid(), inputShape: [probe.size(1...6), probe.size(1...9)])
    probe.layer("steps", Sigmoid(), inputShape: [2, probe.size(1...4), 3])
  },
  "3.3": { probe in
    probe.recurrent { configuration in
      var layer = orStop { try ElmanRNN(configuration: configuration) }
      layer.implementation = .reference
      return layer
    }
  },
  "3.4": { probe in
    probe.recurrent { configuration in
      var layer = orStop { try LSTM(configuration: configuration) }
      layer.implementation = .reference
      return layer
    }
  },
  "3.5": { probe in
    let (channels, momentum) = (probe.size(1...4), probe.number(in: 0.5..<0.95))
    for (name, shape) in [
      ("rows", [probe.size(3...8), channels]),
      ("images", [2, channels, probe.size(2...4), probe.size(1...3)]),
    ] {
      for epsilon: Float in [1e-5, 0.1] {
        let layer = BatchNorm(
          channels: channels, momentum: momentum, epsilon: epsilon, implementation: .reference)
        probe.layer("\(name), epsilon \(epsilon)", layer, inputShape: shape)
      }
    }
  },
  "3.6": { probe in
    for rate: Float in [0.2, 0.5, 0.75] {
      let layer = Dropout(rate: rate, seed: UInt64(probe.size(1...1000)))
      probe.layer("rate \(rate)", layer, inputShape: [probe.size(2...6), probe.size(2...9)])
    }
  },
  "3.7": { probe in
    let weights = probe.tensor([probe.size(1...6), probe.size(1...6)])
    let strength = probe.number(in: 0.05..<0.5)
    probe.write("L1", L1(strength).value(of: weights))
    probe.write("L1, gradient", L1(strength).gradient(of: weights))
    probe.write("L2", L2(strength).value(of: weights))
    probe.write("L2, gradient", L2(strength).gradient(of: weights))
  },
  "3.8": { probe in
    probe.recurrent { configuration in
      var layer = orStop { try GRU(configuration: configuration) }
      layer.implementation = .reference
      return layer
    }
  },
]

extension Probe {
  /// A recurrent layer over whole sequences, over the last step alone, from the end, from batch to batch, and over
  /// sequences of different lengths.
  fileprivate mutating func recurrent<Part: Layer>(
    _ make: (RecurrentConfiguration) -> Part
  ) {
    let (inputs, hidden) = (size(1...4), size(1...4))
    for (name, change) in kinds {
      var configuration = RecurrentConfiguration(inputSize: inputs, hiddenSize: hidden)
      change(&configuration)
      layer(name, make(configuration), inputShape: [size(1...3), size(2...5), inputs])
    }
    var padded = make(
      RecurrentConfiguration(inputSize: inputs, hiddenSize: hidden, paddingValue: 0))
    fill(&padded)
    var x = tensor([2, 4, inputs])
    for t in 2..<4 {
      for i in 0..<inputs { x[1, t, i] = 0 }
    }
    let output = padded.forward(x, mode: .training)
    write("padded", output)
    write("padded, input gradient", padded.backward(tensor(output.shape)))
    padded.visitParameters { write("padded, gradient of \($0)", $1.gradient ?? Tensor(0)) }
  }
}

private let kinds: [(String, @Sendable (inout RecurrentConfiguration) -> Void)] = [
  ("sequence", { _ in }), ("last step", { $0.returnsSequence = false }),
  ("reversed", { $0.isReversed = true }), ("stateful", { $0.isStateful = true }),
]
