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
    guard image.rank == 3, map.shape == Array(image.shape.dropFirst()) else {
      throw CourseError(
        .shapeMismatch, "a map and its image", expected: "[H, W] and [C, H, W]",
        received: "\(map.shape) and \(image.shape)")
    }
    let values = map.scalars
    let largest = values.map { abs($0) }.filter(\.isFinite).max() ?? 0
    let shades = values.map { Shade($0, largest: largest) }
    // Other numbers of channels are drawn as the mean of them.
    let channels = [1, 3].contains(image.shape[0]) ? image : image.mean(axis: 0, keepDims: true)
    let (low, high) = (channels.min(), channels.max())
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
  /// the column. `ShadeScale.attention` says what the shades mean.
  ///
  /// - Parameters:
  ///   - weights: `[T, T]`
  ///   - tokens: the text of each step
  public static func attention(_ weights: Tensor, tokens: [String], title: String) -> Figure {
    let steps = weights.shape[0]
    let isLabelled = tokens.count == steps && steps <= 32
    let names = isLabelled ? tokens.map { $0 == " " ? "␣" : $0 == "\n" ? "↵" : $0.printable } : []
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
    let (side, longest) = (300.0, 7.2 * Double(names.map(\.count).max() ?? 0))
    figure.size = .init(
      width: side + max(60, longest + 46),
      height: side + 60 + (longest > side / Double(steps) ? longest : 0))
    let edge = -0.5...(Double(steps) - 0.5)
    figure.marks = [
      .image(
        Image(
          columns: steps,
          pixels: weights.scalars.flatMap(ShadeScale.attention.pixel), x: edge, y: edge))
    ]
    return figure
  }
}

extension ShadeScale {
  /// That of `Figure.attention`: a step takes a share of each step, in all 1.
  public static let attention = ShadeScale(range: 0...1, meaning: "weight; a row adds up to 1") {
    Shade(-$0, largest: 1).pixel
  }
}
