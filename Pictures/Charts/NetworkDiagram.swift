import Networks

/// A drawing of a network: a box for each layer, with its type, output shape and number of parameters.
///
///     try NetworkDiagram(network).write(to: URL(filePath: "network.svg"))
///
/// The paths of a container (`Residual`, `Skip`, `Branches`) stand side by side in a frame, from where their common input
/// forks to where their outputs are added or concatenated; a line is a path that only passes its input on. Blocks that
/// follow each other and are equal are drawn once, in a dashed frame, with their number.
public struct NetworkDiagram: Drawn, Sendable {
  private let root: [DiagramNode]

  /// Describes the layers of a network.
  public init(_ network: NeuralNetwork) {
    let places = network.layerPlaces
    var index = 0
    let layers = DiagramNode.layers(of: places, from: &index, depth: 0)
    root =
      [.box(title: "Input", shape: Self.text(network.inputShape), parameters: nil)]
      + DiagramNode.folded(layers)
  }

  fileprivate static func text(_ shape: [Int]) -> String {
    shape.map(String.init).joined(separator: " × ")
  }

  var drawing: Drawing {
    let isPlain = root.allSatisfy { if case .box = $0 { true } else { false } }
    let block = DiagramBlock(chain: root.map { DiagramBlock($0, isWide: isPlain) })
    let margin = isPlain ? 40.0 : 24.0
    var drawing = Drawing(width: block.width + 2 * margin, height: block.height + 40)
    drawing.label = "Layers: " + root.flatMap(\.titles).joined(separator: ", ")
    block.draw(&drawing, (margin, 20))
    return drawing
  }
}

/// A part of a diagram.
private indirect enum DiagramNode: Equatable, Sendable {
  /// A layer; the input has no number of parameters.
  case box(title: String, shape: String, parameters: Int?)
  /// The paths of a container, each a chain, which may be empty.
  case paths(title: String, merge: [String], [[DiagramNode]])
  /// A chain that comes several times.
  case repeated([DiagramNode], count: Int)

  /// The types of the layers, in order.
  var titles: [String] {
    switch self {
    case .box(let title, _, _): [title]
    case .paths(let title, _, let paths): [title] + paths.flatMap { $0.flatMap(\.titles) }
    case .repeated(let chain, let count): chain.flatMap(\.titles) + ["times \(count)"]
    }
  }

  /// The layers from a place on, as far as they are at least at `depth`. A `Sequential` is its layers.
  static func layers(
    of places: [NeuralNetwork.LayerPlace], from index: inout Int, depth: Int
  ) -> [DiagramNode] {
    var result: [DiagramNode] = []
    while index < places.count, places[index].depth >= depth {
      let place = places[index]
      index += 1
      guard let container = place.layer as? any LayerContainer else {
        result.append(
          .box(
            title: type(of: place.layer).typeName, shape: NetworkDiagram.text(place.outputShape),
            parameters: place.layer.parameterCount))
        continue
      }
      guard !(container is Sequential) else {
        result += layers(of: places, from: &index, depth: depth + 1)
        continue
      }
      var paths: [[DiagramNode]] = []
      let names = container.layerNames
      for name in names {
        // Paths that only pass on their input are no places.
        guard index < places.count, places[index].depth == depth + 1, places[index].name == name
        else {
          paths.append([])
          continue
        }
        var end = index + 1
        while end < places.count, places[end].depth > depth + 1 { end += 1 }
        var first = 0
        paths.append(
          folded(layers(of: Array(places[index..<end]), from: &first, depth: depth + 1)))
        index = end
      }
      let title = type(of: container).typeName
      let merge =
        switch container {
        case let residual as Residual: ["+"] + residual.activation.title
        case let branches as Branches: [branches.merge == .add ? "+" : "concat"]
        case is Skip: ["concat"]
        // A container of another package: all that is known is its layers.
        default: [String]()
        }
      result.append(.paths(title: title, merge: merge, paths))
    }
    return result
  }

  /// A chain in which equal blocks that follow each other are one. A block begins with a container.
  static func folded(_ chain: [DiagramNode]) -> [DiagramNode] {
    var (result, start) = ([DiagramNode](), 0)
    while start < chain.count {
      var best = (period: 1, count: 1)
      if case .paths = chain[start] {
        for period in 1...4 where start + 2 * period <= chain.count {
          var count = 1
          while start + (count + 1) * period <= chain.count,
            chain[start..<start + period]
              == chain[start + count * period..<start + (count + 1) * period]
          { count += 1 }
          if count > 1, count * period > best.count * best.period { best = (period, count) }
        }
      }
      let block = Array(chain[start..<start + best.period])
      result += best.count > 1 ? [.repeated(block, count: best.count)] : block
      start += best.period * best.count
    }
    return result
  }
}

