import Foundation
import Shared

/// Runs the code of a task on random inputs and writes the results, which the grader compares with those of the same
/// program around the reference solution.
///
///     probe 1.2 17       // results of task 1.2 for the seed 17, to the descriptor of the grader
///     probe              // the tasks that have a probe
///
/// A result is a line: its name, its shape and its numbers. The last line is `end`.
struct Probe {
  private let key: RandomKey
  private var draws = 0
  private(set) var text = ""

  init(seed: UInt64) { key = RandomKey(seed: seed).folded("probe") }

  // MARK: Inputs

  private mutating func nextKey() -> RandomKey {
    draws += 1
    return key.folded(draws)
  }

  /// A random whole number.
  mutating func size(_ range: ClosedRange<Int>) -> Int {
    let fraction = Tensor(uniform: [1], key: nextKey())[0]
    return range.lowerBound + Swift.min(Int(fraction * Float(range.count)), range.count - 1)
  }

  /// Normally distributed numbers.
  mutating func tensor(_ shape: [Int]) -> Tensor { Tensor(normal: shape, key: nextKey()) }

  /// Numbers between two bounds.
  mutating func tensor(_ shape: [Int], in range: Range<Float>) -> Tensor {
    Tensor(uniform: shape, in: range, key: nextKey())
  }

  mutating func number(in range: Range<Float>) -> Float { tensor([1], in: range)[0] }

  mutating func flag() -> Bool { size(0...1) == 1 }

  /// Class indices.
  mutating func classes(_ count: Int, below limit: Int) -> [Int] {
    (0..<count).map { _ in size(0...(limit - 1)) }
  }

  // MARK: Results

  mutating func write(_ name: String, _ tensor: Tensor) {
    let shape = tensor.shape.map(String.init).joined(separator: "x")
    let numbers = tensor.scalars.map { "\($0)" }.joined(separator: " ")
    text += "\(name)\t\(shape)\t\(numbers)\n"
  }

  mutating func write(_ name: String, _ numbers: [Float]) { write(name, Tensor(numbers)) }

  mutating func write(_ name: String, _ number: some BinaryFloatingPoint) {
    write(name, Tensor(Float(number)))
  }

  mutating func write(_ name: String, _ numbers: [Int]) { write(name, numbers.map(Float.init)) }

  /// 1 for what is true.
  mutating func write(_ name: String, _ isTrue: Bool) { write(name, [isTrue ? 1 : 0]) }

  /// Sends the results to the grader.
  func send() {
    FileHandle(fileDescriptor: 3).write(Data((text + "end\n").utf8))
  }
}

// MARK: Parts of networks

extension Probe {
  /// A layer with random parameters in two training passes and one of inference.
  mutating func layer<Part: Layer>(_ name: String, _ layer: Part, inputShape: [Int]) {
    var layer = layer
    fill(&layer)
    for pass in 1...2 {
      let output = layer.forward(tensor(inputShape), mode: .training)
      write("\(name), output \(pass)", output)
      write("\(name), input gradient \(pass)", layer.backward(tensor(output.shape)))
      layer.visitParameters { name, parameter in
        if let gradient = parameter.gradient {
          write("gradient of \(name), pass \(pass)", gradient)
        }
      }
    }
    layer.visitStates { write("\(name), \($0)", $1) }
    write("\(name), inference", layer.forward(tensor(inputShape), mode: .inference))
  }

  /// Gives a layer random parameters: those that it drew itself differ from process to process.
  mutating func fill(_ layer: inout some Layer) {
    layer.forEachParameter { _, parameter in
      parameter.value = tensor(parameter.value.shape) * 0.5 + 0.25
    }
  }

  /// An optimizer in a few steps of two parameters.
  mutating func optimizer(_ name: String, _ optimizer: some Optimizer) {
    for shape in [[size(2...5), size(1...4)], [size(1...7)]] {
      var value = tensor(shape)
      optimizerSteps(name, optimizer, &value)
    }
  }

  private mutating func optimizerSteps<Method: Optimizer>(
    _ name: String, _ optimizer: Method, _ value: inout Tensor
  ) {
    var state = Method.State(for: value)
    for step in 1...4 {
      optimizer.update(&value, gradient: tensor(value.shape), state: &state, step: step)
      write("\(name), step \(step)", value)
    }
    state.forEach { write("\(name), \($0)", $1) }
  }

  /// A loss: its value and its gradient.
  mutating func loss(_ name: String, _ loss: some Loss, _ prediction: Tensor, _ target: Target) {
    var loss = loss
    write(name, loss.forward(prediction, target: target))
    write("\(name), gradient", loss.backward())
  }
}

@main enum ProbeProgram {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.isEmpty {
      let names = probes.keys.sorted().joined(separator: "\n")
      FileHandle(fileDescriptor: 3).write(Data((names + "\n").utf8))
      return
    }
    guard arguments.count == 2, let run = probes[arguments[1]], let seed = UInt64(arguments[2])
    else {
      return print("usage: probe TASK SEED")
    }
    var probe = Probe(seed: seed)
    run(&probe)
    probe.send()
  }
}
