import Networks

/// Small images with captions, in groups with titles: misclassified images, filters, feature maps.
///
///     let tiles = [TileSheet.Tile(image, captions: ["true 5", "predicted 3"])]
///     try TileSheet(title: "Digits", groups: [.init("", tiles)]).write(to: URL(filePath: "digits.png"))
public struct TileSheet: Drawn, Sendable {
  /// An image and the lines below it.
  public struct Tile: Sendable {
    /// The image, of any size.
    public var image: PixelImage
    /// The lines below it.
    public var captions: [String]

    /// Creates a tile.
    public init(_ image: PixelImage, captions: [String] = []) {
      (self.image, self.captions) = (image, captions)
    }
  }

  /// Tiles below a title.
  public struct Group: Sendable {
    /// The title; empty for none.
    public var title: String
    /// The tiles, row by row.
    public var tiles: [Tile]

    /// Creates a group.
    public init(_ title: String, _ tiles: [Tile]) { (self.title, self.tiles) = (title, tiles) }
  }

  /// The text above all groups.
  public var title: String
  /// The groups, from top to bottom.
  public var groups: [Group]
  /// The longer side of an image in the picture.
  public var side: Double
  /// The meaning of colours in the images, below the title of a picture; a page shows it in its own way.
  public var key: [(name: String, color: Figure.Color)] = []

  /// Creates a sheet.
  public init(title: String, groups: [Group], side: Double = 88) {
    (self.title, self.groups, self.side) = (title, groups, side)
  }

  /// Examples of a data set as images, from their smallest value (black) to their largest (white); `nil` for examples
  /// that are no images.
  ///
  /// The steps of a sequence stand below each other, or side by side where a step has fewer numbers than there are
  /// steps.
  ///
  /// - Parameters:
  ///   - indices: the examples
  ///   - imageShape: the shape `[C, H, W]` or `[H, W]` of images that are kept as rows of numbers; `nil` for their own
  ///   - captions: the lines below each of them
  public static func examples(
    of data: Dataset, at indices: [Int], title: String, imageShape: [Int]? = nil,
    captions: [[String]]
  ) -> TileSheet? {
    let shape = imageShape ?? data.inputShape
    guard shape.count == 2 || shape.count == 3 && [1, 3, 4].contains(shape[0]),
      shape.reduce(1, *) == data.inputShape.reduce(1, *), !indices.isEmpty
    else { return nil }
    let features = data.batch(at: indices).features
    let range = features.min()...features.max()
    let tiles = zip(indices.indices, captions).map { place, captions in
      var example = features.rows(at: [place]).reshaped(to: shape)
      if shape.count == 2, shape[1] < shape[0] { example = example.transposed() }
      // A photograph is smaller in a page than in its file.
      let scale = Double(largestSide) / Double(shape.suffix(2).max() ?? 1)
      if shape.count == 3, scale < 1 {
        let (height, width) = (Double(shape[1]) * scale, Double(shape[2]) * scale)
        example = example.resized(
          height: max(1, Int(height.rounded())), width: max(1, Int(width.rounded())),
          interpolation: .bicubic)
      }
      return Tile(PixelImage(example, range: range), captions: captions)
    }
    return TileSheet(title: title, groups: [.init("", tiles)])
  }

  /// The size of an image in the picture. A sequence of single numbers is a strip, not a hair.
  func size(of image: PixelImage) -> (width: Double, height: Double) {
    let scale = side / Double(max(image.width, image.height))
    return (
      max(Double(image.width) * scale, side / 6), max(Double(image.height) * scale, side / 6)
    )
  }

  /// The width of a column: that of an image, or of the longest line below one.
  private var cell: Double {
    let captions = groups.flatMap(\.tiles).flatMap(\.captions)
    return max(side, 7.2 * Double(captions.map { shown($0).letterCount }.max() ?? 0))
  }

  /// A caption that leaves room for others beside it.
  private func shown(_ caption: String) -> String { caption.cut(to: max(30, Int(side / 7.2))) }

  private var gap: Double { side > 60 ? 16 : 6 }