extension Activation {
  /// As a type of layer; nothing for the identity.
  fileprivate var title: [String] {
    switch self {
    case .identity: []
    case .relu: ["ReLU"]
    case .sigmoid: ["Sigmoid"]
    case .tanh: ["TanH"]
    }
  }
}

extension LayerContainer {
  fileprivate var layerNames: [String] {
    var names: [String] = []
    visitLayers { name, _ in names.append(name) }
    return names
  }
}

/// A part of a diagram with its size. Data enter and leave at `axis`, from the left.
private struct DiagramBlock {
  var width, height, axis: Double
  var draw: (inout Drawing, Drawing.Point) -> Void

  /// The height of an arrow.
  private static let gap = 22.0

  init(_ node: DiagramNode, isWide: Bool = false) {
    switch node {
    case .box(let title, let shape, let parameters):
      self.init(title: title, shape: shape, parameters: parameters, isWide: isWide)
    case .paths(let title, let merge, let paths):
      self.init(
        title: title, merge: merge,
        paths: paths.map { DiagramBlock(chain: $0.map { DiagramBlock($0) }) })
    case .repeated(let chain, let count):
      self.init(repeating: DiagramBlock(chain: chain.map { DiagramBlock($0) }), count: count)
    }
  }

  /// A layer.
  private init(title: String, shape: String, parameters: Int?, isWide: Bool) {
    let width = isWide ? 380 : max(240, 9 * Double(title.letterCount) + 40)
    (self.width, height, axis) = (width, 44, width / 2)
    draw = { drawing, place in
      let (x, y) = place
      let ink: Ink = parameters.map { $0 > 0 ? .series(0) : .series(2) } ?? .soft
      drawing.rectangle(at: place, width: width, height: 44, radius: 6, .grid)
      drawing.rectangle(at: place, width: 6, height: 44, ink)
      drawing.text(title, at: (x + 20, y + (isWide ? 27 : 19)), .init(size: 14, isBold: true))
      if isWide {
        drawing.text(shape, at: (x + width / 2 + 20, y + 27), anchor: .middle)
      } else {
        drawing.text(shape, at: (x + 20, y + 36), .small)
      }
      if let parameters, parameters > 0 {
        drawing.text(
          "\(parameters.grouped) weights", at: (x + width - 14, y + (isWide ? 27 : 36)), .small,
          .soft, anchor: .end)
      }
    }
  }

  /// Blocks one below the other.
  init(chain: [DiagramBlock]) {
    let axis = chain.map(\.axis).max() ?? 12
    self.axis = axis
    width = axis + (chain.map { $0.width - $0.axis }.max() ?? 12)
    height = chain.reduce(0) { $0 + $1.height } + Self.gap * Double(max(0, chain.count - 1))
    draw = { drawing, place in
      var y = place.y
      for (index, block) in chain.enumerated() {
        if index > 0 {
          drawing.arrow(to: (place.x + axis, y), length: Self.gap)
        }
        block.draw(&drawing, (place.x + axis - block.axis, y))
        y += block.height + Self.gap
      }
    }
  }

