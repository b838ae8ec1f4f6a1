import Networks

extension Figure {
  /// The rows of a matrix in the two directions in which they differ most, one colour for each class: principal
  /// component analysis, of the outputs of a network's last layer for instance.
  ///
  /// - Parameters:
  ///   - rows: `[N, F]`, at least two rows and two columns
  ///   - labels: the class of each row
  ///   - classNames: the name of each class
  /// - Throws: `CourseError` when the sizes do not fit, for a value that is not finite, and for more than 40 classes
  /// - Reference: Pearson (1901), *Philosophical Magazine* 2
  public static func projection(
    of rows: Tensor, labels: [Int], classNames: [String]
  ) throws -> Figure {
    guard rows.rank == 2, rows.shape[0] == labels.count, rows.shape[0] >= 2, rows.shape[1] >= 2,
      labels.allSatisfy(classNames.indices.contains), rows.isFinite
    else {
      throw CourseError(
        .invalidData, "rows to project",
        expected: "finite rows [N, F] with N and F of at least 2 "
          + "and a label below \(classNames.count) for each",
        received: "shape \(rows.shape), \(labels.count) labels")
    }
    guard classNames.count <= 40 else {
      throw CourseError(
        .invalidArgument, "a projection is drawn for few classes", expected: "at most 40",
        received: "\(classNames.count)")
    }
    let centered = rows - rows.mean(axis: 0)
    let total = Double(square(centered).sum())
    let (first, firstShare) = component(of: centered, total: total)
    let coordinates = centered.matmul(first)
    let rest =
      centered - coordinates.reshaped(to: [-1, 1]).matmul(first.reshaped(to: [1, -1]))
    let (second, secondShare) = component(of: rest, total: total)
    let (x, y) = (coordinates.scalars, centered.matmul(second).scalars)
    func axis(_ number: String, _ share: Double) -> Axis {
      .init("\(number) component, \(Int((100 * share).rounded())) % of the variance")
    }
    var figure = Figure(
      title: "Outputs in two dimensions", x: axis("first", firstShare),
      y: axis("second", secondShare))
    figure.marks = classNames.enumerated().map { label, name in
      .points(
        name,
        labels.indices.filter { labels[$0] == label }.map { (Double(x[$0]), Double(y[$0])) })
    }
    return figure
  }

  /// The direction of the largest variance, of length 1, by power iteration, and its share of the total.
  private static func component(of rows: Tensor, total: Double) -> (Tensor, Double) {
    let width = rows.shape[1]
    var direction = Tensor(normal: [width], key: RandomKey(seed: 1))
    for _ in 0..<200 {
      let next = rows.matmul(rows.matmul(direction), transposingSelf: true)
      let length = square(next).sum().squareRoot()
      // No variance is left: any direction is as good.
      guard length > 0 else { break }
      direction = next / length
    }
    direction /= square(direction).sum().squareRoot()
    let share = total > 0 ? Double(square(rows.matmul(direction)).sum()) / total : 0
    return (direction, share)
  }
}
