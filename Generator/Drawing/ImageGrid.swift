import Shared

/// Small images side by side in rows, as one image: filters, feature maps, samples of a data set.
///
///     let grid = ImageGrid(normalization: .eachTile)
///     try grid.image(of: filters).write(to: URL(filePath: "filters.png"))
public struct ImageGrid: Sendable {
  /// Which values become black and white.
  public enum Normalization: Sendable, Equatable {
    /// The smallest and the largest value of each tile: shows its structure, hides its strength.
    case eachTile
    /// The smallest and the largest value of all tiles: their strengths can be compared.
    case allTiles
    /// Given values, such as 0 and 1 for images as they are.
    case range(ClosedRange<Float>)
  }

  /// The number of tiles in a row; `nil` for a grid that is about square.
  public var columns: Int?
  /// The number of pixels between tiles and around them.
  public var margin: Int
  /// How many pixels wide and high a number of a tile becomes.
  public var scale: Int
  /// The grey of the margins.
  public var background: UInt8
  /// Which values become black and white.
  public var normalization: Normalization

  /// A way to lay out tiles.
  public init(
    columns: Int? = nil, margin: Int = 1, scale: Int = 1, background: UInt8 = 128,
    normalization: Normalization = .eachTile
  ) {
    guard margin >= 0, scale >= 1, columns ?? 1 >= 1 else {
      stop(
        "ImageGrid", expected: "at least 1 column, a margin of at least 0, a scale of at least 1",
        received: "\(columns.map { "\($0)" } ?? "nil"), \(margin), \(scale)")
    }
    self.columns = columns
    self.margin = margin
    self.scale = scale
    self.background = background
    self.normalization = normalization
  }

  /// The tiles as one image.
  /// - Parameter tiles: `[N, C, H, W]`; with 1 or 3 channels a tile is a grey or coloured image (4: with
  ///   opacity), with any other number each channel becomes a grey tile of its own
  public func image(of tiles: Tensor) -> PixelImage {
    guard tiles.rank == 4, tiles.count > 0 else {
      stop("ImageGrid", expected: "tiles [N, C, H, W]", received: "shape \(tiles.shape)")
    }
    var tiles = tiles
    let shape = tiles.shape
    if ![1, 3, 4].contains(shape[1]) {
      tiles = tiles.reshaped(to: [shape[0] * shape[1], 1, shape[2], shape[3]])
    }
    let common = range(of: tiles)
    return image(
      of: (0..<tiles.shape[0]).map { number in
        let tile = tiles.rows(at: [number]).reshaped(to: Array(tiles.shape.dropFirst()))
        return PixelImage(tile, range: common ?? finiteRange(tile))
      })
  }

  /// Images as one image; all must have the same size and as many channels. Nothing is normalised.
  public func image(of tiles: [PixelImage]) -> PixelImage {
    guard let first = tiles.first,
      tiles.allSatisfy({
        $0.width == first.width && $0.height == first.height && $0.channels == first.channels
      })
    else {
      stop(
        "ImageGrid", expected: "at least one image, all of the same size",
        received: "\(tiles.count) images")
    }
    let columns = min(
      tiles.count, columns ?? Int(Double(tiles.count).squareRoot().rounded(.up)))
    let rows = (tiles.count + columns - 1) / columns
    let (width, height) = (first.width * scale, first.height * scale)
    var result = PixelImage(
      width: columns * (width + margin) + margin, height: rows * (height + margin) + margin,
      channels: first.channels, repeating: background)
    for (number, tile) in tiles.enumerated() {
      result.paste(
        tile, scale: scale, row: number / columns * (height + margin) + margin,
        column: number % columns * (width + margin) + margin)
    }
    return result
  }

  private func range(of tiles: Tensor) -> ClosedRange<Float>? {
    switch normalization {
    case .eachTile: nil
    case .allTiles: finiteRange(tiles)
    case .range(let range): range
    }
  }

  /// From the smallest to the largest value; from 0 to 1 when there is none.
  private func finiteRange(_ tensor: Tensor) -> ClosedRange<Float> {
    let (low, high) = (tensor.min(), tensor.max())
    return low.isFinite && high.isFinite && low <= high ? low...high : 0...1
  }
}

extension PixelImage {
  /// Copies an image into this one, each pixel `scale` times as wide and high.
  mutating func paste(_ tile: PixelImage, scale: Int, row: Int, column: Int) {
    let width = width
    let channels = channels
    tile.pixels.withUnsafeBufferPointer { from in
      pixels.withUnsafeMutableBufferPointer { to in
        for y in 0..<(tile.height * scale) {
          var place = ((row + y) * width + column) * channels
          for x in 0..<(tile.width * scale) {
            let source = (y / scale * tile.width + x / scale) * channels
            for c in 0..<channels {
              to[place] = from[source + c]
              place += 1
            }
          }
        }
      }
    }
  }
}
