import CourseTestSupport
import Shared
import Testing

/// Everything that can change a tensor.
private let mutations: [(name: String, mutate: @Sendable (inout Tensor) -> Void)] = [
  ("subscript", { $0[1, 0] = 9 }),
  ("subscript +=", { $0[1, 0] += 9 }),
  ("slice", { $0[..<1] = Tensor(repeating: 9, shape: [1, 3]) }),
  ("slice +=", { $0[0..., 1...] += 9 }),
  ("+= tensor", { $0 += Tensor(ones: [2, 3]) }),
  ("-= tensor", { $0 -= Tensor(ones: [2, 3]) }),
  ("*= tensor", { $0 *= Tensor(repeating: 2, shape: [2, 3]) }),
  ("/= tensor", { $0 /= Tensor(repeating: 2, shape: [2, 3]) }),
  ("+= row", { $0 += Tensor(ones: [3]) }),
  ("-= column", { $0 -= Tensor(ones: [2, 1]) }),
  ("*= scalar tensor", { $0 *= Tensor(2) }),
  ("/= row", { $0 /= Tensor(repeating: 2, shape: [1, 3]) }),
  ("+= number", { $0 += 1 }),
  ("-= number", { $0 -= 1 }),
  ("*= number", { $0 *= 2 }),
  ("/= number", { $0 /= 2 }),
  ("add(_:scaledBy:)", { $0.add(Tensor(ones: [2, 3]), scaledBy: 3) }),
  ("write", { $0.write { $0[0] = 9 } }),
]

@Suite(.watched) struct TensorCopyOnWriteTests {
  private func original() -> Tensor { [[1, 2, 3], [4, 5, 6]] }

  @Test func aCopyKeepsItsValuesWhenTheOriginalIsWrittenTo() {
    for (name, mutate) in mutations {
      var x = original()
      let copy = x
      #expect(address(x) == address(copy), "assigning copies nothing")
      mutate(&x)
      #expect(copy == original(), "\(name) changed a copy of the tensor")
      #expect(x != original(), "\(name) changed nothing")
    }
  }

  @Test func theOriginalKeepsItsValuesWhenACopyIsWrittenTo() {
    for (name, mutate) in mutations {
      let x = original()
      var copies = [x, x]
      mutate(&copies[0])
      #expect(x == original(), "\(name) on a copy changed the original")
      #expect(copies[1] == original(), "\(name) on a copy changed another copy")
    }
  }

  @Test func aTensorThatNobodySharesIsWrittenInPlace() {
    for (name, mutate) in mutations {
      var x = original()
      let before = address(x)
      mutate(&x)
      #expect(address(x) == before, "\(name) copied a tensor that is not shared")
    }
  }

  @Test func memoryIsTheTensorsOwnAgainWhenTheCopyIsGone() {
    var x = original()
    do {
      let copy = x
      x[0, 0] = 7
      #expect(copy[0, 0] == 1)
    }
    let before = address(x)
    x[0, 0] = 8
    #expect(address(x) == before)
  }

  @Test func elementsOfArraysAndPropertiesAreWrittenInPlace() {
    struct Holder { var tensors: [Tensor] }
    var holder = Holder(tensors: [original(), original()])
    let before = holder.tensors.map(address)
    for i in holder.tensors.indices {
      holder.tensors[i] *= 2
      holder.tensors[i][0, 0] = 5
    }
    #expect(holder.tensors.map(address) == before)
  }

  @Test func aFunctionCannotChangeTheTensorOfItsCaller() {
    func doubled(_ x: Tensor) -> Tensor {
      var x = x
      x *= 2
      return x
    }
    let x = original()
    #expect(doubled(x) == x + x)
    #expect(x == original())
  }
}
