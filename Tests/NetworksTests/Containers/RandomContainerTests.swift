import CourseTestSupport
import Foundation
import Networks
import Testing

/// Random nests of containers against an evaluation of their own: each number with its derivative along a direction in
/// double precision, which shares nothing with backward passes.
@Suite(.watched) struct RandomContainerTests {
  /// A function of rows of features.
  private indirect enum Tree {
    case dense(weights: Tensor, bias: Tensor)
    case tanh
    case sequence([Tree])
    case residual(Tree, shortcut: Tree?)
    case skip(Tree)
    case sum([Tree])
    case concatenation([Tree])
  }

  /// A number and its derivative.
  private struct Dual {
    var value: Double
    var slope: Double
    static func + (a: Dual, b: Dual) -> Dual {
      Dual(value: a.value + b.value, slope: a.slope + b.slope)
    }
    static func * (a: Dual, b: Dual) -> Dual {
      Dual(value: a.value * b.value, slope: a.slope * b.value + a.value * b.slope)
    }
  }

  /// Draws trees and directions.
  private struct Draws {
    var generator: PhiloxGenerator
    var count = 0
    let key: RandomKey

    init(_ seed: UInt64) {
      key = RandomKey(seed: seed)
      generator = key.generator
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
      Int.random(in: range, using: &generator)
    }

    mutating func tensor(_ shape: [Int]) -> Tensor {
      count += 1
      return Tensor(normal: shape, standardDeviation: 0.6, key: key.folded(count))
    }

    mutating func dense(_ inputs: Int, _ outputs: Int) -> Tree {
      .dense(weights: tensor([inputs, outputs]), bias: tensor([outputs]))
    }

    /// A tree and the number of its outputs.
    mutating func tree(_ inputs: Int, depth: Int) -> (Tree, Int) {
      // Inputs grow with each skip: no more of them where there are many.
      switch number(0...(depth == 0 ? 1 : inputs > 24 ? 4 : 6)) {
      case 0:
        let outputs = number(1...5)
        return (dense(inputs, outputs), outputs)
      case 1: return (.tanh, inputs)
      case 2:
        var (trees, size) = ([Tree](), inputs)
        for _ in 0..<number(0...3) {
          let (tree, outputs) = tree(size, depth: depth - 1)
          trees.append(tree)
          size = outputs
        }
        return (.sequence(trees), size)
      case 3:
        let (body, outputs) = tree(inputs, depth: depth - 1)
        return (
          .residual(body, shortcut: outputs == inputs ? nil : dense(inputs, outputs)), outputs
        )
      case 4:
        let (first, outputs) = tree(inputs, depth: depth - 1)
        var trees = [first]
        for _ in 0..<number(0...2) {
          let (tree, size) = tree(inputs, depth: depth - 1)
          trees.append(.sequence([tree, dense(size, outputs)]))
        }
        return (.sum(trees), outputs)
      case 5:
        let (body, outputs) = tree(inputs, depth: depth - 1)
        return (.skip(body), inputs + outputs)
      default:
        var (trees, total) = ([Tree](), 0)
        for _ in 0..<number(1...3) {
          let (tree, outputs) = tree(inputs, depth: depth - 1)
          trees.append(tree)
          total += outputs
        }
        return (.concatenation(trees), total)
      }
    }
  }

  private func layer(_ tree: Tree) -> any Layer {
    switch tree {
    case .dense(let weights, let bias):
      var dense = Dense(inputSize: weights.shape[0], outputSize: weights.shape[1])
      (dense.weights.value, dense.bias.value) = (weights, bias)
      return dense
    case .tanh: return TanH()
    case .sequence(let trees): return Sequential(trees.map(layer))
    case .residual(let body, let shortcut):
      return Residual(layer(body), shortcut: shortcut.map(layer) ?? Sequential())
    case .skip(let body): return Skip(layer(body))
    case .sum(let trees): return Branches(trees.map(layer), merge: .add)
    case .concatenation(let trees): return Branches(trees.map(layer), merge: .concatenate, axis: -1)
    }
  }

