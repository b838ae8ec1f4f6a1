import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TensorCreationTests {
  @Test func constantsFillTheirShape() {
    for shape in [[], [0], [1], [5], [2, 3], [2, 0, 3], [2, 3, 4, 5, 6]] {
      let count = shape.reduce(1, *)
      for (tensor, value) in [
        (Tensor(zeros: shape), Float(0)), (Tensor(ones: shape), 1),
        (Tensor(repeating: -2.5, shape: shape), -2.5),
      ] {
        #expect(tensor.shape == shape)
        #expect(tensor.rank == shape.count)
        #expect(tensor.count == count)
        #expect(tensor.scalars == [Float](repeating: value, count: count))
      }
    }
  }

  @Test func scalarsStandInRowMajorOrder() {
    let x = Tensor(shape: [2, 3], scalars: [1, 2, 3, 4, 5, 6])
    #expect(x.shape == [2, 3])
    #expect(x.scalars == [1, 2, 3, 4, 5, 6])
    #expect(x[0, 2] == 3)
    #expect(x[1, 0] == 4)
  }

  @Test func theOnlyElementIsTheScalar() {
    #expect(Tensor(3).shape == [])
    #expect(Tensor(3).scalar == 3)
    #expect(Tensor([[[7]]]).scalar == 7)
  }

  @Test func variablesMayStandAmongNumbers() {
    let (x, y): (Float, Float) = (2, 5)
    #expect(Tensor([x, 3]).scalars == [2, 3])
    #expect(Tensor([[x, -y], [1, 1 / 4]]) == [[2, -5], [1, 0.25]])
    #expect(Tensor([[[x], [3 * y]]]) == [[[2], [15]]])
  }

  @Test func arraysBecomeTensorsOfTheirRank() {
    let row: [Float] = [1, 2, 3]
    let rows: [[Float]] = [[1, 2, 3], [4, 5, 6]]
    let matrices: [[[Float]]] = [rows, rows]
    let volumes: [[[[Float]]]] = [matrices, matrices, matrices]
    #expect(Tensor(row).shape == [3])
    #expect(Tensor(rows).shape == [2, 3])
    #expect(Tensor(matrices).shape == [2, 2, 3])
    #expect(Tensor(volumes).shape == [3, 2, 2, 3])
    #expect(Tensor(volumes).scalars == volumes.flatMap { $0 }.flatMap { $0 }.flatMap { $0 })
    #expect(Tensor([Float]()).shape == [0])
  }

  @Test func nestedLiteralsBecomeTensors() {
    let vector: Tensor = [1, 2.5, -3]
    let matrix: Tensor = [[1, 2], [3, 4], [5, 6]]
    let volume: Tensor = [[[1], [2]], [[3], [4]], [[5], [6]]]
    let deep: Tensor = [[[[[1, 2]]]]]
    let empty: Tensor = []
    let emptyRows: Tensor = [[], []]
    #expect(vector.shape == [3])
    #expect(vector.scalars == [1, 2.5, -3])
    #expect(matrix.shape == [3, 2])
    #expect(matrix.scalars == [1, 2, 3, 4, 5, 6])
    #expect(volume.shape == [3, 2, 1])
    #expect(volume.scalars == [1, 2, 3, 4, 5, 6])
    #expect(deep.shape == [1, 1, 1, 1, 2])
    #expect(empty.shape == [0])
    #expect(emptyRows.shape == [2, 0])
  }

  @Test func arangeStopsBeforeItsEnd() {
    #expect(Tensor(arange: 0, to: 4).scalars == [0, 1, 2, 3])
    #expect(Tensor(arange: 0, to: 1, by: 0.25).scalars == [0, 0.25, 0.5, 0.75])
    #expect(Tensor(arange: 2, to: 2).shape == [0])
    #expect(Tensor(arange: 3, to: 0).shape == [0])
    #expect(Tensor(arange: 3, to: 0, by: -1).scalars == [3, 2, 1])
    #expect(Tensor(arange: 0, to: 1, by: 5).scalars == [0])
    // Neither 0.1 nor the ends are exact in binary: ten steps must not become eleven.
    for steps in 1...50 {
      let end = Float(steps) / 10
      #expect(Tensor(arange: 0, to: end, by: 0.1).count == steps, "to \(end)")
      #expect(Tensor(arange: 0, to: -end, by: -0.1).count == steps, "to \(-end)")
    }
  }

  @Test func eyeIsTheIdentityMatrix() {
    #expect(Tensor(eye: 3) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(Tensor(eye: 1) == [[1]])
    #expect(Tensor(eye: 0).shape == [0, 0])
  }

  @Test func oneHotMarksTheColumnOfEachIndex() {
    #expect(Tensor(oneHot: [2, 0], classCount: 3) == [[0, 0, 1], [1, 0, 0]])
    #expect(Tensor(oneHot: [], classCount: 3).shape == [0, 3])
    let labels = [4, 0, 3, 3, 1]
    #expect(Tensor(oneHot: labels, classCount: 5).argmax(axis: 1) == labels)
  }

  @Test func elementsAreAlignedToCacheLines() {
    for count in [1, 5, 100, 20_000, 70_000] {
      #expect(address(Tensor(zeros: [count])) % 64 == 0, "\(count) elements")
    }
  }

  @Test func reusedMemoryIsOverwritten() {
    // Large buffers are kept for the next tensor of that size: nothing old may shine through.
    for value: Float in [1, 2, 3] {
      #expect(Tensor(repeating: value, shape: [30_000]).min() == value)
      #expect(Tensor(zeros: [30_000]).max() == 0)
    }
  }
}
