import CourseTestSupport
import Foundation
import Shared
import Testing

/// The reduction of a list of numbers in double precision.
private struct Reference: Sendable {
  var name: String
  var number: @Sendable ([Double]) -> Double
  var tensor: @Sendable (Tensor, _ axis: Int, _ keepDims: Bool) -> Tensor
}

private func variance(_ x: [Double], unbiased: Bool = false) -> Double {
  let mean = x.reduce(0, +) / Double(x.count)
  return x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count - (unbiased ? 1 : 0))
}

private let references = [
  Reference(
    name: "sum", number: { $0.reduce(0, +) }, tensor: { $0.sum(axis: $1, keepDims: $2) }),
  Reference(
    name: "mean", number: { $0.reduce(0, +) / Double($0.count) },
    tensor: { $0.mean(axis: $1, keepDims: $2) }),
  Reference(
    name: "variance", number: { variance($0) }, tensor: { $0.variance(axis: $1, keepDims: $2) }),
  Reference(
    name: "unbiased variance", number: { variance($0, unbiased: true) },
    tensor: { $0.variance(axis: $1, keepDims: $2, unbiased: true) }),
  Reference(
    name: "max", number: { $0.max() ?? .nan }, tensor: { $0.max(axis: $1, keepDims: $2) }),
  Reference(
    name: "min", number: { $0.min() ?? .nan }, tensor: { $0.min(axis: $1, keepDims: $2) }),
]

/// The numbers along `axis` for each place of the other axes, in row-major order.
private func lines(_ x: Tensor, axis: Int) -> [[Double]] {
  var rest = x.shape
  rest[axis] = 1
  let values = x.scalars
  return (0..<rest.reduce(1, *)).map { place in
    var index = indices(of: place, in: rest)
    return (0..<x.shape[axis]).map { step in
      index[axis] = step
      return Double(values[position(of: index, in: x.shape)])
    }
  }
}

@Suite(.watched) struct TensorReductionTests {
  @Test(
    arguments: [
      [5], [1], [3, 4], [4, 1], [1, 6], [2, 3, 4], [3, 1, 2], [2, 1, 3, 2], [2, 2, 2, 3, 2],
      [17, 70],
      [70, 17], [4, 0, 3], [300, 3],
    ])
  func everyAxisMatchesALoop(shape: [Int]) {
    let x = Tensor(uniform: shape, in: -2..<3, key: RandomKey(seed: 51))
    for axis in shape.indices where shape[axis] > 0 {
      let lines = lines(x, axis: axis)
      var (kept, dropped) = (shape, shape)
      kept[axis] = 1
      dropped.remove(at: axis)
      for reference in references where shape[axis] > 1 || reference.name != "unbiased variance" {
        let wanted = lines.map { Float(reference.number($0)) }
        let subject = "\(reference.name) of \(shape) along \(axis)"
        for number in [axis, axis - shape.count] {
          expectClose(
            reference.tensor(x, number, false), Tensor(shape: dropped, scalars: wanted), subject,
            atol: 1e-5, rtol: 1e-6)
          expectClose(
            reference.tensor(x, number, true), Tensor(shape: kept, scalars: wanted), subject,
            atol: 1e-5, rtol: 1e-6)
        }
      }
      let places = lines.map { line in line.firstIndex(of: line.max() ?? 0) ?? -1 }
      #expect(x.argmax(axis: axis) == places, "argmax of \(shape) along \(axis)")
      #expect(x.argmax(axis: axis - shape.count) == places)
    }
  }

