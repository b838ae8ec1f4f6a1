import Foundation
import Shared

/// Counts the weights of a network before any of them is allocated, so that a network that does not fit into
/// memory is an error and not a trap, and costs no time.
///
/// Biases are left out: there are few of them.
struct WeightCount {
  // A product of sizes may overflow every integer.
  private(set) var count = 0.0

  /// Adds a tensor of weights of these sizes.
  mutating func add(_ sizes: Int...) { count += sizes.reduce(1.0) { $0 * Double($1) } }

  /// Throws when the weights and their gradients need more than the machine's memory.
  func requireMemory() throws {
    let needed = 2 * count * Double(MemoryLayout<Float>.size)
    guard needed > SystemMemory.bytes else { return }
    throw CourseError(
      .invalidArgument, "the network is too large for this machine",
      expected: "at most \(SystemMemory.text(SystemMemory.bytes)), the memory there is",
      received: String(format: "%.0f weights, ", count)
        + "\(SystemMemory.text(needed)) with their gradients",
      remedy: "Make its layers smaller.")
  }
}

extension NeuralNetwork {
  /// Throws when the outputs of all layers in a training step, and their gradients, need more than the machine's
  /// memory.
  package func requireMemory(forBatchOf count: Int) throws {
    let outputs = layerPlaces.reduce(0.0) { sum, place in
      sum + place.outputShape.reduce(1.0) { $0 * Double($1) }
    }
    let needed = 2 * outputs * Double(count) * Double(MemoryLayout<Float>.size)
    guard needed > SystemMemory.bytes else { return }
    throw CourseError(
      .invalidArgument, "a training step is too large for this machine",
      expected: "at most \(SystemMemory.text(SystemMemory.bytes)), the memory there is",
      received: "\(SystemMemory.text(needed)) for a batch of \(count)",
      remedy: "Choose a smaller batch size, or smaller layers.")
  }
}
