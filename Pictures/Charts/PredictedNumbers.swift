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

  /// Predictions of a series and its truth, over time.
  ///
  /// - Parameters:
  ///   - predicted: lines with their names; the first number of each is the prediction of truth number `start`
  ///   - truth: the numbers as they came
  ///   - times: the time of each number of the truth; empty to count them
  ///   - areDates: whether times are days since 1970
  ///   - name: the quantity, for the title; empty for none
  public static func series(
    _ predicted: [(name: String, start: Int, values: [Float])], truth: [Float],
    times: [Double] = [], areDates: Bool = false, name: String
  ) -> Figure {
    let times = times.count == truth.count ? times : truth.indices.map { Double($0 + 1) }
    var figure = Figure(
      title: (name.isEmpty ? "Numbers" : name) + ": predicted and true",
      x: .init(areDates ? "" : "row"), y: .init(name))
    (figure.x.isWhole, figure.x.isOfDates) = (true, areDates)
    if !areDates, let first = times.first, let last = times.last { figure.x.range = first...last }
    figure.size = Size(width: 860, height: 380)
    func points(_ values: [Float], from start: Int) -> [(x: Double, y: Double)] {
      zip(times.dropFirst(start), values).map { ($0, Double($1)) }
    }
    figure.marks = [
      .line("true", points(truth, from: 0), color: .reference, hasMarkers: false)
    ]
    figure.marks += predicted.map {
      .line($0.name, points($0.values, from: $0.start), hasMarkers: false)
    }
    return figure
  }
}
