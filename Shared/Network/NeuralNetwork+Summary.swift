extension NeuralNetwork {
  /// A table of the layers with their output shapes and numbers of parameters, as Keras prints it.
  ///
  ///     Layer (type)        Output shape     Parameters
  ///     ───────────────────────────────────────────────
  ///     0  Dense            [N, 32]               2,080
  ///     1  ReLU             [N, 32]                   0
  ///     2  Dense            [N, 10]                 330
  ///     ───────────────────────────────────────────────
  ///     Input [N, 64]
  ///     Parameters: 2,410 (9.4 KB)
  ///
  /// Layers inside of a layer follow it, indented, and their parameters are part of its number. Where layers are frozen,
  /// or have a learning rate of their own, a column `Training` says so.
  public func summary() -> String {
    var header = ["Layer (type)", "Output shape", "Parameters"]
    let places = layerPlaces
    var rows = places.map { place in
      [
        String(repeating: "   ", count: place.depth)
          + "\(place.name)  \(type(of: place.layer).typeName)",
        Self.shapeText(place.outputShape), place.layer.parameterCount.grouped,
      ]
    }
    let notes = places.map { Self.trainingNote(of: $0.layer) }
    if notes.contains(where: { !$0.isEmpty }) {
      header.append("Training")
      for index in rows.indices { rows[index].append(notes[index]) }
    }
    let widths = header.indices.map { column in
      (rows + [header]).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      cells[0].padded(right: widths[0] + 4) + cells[1].padded(right: widths[1] + 4)
        + cells[2].padded(left: widths[2])
        + (cells.count > 3 && !cells[3].isEmpty ? "    " + cells[3] : "")
    }
    let rule = String(repeating: "─", count: widths.reduce(4 * (widths.count - 1), +))
    var lines = [line(header), rule] + rows.map(line) + [rule]
    lines.append("Input \(Self.shapeText(inputShape))")
    let trainable = trainableParameterCount
    lines.append(
      "Parameters: \(parameterCount.grouped) (\(Self.memoryText(parameterCount * 4)))"
        + (trainable < parameterCount ? ", \(trainable.grouped) of them trained" : ""))
    if let loss { lines.append("Loss: \(type(of: loss).typeName)") }
    if let optimizer {
      lines.append(
        "Optimizer: \(type(of: optimizer).typeName), learning rate \(optimizer.learningRate)")
    }
    return lines.joined(separator: "\n")
  }

  /// "frozen", "partly frozen", "learning rate × 0.1", or nothing.
  private static func trainingNote(of layer: any Layer) -> String {
    var (frozen, trained) = (false, false)
    var factors: [Float] = []
    layer.visitParameters { _, parameter in
      guard parameter.isTrainable else { return frozen = true }
      trained = true
      if !factors.contains(parameter.learningRateFactor) {
        factors.append(parameter.learningRateFactor)
      }
    }
    var notes = frozen ? [trained ? "partly frozen" : "frozen"] : []
    if factors.contains(where: { $0 != 1 }) {
      notes.append("learning rate × " + factors.map { "\($0)" }.joined(separator: " and "))
    }
    return notes.joined(separator: ", ")
  }

  private static func shapeText(_ shape: [Int]) -> String {
    "[" + (["N"] + shape.map(String.init)).joined(separator: ", ") + "]"
  }

  private static func memoryText(_ bytes: Int) -> String {
    let tenths = { (unit: Int) in "\((bytes * 10 / unit) / 10).\((bytes * 10 / unit) % 10)" }
    if bytes < 1024 { return "\(bytes) B" }
    return bytes < 1 << 20 ? tenths(1024) + " KB" : tenths(1 << 20) + " MB"
  }
}

extension Int {
  /// The number with a comma after every three digits: 1,234,567.
  package var grouped: String {
    var text = ""
    for (place, digit) in String(self).reversed().enumerated() {
      if place > 0 && place.isMultiple(of: 3) && digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
