import Shared

extension Figure {
  /// Predicted numbers over true ones, with the line on which both are equal.
  ///
  ///     let test = try network.evaluate(parts.test)
  ///     try Figure.predictions(test.predictions.scalars, truth: [12, 30, 7], name: "price")
  ///       .write(to: URL(filePath: "price.svg"))
  ///
  /// - Parameter name: the name of the quantity
  public static func predictions(_ predicted: [Float], truth: [Float], name: String) -> Figure {
    let points = zip(truth, predicted).map { (x: Double($0), y: Double($1)) }
    let all = points.flatMap { [$0.x, $0.y] }.filter(\.isFinite)
    let (least, most) = (all.min() ?? 0, all.max() ?? 1)
    let margin = most > least ? (most - least) / 20 : 1
    let range = (least - margin)...(most + margin)
    var figure = Figure(
      title: name.isEmpty ? "Predicted and true numbers" : "\(name): predicted and true",
      x: .init("true", range: range), y: .init("predicted", range: range))
    figure.size = Size(width: 520, height: 500)
    figure.marks = [
      .line(
        "equal", [(range.lowerBound, range.lowerBound), (range.upperBound, range.upperBound)],
        isReference: true),
      .points("examples", points),
    ]
    return figure
  }
}