  /// The row of outputs for a row of inputs. The directions of the parameters come from `next`, in their order.
  private func evaluate(_ tree: Tree, _ row: [Dual], _ next: inout () -> [Double]) -> [Dual] {
    switch tree {
    case .dense(let weights, let bias):
      let (w, b) = (weights.scalars, bias.scalars)
      let (wSlopes, bSlopes) = (next(), next())
      return b.indices.map { column in
        var sum = Dual(value: Double(b[column]), slope: bSlopes[column])
        for (place, x) in row.enumerated() {
          let index = place * b.count + column
          sum = sum + x * Dual(value: Double(w[index]), slope: wSlopes[index])
        }
        return sum
      }
    case .tanh:
      return row.map { x in
        let y = Foundation.tanh(x.value)
        return Dual(value: y, slope: (1 - y * y) * x.slope)
      }
    case .sequence(let trees): return trees.reduce(row) { evaluate($1, $0, &next) }
    case .residual(let body, let shortcut):
      let output = evaluate(body, row, &next)
      let other = shortcut.map { evaluate($0, row, &next) } ?? row
      return zip(output, other).map { $0 + $1 }
    case .skip(let body): return row + evaluate(body, row, &next)
    case .sum(let trees):
      let outputs = trees.map { evaluate($0, row, &next) }
      return outputs[0].indices.map { place in
        outputs.dropFirst().reduce(outputs[0][place]) { $0 + $1[place] }
      }
    case .concatenation(let trees): return trees.flatMap { evaluate($0, row, &next) }
    }
  }

  private func dot(_ a: Tensor, _ b: [Double]) -> Double {
    zip(a.scalars, b).reduce(0) { $0 + Double($1.0) * $1.1 }
  }

  @Test(arguments: 1...60) func outputsAndGradientsAreThoseOfTheFormulas(seed: Int) throws {
    var draws = Draws(varied(UInt64(seed)))
    let inputs = draws.number(1...4)
    let (tree, outputs) = draws.tree(inputs, depth: 4)
    var network = NeuralNetwork(inputShape: [inputs])
    try network.append(layer(tree))
    #expect(network.outputShape == [outputs])

    let count = draws.number(1...3)
    let x = draws.tensor([count, inputs])
    let direction = draws.tensor([count, inputs]).scalars.map(Double.init)
    let r = draws.tensor([count, outputs])
    var directions: [[Double]] = []
    network.visitParameters { _, parameter in
      directions.append(draws.tensor(parameter.value.shape).scalars.map(Double.init))
    }

    var rows: [Dual] = []
    for row in 0..<count {
      var number = -1
      var next = {
        number += 1
        return directions[number]
      }
      rows += evaluate(
        tree,
        (0..<inputs).map { Dual(value: Double(x[row, $0]), slope: direction[row * inputs + $0]) },
        &next)
      #expect(number == directions.count - 1, "each parameter belongs to one layer")
    }
    let expected = Tensor(shape: [count, outputs], scalars: rows.map { Float($0.value) })
    expectClose(network.forward(x), expected, "output of \(tree)", atol: 1e-4, rtol: 1e-4)
    expectClose(
      network.forward(x, mode: .inference), expected, "output in inference", atol: 1e-4, rtol: 1e-4)

    _ = network.forward(x)
    var slope = dot(network.backwardToInput(r), direction)
    var number = 0
    network.visitParameters { _, parameter in
      slope += dot(parameter.gradient ?? Tensor(zeros: parameter.value.shape), directions[number])
      number += 1
    }
    let truth = dot(r, rows.map(\.slope))
    let size = zip(r.scalars, rows).reduce(1) { $0 + abs(Double($1.0) * $1.1.slope) }
    #expect(abs(slope - truth) < 2e-5 * size, "\(slope) against \(truth) for \(tree)")

    // The backward pass that computes no input gradient accumulates the same.
    var other = NeuralNetwork(inputShape: [inputs])
    try other.append(layer(tree))
    _ = other.forward(x)
    other.backward(r)
    let gradients = network.parameters
    other.visitParameters { name, parameter in
      #expect(parameter.gradient == gradients[name]?.gradient, "\(name)")
    }
  }
}
