import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct TensorDescriptionTests {
  @Test func scalarsAndVectorsStandOnOneLine() {
    #expect("\(Tensor(3.5))" == "3.5")
    #expect("\(Tensor(-2))" == "-2.0")
    #expect("\(Tensor([1, 2, 3]))" == "[1.0, 2.0, 3.0]")
  }

  @Test func numbersOfAMatrixStandInColumns() {
    #expect("\(Tensor([[1, 2.5], [-3, 40]]))" == "[[ 1.0,  2.5],\n [-3.0, 40.0]]")
  }

  @Test func matricesAreKeptApart() {
    let x = Tensor(arange: 0, to: 8).reshaped(to: [2, 2, 2])
    #expect(
      "\(x)" == """
        [[[0.0, 1.0],
          [2.0, 3.0]],

         [[4.0, 5.0],
          [6.0, 7.0]]]
        """)
  }

  @Test func onlyTheDigitsThatCountAreShown() {
    #expect("\(Tensor([0.5, 0.25]))" == "[0.50, 0.25]")
    #expect("\(Tensor([0.1, 0.125]))" == "[0.100, 0.125]")
    #expect("\(Tensor([1.0 / 3, 2]))" == "[0.3333, 2.0000]")
    #expect("\(Tensor([12_345_678, 5_000_000]))" == "[12345678.0,  5000000.0]")
  }

  @Test func smallAndLargeNumbersAreScientific() {
    #expect("\(Tensor([1e-6, 1, 1000]))" == "[1.0e-06, 1.0e+00, 1.0e+03]")
    #expect("\(Tensor([1e10, -2.5]))" == "[ 1.0e+10, -2.5e+00]")
    #expect("\(Tensor([3.14159e-5]))" == "[3.1416e-05]")
    #expect("\(Tensor([0, 1e-30]))" == "[0.0e+00, 1.0e-30]")
  }

  @Test func nanAndInfinityAreNamed() {
    #expect("\(Tensor([.nan, 1.5, -.infinity]))" == "[ nan,  1.5, -inf]")
    #expect("\(Tensor([.nan, .infinity]))" == "[nan, inf]")
  }

  @Test func emptyTensorsShowTheirShape() {
    #expect("\([] as Tensor)" == "[]")
    #expect("\(Tensor(zeros: [0, 3]))" == "[] (shape [0, 3])")
  }

  @Test func longRowsGoOnBelowTheirFirstNumber() {
    let text = "\(Tensor(arange: 0, to: 40).reshaped(to: [2, 20]))"
    #expect(
      text == """
        [[ 0.0,  1.0,  2.0,  3.0,  4.0,  5.0,  6.0,  7.0,  8.0,  9.0, 10.0, 11.0, 12.0,
          13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0],
         [20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0,
          33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0]]
        """)
    let widest = "\(Tensor(normal: [900], key: RandomKey(seed: 71)))".split(separator: "\n")
    #expect(widest.allSatisfy { $0.count <= 80 })
  }

  @Test func theMiddleOfLargeTensorsIsLeftOut() {
    #expect(
      "\(Tensor(arange: 0, to: 2000))"
        == "[   0.0,    1.0,    2.0, ..., 1997.0, 1998.0, 1999.0] (shape [2000])")
    #expect(
      "\(Tensor(arange: 0, to: 1200).reshaped(to: [8, 150]))" == """
        [[   0.0,    1.0,    2.0, ...,  147.0,  148.0,  149.0],
         [ 150.0,  151.0,  152.0, ...,  297.0,  298.0,  299.0],
         [ 300.0,  301.0,  302.0, ...,  447.0,  448.0,  449.0],
         ...,
         [ 750.0,  751.0,  752.0, ...,  897.0,  898.0,  899.0],
         [ 900.0,  901.0,  902.0, ..., 1047.0, 1048.0, 1049.0],
         [1050.0, 1051.0, 1052.0, ..., 1197.0, 1198.0, 1199.0]] (shape [8, 150])
        """)
    // Numbers that are not shown do not decide how the others look.
    var x = Tensor(zeros: [2000])
    x[1000] = 1e20
    #expect("\(x)" == "[0.0, 0.0, 0.0, ..., 0.0, 0.0, 0.0] (shape [2000])")
    #expect("\(Tensor(zeros: [1000]))".contains("...") == false)
  }

  @Test func theDebuggerSeesTheShape() {
    #expect(String(reflecting: Tensor([[1, 2]])) == "Tensor(shape: [1, 2], [[1.0, 2.0]])")
  }
}
