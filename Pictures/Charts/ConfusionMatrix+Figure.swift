import Networks

extension Figure {
  /// A confusion matrix: a row for each true class, a column for each predicted one; the darker a cell, the
  /// larger its share of the row.
  ///
  /// - Throws: `CourseError` for more than 40 classes, whose cells would be too small to read.
  public static func confusionMatrix(_ matrix: ConfusionMatrix) throws -> Figure {
    let count = matrix.classCount
    guard count <= 40 else {
      throw CourseError(
        .invalidArgument, "a confusion matrix is drawn for few classes", expected: "at most 40",
        received: "\(count)")
    }
    let names = matrix.classNames.map { $0.cut(to: 24) }
    var figure = Figure(
      title: "Confusion matrix", x: .init("predicted class", categories: names),
      y: .init("true class", categories: names))
    figure.y.isReversed = true
    let side = max(360, 40 * Double(count))
    // Cells stay square where long names need room.
    let longest = 7.2 * Double(names.map(\.letterCount).max() ?? 0)
    figure.size = .init(
      width: side + max(72, longest + 46) + 36,
      height: side + 110 + (longest > side / Double(count) ? longest : 0))
    let counts = matrix.counts
    var cells: [Mark] = []
    var texts: [Mark] = []
    for (actual, row) in counts.enumerated() {
      let total = max(row.reduce(0, +), 1)
      for (predicted, number) in row.enumerated() {
        let share = Double(number) / Double(total)
        // Right answers in the first colour of the palette, wrong ones in the second.
        let color = Theme.light.rgb(.series(actual == predicted ? 0 : 1))
        // A cell without examples has the colour of the panel, light or dark.
        guard number > 0 else { continue }
        // A single mistake among hundreds must still be seen.
        let strength = 0.12 + 0.88 * share
        let (x, y) = (Double(predicted), Double(actual))
        cells.append(
          .image(
            .init(
              columns: 1,
              pixels: [color.red, color.green, color.blue].map {
                UInt8((255 + (Double($0) - 255) * strength).rounded())
              }, x: (x - 0.5)...(x + 0.5), y: (y - 0.5)...(y + 0.5))))
        texts.append(
          .text(
            "\(number)", x: x, y: y,
            color: strength > 0.55 ? .rgb(255, 255, 255) : .rgb(0x24, 0x29, 0x2f)))
      }
    }
    figure.marks = cells + texts
    return figure
  }
}
