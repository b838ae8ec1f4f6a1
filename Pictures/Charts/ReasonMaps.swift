import Foundation
import Networks

// Pictures of why a network gives an answer.

extension TileSheet {
  /// An image, the map of what counts for an answer, and the map over the image.
  ///
  /// Positive numbers of the map are orange, negative ones blue, the strongest shade the largest of them. Where there are
  /// negative ones, a key says that those speak against the answer.
  ///
  /// - Parameters:
  ///   - map: `[H, W]`
  ///   - image: `[C, H, W]`, drawn from its smallest value (black) to its largest (white)
  ///   - name: what the map is called
  /// - Throws: `CourseError` when the map is not of the size of the image.
  public static func reasons(
    _ map: Tensor, over image: Tensor, name: String, title: String
  ) throws -> TileSheet {
    guard image.rank == 3, image.count > 0, map.shape == Array(image.shape.dropFirst()) else {
      throw CourseError(
        .shapeMismatch, "a map and its image", expected: "[H, W] and [C, H, W]",
        received: "\(map.shape) and \(image.shape)")
    }
    let values = map.scalars
    let largest = values.map { abs($0) }.filter(\.isFinite).max() ?? 0
    let shades = values.map { Shade($0, largest: largest) }
    // Other numbers of channels are drawn as the mean of them.
    let channels = [1, 3].contains(image.shape[0]) ? image : image.mean(axis: 0, keepDims: true)
    let finite = channels.scalars.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    let picture = PixelImage(channels, range: low < high ? low...high : low...(low + 1))
    let grey = picture.converted(toChannels: 1)
    func colored(_ pixels: [UInt8]) -> PixelImage {
      PixelImage(width: picture.width, height: picture.height, channels: 3, pixels: pixels)
    }
    let over = zip(shades, grey.pixels).flatMap { (shade: Shade, pixel: UInt8) -> [UInt8] in
      // Paler than the image, so that the colours can be told.
      let pale: UInt8 = 96 + pixel / 8 * 5
      return shade.over([pale, pale, pale], strength: 0.85 * shade.strength)
    }
    var sheet = TileSheet(
      title: title,
      groups: [
        .init(
          "",
          [
            .init(picture, captions: ["the input"]),
            .init(
              colored(shades.flatMap(\.pixel)), captions: [name, "the darkest: \(short(largest))"]),
            .init(colored(over), captions: ["over the input"]),
          ])
      ], side: 208)
    if values.contains(where: { $0 < 0 }) {
      let sides: [(weight: Float, name: String)] = [
        (1, "speaks for the answer"), (-1, "against it"),
      ]
      sheet.key = sides.map { side in
        let color = Shade(side.weight, largest: 1).pixel
        return (name: side.name, color: .rgb(color[0], color[1], color[2]))
      }
    }
    return sheet
  }
}

/// A size in three digits, such as "0.123" or "1.2e-05".
func short(_ size: Float) -> String { String(format: "%.3g", Double(size)) }

extension Figure {
  /// The weights of an attention head: a row for each step, the darker a cell the more that step takes of the step of
  /// the column.
  ///
  /// - Parameters:
  ///   - weights: `[T, T]`
  ///   - tokens: the text of each step
  ///   - scale: the meaning of the shades; `nil` for that of these weights alone. Figures in one picture have one scale.
  public static func attention(
    _ weights: Tensor, tokens: [String], title: String, scale: ShadeScale? = nil
  ) -> Figure {
    guard weights.rank == 2, weights.shape[0] == weights.shape[1], weights.count > 0 else {
      stop(
        "Figure.attention", expected: "the weights of one head, [T, T]",
        received: "\(weights.shape)")
    }
    let scale = scale ?? .attention(of: [weights])
    let steps = weights.shape[0]
    let isLabelled = tokens.count == steps && steps <= 32
    let names =
      isLabelled
      ? tokens.map { $0 == " " ? "␣" : $0 == "\n" ? "↵" : $0.printable.cut(to: 24) } : []
    var figure = Figure(
      title: title,
      x: .init(isLabelled ? "" : "step that is read", categories: names),
      y: .init(isLabelled ? "" : "step", categories: names))
    figure.y.isReversed = true
    if !isLabelled {
      figure.x.range = -0.5...(Double(steps) - 0.5)
      figure.y.range = -0.5...(Double(steps) - 0.5)
    }
    // Cells stay square where long names need room.
    let (side, longest) = (300.0, 7.2 * Double(names.map(\.letterCount).max() ?? 0))
    figure.size = .init(
      width: side + max(60, longest + 46),
      height: side + 60 + (longest > side / Double(steps) ? longest : 0))
    let edge = -0.5...(Double(steps) - 0.5)
    figure.marks = [
      .image(
        Image(
          columns: steps,
          pixels: weights.scalars.flatMap(scale.pixel(of:)), x: edge, y: edge))
    ]
    return figure
  }
}

extension ShadeScale {
  /// That of `Figure.attention`: a step takes a share of each step, in all 1. The darkest shade is that of the largest
  /// weight: of a hundred words each may take a hundredth.
  ///
  /// Where a step reads none of those after it, the first ones have few others, or none, to share with. Their weights
  /// say little, and do not count when there are more than seven steps.
  ///
  /// - Parameter maps: all the weights of a picture, each `[..., T, T]`
  public static func attention(of maps: [Tensor]) -> ShadeScale {
    let most = maps.flatMap(\.scalars).filter(\.isFinite).max() ?? 0
    var counted: Float = 0
    for map in maps {
      let steps = map.shape[map.rank - 1]
      let values = map.scalars
      let places = values.indices.lazy.map {
        (row: $0 / steps % steps, column: $0 % steps, value: values[$0])
      }
      let isCausal = places.allSatisfy { $0.column <= $0.row || $0.value == 0 }
      let first = isCausal ? steps / 8 : 0
      for place in places where place.row >= first && place.value.isFinite {
        counted = max(counted, place.value)
      }
    }
    let end = counted > 0 ? counted.roundedUp : 1
    return ShadeScale(
      range: 0...end, isOpen: most > end, meaning: "weight; a row adds up to 1"
    ) {
      Shade(-$0, largest: 1).pixel
    }
  }
}

extension Float {
  /// The next number of two digits: 0.0123 becomes 0.013.
  fileprivate var roundedUp: Float {
    let unit = pow(10, log10(Double(self)).rounded(.down) - 1)
    return Float((Double(self) / unit - 1e-3).rounded(.up) * unit)
  }
}
