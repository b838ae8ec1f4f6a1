import Networks

/// A drawing of a network: a block for each layer, with its type, output shape and number of parameters.
///
///     try NetworkDiagram(network).write(to: URL(filePath: "network.svg"))
public struct NetworkDiagram: Drawn, Sendable {
  private let rows: [(title: String, shape: String, parameters: Int)]

  /// Describes the layers of a network.
  public init(_ network: NeuralNetwork) {
    rows =
      [("Input", Self.text(network.inputShape), 0)]
      + zip(network.layers, network.layerOutputShapes).map { layer, shape in
        (
          type(of: layer).typeName, Self.text(shape),
          layer.parameters.values.reduce(0) { $0 + $1.value.count }
        )
      }
  }

  private static func text(_ shape: [Int]) -> String {
    shape.map(String.init).joined(separator: " × ")
  }

  var drawing: Drawing {
    let (width, height, gap) = (380.0, 44.0, 22.0)
    var drawing = Drawing(
      width: width + 80, height: 40 + Double(rows.count) * (height + gap) - gap)
    drawing.label = "Layers: " + rows.map(\.title).joined(separator: ", ")
    for (index, row) in rows.enumerated() {
      let (x, y) = (40.0, 20 + Double(index) * (height + gap))
      if index > 0 {
        let middle = x + width / 2
        drawing.polyline([(middle, y - gap), (middle, y - 6)], .soft, width: 1.5)
        drawing.polygon([(middle, y), (middle - 5, y - 8), (middle + 5, y - 8)], .soft)
      }
      let ink: Ink = index == 0 ? .soft : row.parameters > 0 ? .series(0) : .series(2)
      drawing.rectangle(at: (x, y), width: width, height: height, radius: 6, .grid)
      drawing.rectangle(at: (x, y), width: 6, height: height, ink)
      drawing.text(row.title, at: (x + 20, y + 27), .init(size: 14, isBold: true))
      drawing.text(
        row.shape, at: (x + width / 2 + 20, y + 27), anchor: .middle)
      if row.parameters > 0 {
        drawing.text(
          "\(row.parameters.grouped) weights", at: (x + width - 16, y + 27), .small, .soft,
          anchor: .end)
      }
    }
    return drawing
  }
}
