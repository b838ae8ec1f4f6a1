import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

extension FirstPrinciplesTests {
  /// Task 0.3. Each test looks at the loops and at the tensor operations.
  @Suite struct AxesTests {
    private static let x: Tensor = [[1, 2, 6], [3, 4, -1]]

    @Test(arguments: ["rowSumsByLoops", "rowSums"])
    func rowSums(_ name: String) {
      let sums = name == "rowSums" ? Axes.rowSums(Self.x) : Axes.rowSumsByLoops(Self.x)
      expectClose(
        sums, [[9], [6]], "Axes.\(name)",
        mistakes: [
          "the axis disappeared: keepDims: true leaves it with size 1, so that [2, 1] lines up with the rows":
            [9, 6],
          "these are the sums of the columns: a row runs along axis 1": [4, 6, 5],
          "these are the sums of the columns: a row runs along axis 1; and here": [[4, 6, 5]],
          "this is the sum of everything": Tensor(15),
          "these are means, not sums": [[3], [2]],
          "the last column is missing": [[3], [7]],
          "only the last column was taken: add to what is there": [[6], [-1]],
          "nothing was added up": [[0], [0]],
        ])
    }

    @Test(arguments: ["columnSumsByLoops", "columnSums"])
    func columnSums(_ name: String) {
      let sums = name == "columnSums" ? Axes.columnSums(Self.x) : Axes.columnSumsByLoops(Self.x)
      expectClose(
        sums, [4, 6, 5], "Axes.\(name)",
        mistakes: [
          "these are the sums of the rows: a column runs along axis 0": [9, 6],
          "the axis was kept: here the shape is [C]": [[4, 6, 5]],
          "these are means, not sums": [2, 3, 2.5],
          "only the last row was taken: add to what is there": [3, 4, -1],
          "nothing was added up": [0, 0, 0],
        ])
    }

    @Test(arguments: ["addingBiasByLoops", "addingBias"])
    func bias(_ name: String) {
      let (x, b): (Tensor, Tensor) = ([[1, 2], [3, 4]], [10, 20])
      let y =
        name == "addingBias" ? Axes.addingBias(x, bias: b) : Axes.addingBiasByLoops(x, bias: b)
      expectClose(
        y, [[11, 22], [13, 24]], "Axes.\(name)",
        mistakes: [
          "the bias went down the columns: bias[c] belongs to column c": [[11, 12], [23, 24]],
          "only the first row has got its bias": [[11, 22], [3, 4]],
          "the bias was subtracted": x - b, "nothing was added": x,
          "every element has got the first bias": [[11, 12], [13, 14]],
          "the factors were multiplied, not added": x * b,
        ])
    }

    /// (a - a.mean(0)) / a.std(0), in double precision
    @Test(arguments: ["standardizedColumnsByLoops", "standardizedColumns"])
    func standardizing(_ name: String) {
      let x: Tensor = [[1, 2], [3, 4], [8, 0]]
      let y =
        name == "standardizedColumns"
        ? Axes.standardizedColumns(x) : Axes.standardizedColumnsByLoops(x)
      let centered = x - x.mean(axis: 0)
      let variance = square(centered).mean(axis: 0)
      expectClose(
        y, [[-1.0190493, 0], [-0.3396831, 1.2247449], [1.3587324, -1.2247449]], "Axes.\(name)",
        mistakes: [
          "not divided by the deviation": centered,
          "divided by the variance: its root is the deviation": centered / variance,
          "the mean was not taken off": x / sqrt(variance),
          "the variance is the mean of the squares of x − mean, not of x":
            centered / sqrt(square(x).mean(axis: 0)),
          "the variance was divided by N − 1, here it is the mean of N squares":
            centered / sqrt(variance * 1.5),
          "the variance was not divided by N": centered / sqrt(variance * 3),
          "one mean and one deviation for everything: each column has its own":
            (x - x.mean()) / square(x - x.mean()).mean().squareRoot(),
          "rows were standardised, not columns":
            (x - x.mean(axis: 1, keepDims: true))
            / sqrt(square(x - x.mean(axis: 1, keepDims: true)).mean(axis: 1, keepDims: true)),
          "nothing was changed": x,
        ])
    }

    @Test(arguments: ["accuracyByLoops", "accuracy"])
    func accuracy(_ name: String) {
      let scores: Tensor = [[0.1, 2, -1], [3, -5, 2], [-3, -2, -1], [0, 1, 5], [9, 3, -2]]
      let oneHot: Tensor = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]]
      let value =
        name == "accuracy"
        ? Axes.accuracy(scores: scores, oneHot: oneHot)
        : Axes.accuracyByLoops(scores: scores, oneHot: oneHot)
      expectClose(
        value, 0.8, "Axes.\(name)",
        mistakes: [
          "this is the number of right answers, not yet the fraction": 4,
          "this is the fraction of wrong answers": 0.2,
          "none is counted as right: whole numbers were divided (Float(right) / Float(count)), the largest of each column was taken (axis 0), or the smallest of each row (<)":
            0,
          "the row of negative scores is counted as wrong: the search for the largest begins at the first score, not at 0":
            0.6,
        ])
    }
  }
}
