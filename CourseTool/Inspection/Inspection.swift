import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// The pictures of what a network does with one example.
struct Inspection {
  let network: NeuralNetwork
  /// The file of the network.
  let path: String
  let example: InspectedExample

  /// A picture, and the numbers that it shows.
  struct Drawn {
    var picture: any Picture
    var shapes: [[Int]]
    var answer: Answer?
    var parts: [Part]?
  }

  /// The answer that a map explains.
  struct Answer: Encodable {
    var `class`: String
    var probability: Float
  }

  /// A character or a word, and how much it counts.
  struct Part: Encodable {
    var text: String
    var weight: Float
  }

  /// The class of this name.
  func label(named name: String) throws -> Int {
    let outputs = network.outputShape
    let count = outputs == [1] ? 2 : outputs.count == 2 ? outputs[1] : outputs[0]
    let names = detector?.classNames ?? (0..<count).map(network.name(of:))
    guard let label = names.firstIndex(of: name) else {
      throw UsageError(
        "'--class \(name.printable)': the classes of \(path) are "
          + names.prefix(40).map { $0.printable }.joined(separator: ", ")
          + (count > 40 ? ", ..." : ""))
    }
    return label
  }

  func featureMaps() throws -> Drawn {
    Drawn(
      picture: try TileSheet.featureMaps(
        of: network, for: example.features, name: example.name, actual: example.label),
      shapes: network.featureMaps(of: example.features).map(\.maps.shape))
  }

  func saliency(of label: Int?) throws -> Drawn {
    if let classifier {
      return try words("saliency", of: label, legend: Self.saliencyLegend) {
        try classifier.saliency(of: example.text, for: $0)
      }
    }
    return try map(
      "saliency", of: label, legend: Self.saliencyLegend
    ) {
      try network.saliencyMap(of: example.features, for: $0, imageShape: $1)
    }
  }

  func occlusion(of label: Int?) throws -> Drawn {
    if let classifier {
      return try words("occlusion", of: label, legend: Self.occlusionLegend) {
        try classifier.occlusion(of: example.text, for: $0)
      }
    }
    return try map(
      "occlusion", of: label,
      legend: Self.occlusionLegend
    ) {
      try network.occlusionMap(of: example.features, for: $0, imageShape: $1)
    }
  }

  private static let saliencyLegend =
    "The darker, the more a small change of it changes the score."
  private static let occlusionLegend =
    "Orange: without it the answer is less probable. Blue: more probable."

  /// The network as a reader of words; `nil` for others.
  private var classifier: TextClassifier? {
    network.textTokenizer == nil ? nil : try? TextClassifier(network)
  }

  /// The words of a text, and how much they count.
  private func words(
    _ name: String, of label: Int?, legend: String,
    _ body: (ExplainedAnswer) throws -> [TextClassifier.WordWeight]
  ) throws -> Drawn {
    let answer = try network.answer(to: example.features, label: label)
    return drawn(
      try body(answer).map { Part(text: $0.text, weight: $0.weight) }, answer,
      title: title(answer, name), legend: legend)
  }

  /// A text whose parts are shaded.
  private func drawn(
    _ parts: [Part], _ answer: ExplainedAnswer, title: String, legend: String
  ) -> Drawn {
    Drawn(
      picture: HighlightedText(
        title: title, parts: parts.map { ($0.text, $0.weight) }, note: legend),
      shapes: [[parts.count]], answer: record(of: answer), parts: parts)
  }

  private func record(of answer: ExplainedAnswer) -> Answer {
    Answer(class: network.name(of: answer.label), probability: answer.probability)
  }

