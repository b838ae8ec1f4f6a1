import CourseCommandLine
import Networks

extension DataOverview {
  /// Images from single files, all of which are decoded.
  init(_ source: any ImageSource, _ remarks: DataRemarks) throws {
    name = source.name
    examples = source.count
    let labels = source.labels
    var examplesOf = [Int](repeating: 0, count: source.classNames.count)
    for label in labels { examplesOf[label] += 1 }
    classes = zip(source.classNames, examplesOf).map { ClassCount(name: $0, examples: $1) }
    var counts: [[Int]: Int] = [:]
    for index in 0..<source.count {
      let image = try source.image(at: index)
      counts[[image.channels, image.height, image.width], default: 0] += 1
    }
    let sorted = counts.sorted { ($1.value, $0.key.description) < ($0.value, $1.key.description) }
    sizes = sorted.map { size, count in
      ClassCount(name: "\(size[2]) x \(size[1]), channels: \(size[0])", examples: count)
    }
    shape = counts.count == 1 ? counts.first?.key : nil
    skipped = remarks.skipped.map(\.oneLine)
    let shapes = ImageShapes(counts: counts)
    notes =
      remarks.notes
      + [ImageForm.note(shapes, try ImageInput(suiting: shapes))].compactMap {
        $0.map { "In training: \($0)" }
      }
    (columns, firstRows) = ([], [])
  }

  /// The sizes, if there are several, the notes and the skipped images.
  func imageLines(for stream: TextStream) -> [String] {
    let style = stream.style
    var lines: [String] = []
    if sizes.count > 1 {
      lines += ["", style.bold("Sizes, width x height")]
      lines += sizes.prefix(20).map { "  \($0.name): \($0.examples)" }
      if sizes.count > 20 { lines.append("  and \(sizes.count - 20) more") }
    }
    if !notes.isEmpty { lines += [""] + notes.map { stream.note($0.printable) } }
    if !skipped.isEmpty {
      lines += ["", style.yellow("Skipped \(skipped.count)")]
      lines += skipped.prefix(20).map { stream.wrapped("  \($0.printable)") }
      if skipped.count > 20 { lines.append("  and \(skipped.count - 20) more") }
    }
    return lines
  }
}