  var drawing: Drawing {
    let (width, margin, line) = (720.0, 28.0, 17.0)
    let (cell, gap) = (cell, gap)
    let columns = max(1, Int((width - 2 * margin + gap) / (cell + gap)))
    // The shapes first: the height of the panel follows from them.
    var content = Drawing(width: width, height: 0)
    var y = 24.0
    if !title.isEmpty {
      content.title(title, at: (margin, y + 8))
      y += 32
    }
    y += addKey(to: &content, at: (margin, y), width: width - 2 * margin)
    for group in groups {
      if !group.title.isEmpty {
        content.text(group.title.cut(to: 90), at: (margin, y + 8), .label, .soft)
        y += 22
      }
      for start in stride(from: 0, to: group.tiles.count, by: columns) {
        let row = group.tiles[start..<min(start + columns, group.tiles.count)]
        let height = row.map { size(of: $0.image).height }.max() ?? 0
        for (column, tile) in row.enumerated() {
          let x = margin + Double(column) * (cell + gap)
          let size = size(of: tile.image)
          // A frame, without which white is no different from a white page.
          content.rectangle(
            at: (x - 1, y - 1), width: size.width + 2, height: size.height + 2, .grid)
          content.image(
            Figure.Image(tile.image), at: (x, y), width: size.width, height: size.height)
          for (number, caption) in tile.captions.enumerated() {
            content.text(
              shown(caption), at: (x, y + height + 14 + line * Double(number)), .small,
              number == 0 ? .ink : .soft)
          }
        }
        y += height + line * Double(row.map(\.captions.count).max() ?? 0) + gap
      }
      y += 14
    }
    var drawing = Drawing(width: width, height: y + 8)
    drawing.label = title
    drawing.add(content, at: (0, 0))
    return drawing
  }

  /// Draws the meaning of the colours, in as many rows as needed.
  /// - Returns: the height
  private func addKey(to drawing: inout Drawing, at place: Drawing.Point, width: Double) -> Double {
    guard !key.isEmpty else { return 0 }
    var (x, y) = (0.0, 0.0)
    for (name, color) in key {
      let name = name.cut(to: 60)
      let needed = 44 + 7.2 * Double(name.letterCount)
      if x > 0, x + needed > width { (x, y) = (0, y + 22) }
      drawing.rectangle(at: (place.x + x, place.y + y), width: 14, height: 14, Ink(color))
      drawing.text(name, at: (place.x + x + 22, place.y + y + 11.5))
      x += needed
    }
    return y + 32
  }

  /// In a page, the tiles flow into as many columns as it has room for.
  var html: String {
    let title = title.isEmpty ? "" : "<h3>\(title.markup)</h3>\n"
    return title
      + groups.map { group in
        let tiles = group.tiles.map { tile in
          let size = size(of: tile.image)
          let style = "width: \(Int(size.width))px; height: \(Int(size.height))px"
          let image = Figure.Image(tile.image)
          let picture =
            image.pngURI.map {
              "<img alt=\"\(tile.captions.joined(separator: ", ").markup)\" style=\"\(style)\" src=\"\($0)\">"
            } ?? self.drawing(of: tile.image).svg
          let captions = tile.captions.map { "<span>\($0.markup)</span>" }.joined()
          return "<figure>\(picture)"
            + (captions.isEmpty ? "" : "<figcaption>\(captions)</figcaption>") + "</figure>"
        }
        return (group.title.isEmpty ? "" : "<p class=\"soft\">\(group.title.markup)</p>\n")
          + "<div class=\"tiles\" style=\"gap: \(Int(gap))px; "
          + "grid-template-columns: repeat(auto-fill, min(100%, \(Int(cell))px))\">\n\(tiles.joined(separator: "\n"))\n</div>"
      }.joined(separator: "\n")
  }

  /// An image alone, for a page without a codec.
  private func drawing(of image: PixelImage) -> Drawing {
    let size = size(of: image)
    var drawing = Drawing(width: size.width, height: size.height)
    drawing.image(Figure.Image(image), at: (0, 0), width: size.width, height: size.height)
    return drawing
  }
}

/// The longer side of a tile, in pixels of its image: twice as many as in the picture, for fine screens.
private let largestSide = 176

extension Figure.Image {
  /// The pixels of an image, without its opacity.
  init(_ image: PixelImage) {
    self.init(
      columns: image.width, pixels: image.converted(toChannels: 3).pixels, x: 0...1, y: 0...1)
  }
}