  private func map(
    _ name: String, of label: Int?, legend: String,
    _ body: (_ answer: ExplainedAnswer, _ imageShape: [Int]?) throws -> Tensor
  ) throws -> Drawn {
    guard network.readsTokens || imageShape != nil else {
      throw CourseError(
        .invalidArgument, "the network reads neither images nor text",
        expected: "inputs [C, H, W], or tokens", received: "inputs \(network.inputShape)",
        location: path)
    }
    let (answer, box) = try answer(label)
    let map = try body(answer, imageShape)
    let title = title(answer, name)
    guard let shape = imageShape, !network.readsTokens else {
      let parts = zip(example.parts, map.scalars).map { Part(text: $0, weight: $1) }
      return drawn(parts, answer, title: title, legend: legend)
    }
    var sheet = try TileSheet.reasons(
      map, over: example.features.reshaped(to: shape), name: name, title: title)
    if let box {
      for tile in sheet.groups[0].tiles.indices {
        sheet.groups[0].tiles[tile].image.outline(
          ImageBox(left: box.x1, top: box.y1, right: box.x2, bottom: box.y2, label: answer.label))
      }
    }
    return Drawn(picture: sheet, shapes: [map.shape], answer: record(of: answer))
  }

  /// The answer for a class, or the most probable one; of a detector for the box in which it is most certain.
  private func answer(_ label: Int?) throws -> (ExplainedAnswer, box: Box?) {
    guard let detector, let recipe = try Recipe(notedIn: network, path: path) else {
      return (try network.answer(to: example.features, label: label), nil)
    }
    let batch = Tensor(stacking: [example.features])
    let found = try detector.answer(
      to: example.features, proposals: recipe.proposals.proposals(in: batch)[0], label: label)
    return (found.answer, found.proposal)
  }

  private var detector: Detector? {
    network.sideInputShapes.isEmpty ? nil : try? Detector(network)
  }

  /// "Occlusion for 7, 99.0 %: Example 7, true 7"
  private func title(_ answer: ExplainedAnswer, _ kind: String) -> String {
    let name = network.name(of: answer.label).printable
    // A character is told by its quotation marks.
    let shown = network.readsTokens ? "\"\(name)\"" : name
    let truth = example.label.map { ", true \(network.name(of: $0).printable)" } ?? ""
    let place = example.name.isEmpty ? "" : ": \(example.name)\(truth)"
    return "\(kind.capitalized) for \(shown), \(percent(answer.probability))\(place)"
  }

  private func percent(_ probability: Float) -> String {
    "\(fixed(Double(probability) * 100, 1)) %"
  }

  func attention() throws -> Drawn {
    let maps = try network.attentionMaps(of: example.features)
    guard !maps.isEmpty else {
      throw CourseError(
        .invalidArgument, "the network has no attention layer", expected: "a transformer",
        received: network.layers.map { type(of: $0).typeName }.joined(separator: ", "),
        location: path, remedy: "Train one, for example with 'course train sort-transformer'.")
    }
    let scale = ShadeScale.attention(of: maps.map(\.weights))
    let figures = maps.enumerated().flatMap { number, map in
      (0..<map.weights.shape[0]).map { head in
        Figure.attention(
          map.weights.slice(axis: 0, at: head), tokens: example.parts,
          title: "block \(number + 1), head \(head + 1)", scale: scale)
      }
    }
    // The heads of a block in one row, or in several of one length.
    let heads = maps[0].weights.shape[0]
    let columns = heads <= 4 ? heads : (2...4).last { heads % $0 == 0 } ?? heads
    var picture = Panels(figures, columns: columns)
    picture.scale = scale
    return Drawn(
      picture: picture,
      shapes: maps.map(\.weights.shape))
  }

  /// The shape `[C, H, W]` of images; `nil` where the network reads none.
  private var imageShape: [Int]? {
    let shape = network.inputShape
    if network.readsTokens { return nil }
    let known = (try? Recipe(notedIn: network, path: path)).flatMap {
      CourseTool.imageShape(of: network, $0)
    }
    let image = known ?? shape
    switch image.count {
    case 2: return [1] + image
    case 3: return image
    default: return nil
    }
  }
}
