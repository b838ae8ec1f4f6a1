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
    var figure = Figure(
      title: "Confusion matrix", x: .init("predicted class", categories: matrix.classNames),
      y: .init("true class", categories: matrix.classNames))
    figure.y.isReversed = true
    let side = max(360, 40 * Double(count))
    figure.size = .init(width: side + 140, height: side + 110)
    let counts = matrix.counts
    var pixels: [UInt8] = []
    var texts: [Mark] = []
    for (actual, row) in counts.enumerated() {
      let total = max(row.reduce(0, +), 1)
      for (predicted, number) in row.enumerated() {
        let share = Double(number) / Double(total)
        // Right answers in the first colour of the palette, wrong ones in the second.
        let color = Theme.light.rgb(.series(actual == predicted ? 0 : 1))
        // A single mistake among hundreds must still be seen.
        let strength = number == 0 ? 0 : 0.12 + 0.88 * share
        pixels += [color.red, color.green, color.blue].map {
          UInt8((255 + (Double($0) - 255) * strength).rounded())
        }
        if number > 0 {
          texts.append(
            .text(
              "\(number)", x: Double(predicted), y: Double(actual),
              color: strength > 0.55 ? .rgb(255, 255, 255) : .rgb(0x24, 0x29, 0x2f)))
        }
      }
    }
    let range = -0.5...(Double(max(count, 1)) - 0.5)
    figure.marks = [.image(.init(columns: count, pixels: pixels, x: range, y: range))] + texts
    return figure
  }
}