  /// Their work is cut into pieces, of rows or of columns.
  @Test(
    arguments: [
      [33, 1025], [2, 20, 1025], [1200, 40], [30, 40, 50], [20_000, 3], [3, 20_000], [40_000, 1],
      [1, 40_000], [64, 2, 300],
    ])
  func largeTensorsMatchALoop(shape: [Int]) {
    // Whole numbers, whose sums are exact.
    let values = (0..<shape.reduce(1, *)).map { Float($0 * 7919 % 1013 % 17) - 8 }
    let x = Tensor(shape: shape, scalars: values)
    for axis in shape.indices {
      let (length, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
      var sums = [Float](repeating: 0, count: values.count / length)
      var largest = [Float](repeating: -9, count: sums.count)
      for (place, value) in values.enumerated() {
        let result = place / (length * inner) * inner + place % inner
        sums[result] += value
        largest[result] = max(largest[result], value)
      }
      var rest = shape
      rest.remove(at: axis)
      #expect(x.sum(axis: axis) == Tensor(shape: rest, scalars: sums), "\(shape) along \(axis)")
      #expect(x.max(axis: axis) == Tensor(shape: rest, scalars: largest), "\(shape) along \(axis)")
    }
  }

  @Test(arguments: [[1], [7], [3, 5], [2, 3, 4], [1000], [70_003]])
  func everythingMatchesALoop(shape: [Int]) {
    let x = Tensor(uniform: shape, in: -2..<3, key: RandomKey(seed: 52))
    let values = x.scalars.map(Double.init)
    expectClose(x.sum(), Float(values.reduce(0, +)), "sum", atol: 1e-5, rtol: 1e-6)
    expectClose(x.mean(), Float(values.reduce(0, +) / Double(values.count)), "mean", rtol: 1e-6)
    expectClose(x.variance(), Float(variance(values)), "variance", rtol: 1e-6)
    #expect(Double(x.max()) == values.max())
    #expect(Double(x.min()) == values.min())
    #expect(x.argmax() == values.firstIndex(of: values.max() ?? 0))
  }

  @Test func scalarsReduceToThemselves() {
    let x = Tensor(-3)
    #expect(x.sum() == -3 && x.mean() == -3 && x.variance() == 0)
    #expect(x.max() == -3 && x.min() == -3 && x.argmax() == 0)
  }

  @Test func keptAxesBroadcastAgainstTheInput() {
    let x: Tensor = [[1, 2, 3], [4, 8, 12]]
    #expect(x - x.mean(axis: 1, keepDims: true) == [[-1, 0, 1], [-4, 0, 4]])
    #expect(x - x.min(axis: 0, keepDims: true) == [[0, 0, 0], [3, 6, 9]])
  }

  @Test func emptyTensorsSumToZeroAndHaveNoMean() {
    let x = Tensor(zeros: [0, 3])
    #expect(x.sum() == 0)
    #expect(x.mean().isNaN)
    #expect(x.variance().isNaN)
    #expect(x.sum(axis: 0) == [0, 0, 0])
    #expect(x.sum(axis: 1).shape == [0])
    #expect(x.sum(axis: 0, keepDims: true).shape == [1, 3])
    #expect(x.mean(axis: 0).scalars.allSatisfy { $0.isNaN })
    #expect(x.max(axis: 1).shape == [0])
    #expect(x.min(axis: -1, keepDims: true).shape == [0, 1])
    #expect(x.argmax(axis: 1) == [])
  }

  @Test func unbiasedVarianceOfOneElementIsNoNumber() {
    #expect(Tensor([[3, 4]]).variance(axis: 0, unbiased: true).scalars.allSatisfy { $0.isNaN })
    #expect(Tensor([[3, 4]]).variance(axis: 0) == [0, 0])
  }

  @Test func nanIsPassedOnWhereverItStands() {
    for count in [1, 3, 16, 33, 100] {
      for place in Set([0, count / 2, count - 1]) {
        var x = Tensor(uniform: [count], key: RandomKey(seed: 53))
        x[place] = .nan
        #expect(x.sum().isNaN && x.mean().isNaN && x.variance().isNaN)
        #expect(x.max().isNaN && x.min().isNaN, "NaN at \(place) of \(count)")
        #expect(x.argmax() == place)
        // Beside a column without NaN, in both directions.
        let columns = Tensor(stacking: [x, Tensor(ones: [count])], axis: 1)
        for result in [columns.sum(axis: 0), columns.max(axis: 0), columns.min(axis: 0)] {
          #expect(result[0].isNaN && !result[1].isNaN, "NaN at \(place) of \(count)")
        }
        #expect(columns.argmax(axis: 0) == [place, 0])
        #expect(columns.transposed().max(axis: 1)[0].isNaN)
        #expect(!columns.transposed().max(axis: 1)[1].isNaN)
      }
    }
  }

  @Test func infinitiesCount() {
    let x = Tensor([[1, .infinity], [-.infinity, 2]])
    #expect(x.max(axis: 0) == Tensor([1, .infinity]))
    #expect(x.min(axis: 0) == Tensor([-.infinity, 2]))
    #expect(x.sum().isNaN)
    #expect(Tensor([-.infinity, -.infinity]).max() == -.infinity)
    #expect(Tensor([.infinity, .infinity]).min() == .infinity)
    #expect(Tensor([-.infinity, -.infinity]).argmax() == 0)
  }

  @Test func theFirstOfEqualsIsTheLargest() {
    #expect(Tensor([1, 3, 3, 2]).argmax() == 1)
    #expect(Tensor(zeros: [100]).argmax() == 0)
    #expect(Tensor([[1, 1, 0], [0, 2, 2]]).argmax(axis: 1) == [0, 1])
    #expect(Tensor([[1, 5], [1, 5], [0, 5]]).argmax(axis: 0) == [0, 0])
    #expect(Tensor([0, -0.0, 0]).argmax() == 0)
    var x = Tensor(zeros: [100])
    x[90] = 1
    x[40] = 1
    #expect(x.argmax() == 40)
  }

  @Test func varianceStaysAccurateFarFromZero() {
    // The mean of squares minus the square of the mean has no right digit left here.
    for mean: Float in [1e3, 1e4, 1e5] {
      let x = Tensor(normal: [5000], mean: mean, key: RandomKey(seed: 54))
      let wanted = Float(variance(x.scalars.map(Double.init)))
      expectClose(x.variance(), wanted, "variance around \(mean)", atol: 0, rtol: 1e-4)
      expectClose(
        x.reshaped(to: [1, -1]).variance(axis: 1), Tensor([wanted]), "along a row around \(mean)",
        atol: 0,
        rtol: 1e-4)
      expectClose(
        x.reshaped(to: [-1, 1]).variance(axis: 0), Tensor([wanted]),
        "along a column around \(mean)",
        atol: 0,
        rtol: 1e-4)
    }
  }

  @Test func longSumsLoseNoDigits() {
    // Added one after the other in Float, a million times 0.1 makes 100958.34.
    let x = Tensor(repeating: 0.1, shape: [1_000_000])
    expectClose(x.sum(), 100_000, "sum", atol: 0, rtol: 3e-7)
    expectClose(x.mean(), 0.1, "mean", atol: 0, rtol: 3e-7)
    expectClose(
      x.reshaped(to: [100_000, 10]).sum(axis: 0), Tensor(repeating: 10_000, shape: [10]), "columns",
      atol: 0, rtol: 3e-7)
  }
}