  /// Paths side by side, from a fork to where they meet.
  private init(title: String, merge: [String], paths: [DiagramBlock]) {
    let (padding, space, head) = (16.0, 18.0, 46.0)
    let foot = 46 + 30 * Double(max(0, merge.count - 1))
    var (x, places) = (padding, [Double]())
    for path in paths {
      places.append(x)
      x += path.width + space
    }
    let inner = paths.map(\.height).max() ?? 0
    let main = paths.indices.max { paths[$0].width < paths[$1].width } ?? 0
    let axes = zip(places, paths).map { $0 + $1.axis }
    let axis = axes.isEmpty ? padding : axes[main]
    let (width, height) = (
      max(x - space + padding, 9 * Double(title.letterCount) + 32), head + inner + foot
    )
    (self.width, self.height, self.axis) = (width, height, axis)
    draw = { drawing, place in
      drawing.frame(at: place, width: width, height: height)
      let top = place.y + head - 22
      drawing.polyline([(place.x + axis, place.y), (place.x + axis, top)], .soft, width: 1.5)
      let bottom = place.y + head + inner + 22
      let line = axes.map { place.x + $0 }
      if let first = line.min(), let last = line.max(), first < last {
        for y in [top, bottom] { drawing.polyline([(first, y), (last, y)], .soft, width: 1.5) }
      }
      for (index, path) in paths.enumerated() {
        let middle = place.x + axes[index]
        if path.height == 0 {
          drawing.polyline([(middle, top), (middle, bottom)], .soft, width: 1.5)
          continue
        }
        drawing.arrow(to: (middle, place.y + head), length: 22)
        path.draw(&drawing, (place.x + places[index], place.y + head))
        drawing.polyline(
          [(middle, place.y + head + path.height), (middle, bottom)], .soft, width: 1.5)
      }
      drawing.polyline(
        [(place.x + axis, bottom), (place.x + axis, place.y + height)], .soft, width: 1.5)
      for (index, text) in merge.enumerated() {
        let (size, middle) = (text == "+" ? 22.0 : 58.0, bottom + 30 * Double(index))
        let corner = (x: place.x + axis - size / 2, y: middle - 11)
        drawing.rectangle(at: corner, width: size, height: 22, radius: 11, .soft)
        drawing.text(
          text, at: (place.x + axis, middle + (text == "+" ? 5 : 4)),
          text == "+" ? .init(size: 16, isBold: true) : .small, .panel, anchor: .middle)
      }
      drawing.text(title, at: (place.x + 10, place.y + 18), .small, .soft)
    }
  }

  /// A block that comes several times.
  private init(repeating block: DiagramBlock, count: Int) {
    let (padding, edge) = (14.0, 26.0)
    let (width, height) = (block.width + 2 * padding, block.height + 2 * edge)
    (self.width, self.height, axis) = (width, height, block.axis + padding)
    let axis = axis
    draw = { drawing, place in
      drawing.frame(at: place, width: width, height: height, isDashed: true)
      drawing.polyline(
        [(place.x + axis, place.y), (place.x + axis, place.y + edge)], .soft, width: 1.5)
      block.draw(&drawing, (place.x + padding, place.y + edge))
      drawing.polyline(
        [(place.x + axis, place.y + height - edge), (place.x + axis, place.y + height)], .soft,
        width: 1.5)
      drawing.text(
        "× \(count)", at: (place.x + width - 12, place.y + 18), .init(size: 14, isBold: true),
        anchor: .end)
    }
  }
}

extension Drawing {
  /// An arrow that points down.
  fileprivate mutating func arrow(to tip: Point, length: Double) {
    polyline([(tip.x, tip.y - length), (tip.x, tip.y - 6)], .soft, width: 1.5)
    polygon([tip, (tip.x - 5, tip.y - 8), (tip.x + 5, tip.y - 8)], .soft)
  }

  /// The outline of a rectangle.
  fileprivate mutating func frame(
    at place: Point, width: Double, height: Double, isDashed: Bool = false
  ) {
    let (right, bottom) = (place.x + width, place.y + height)
    polyline(
      [place, (right, place.y), (right, bottom), (place.x, bottom), place], .soft, width: 1,
      isDashed: isDashed)
  }
}
