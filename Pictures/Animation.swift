import CCoursePictures
import Foundation
import Shared

/// An animated GIF of several figures of one size, which repeats for ever.
///
///     let animation = Animation(frames, secondsPerFrame: 0.08)
///     try animation.write(to: URL(filePath: "boundary.gif"))
///
/// A frame stores only the pixels that differ from the one before it.
public struct Animation: Sendable {
  /// The frames, in order.
  public var frames: [Figure]
  /// How long each frame is shown; the last one is shown for two seconds more.
  public var secondsPerFrame: Double
  /// The colours.
  public var theme: Theme
  /// The number of pixels for one unit of the figures' size.
  public var scale: Double

  /// Creates an animation.
  public init(
    _ frames: [Figure], secondsPerFrame: Double = 0.08, theme: Theme = .light, scale: Double = 1
  ) {
    (self.frames, self.secondsPerFrame) = (frames, secondsPerFrame)
    (self.theme, self.scale) = (theme, scale)
  }

  /// Throws where no animation can be drawn: the package was built without the trait `ImageCodecs`, or the font is
  /// missing.
  public static func requireLibraries() throws { try Canvas.requireLibraries() }

  /// Writes the GIF file; it appears at once and complete.
  public func write(to url: URL) throws {
    guard url.pathExtension.lowercased() == "gif" else {
      throw CourseError(
        .invalidArgument, "unknown animation format", expected: "a name that ends in .gif",
        received: "\"\(url.lastPathComponent)\"", location: url.path)
    }
    try AtomicFile.write(gif(), to: url)
  }

  /// The bytes of a GIF file, drawn by Cairo and packed by giflib.
  ///
  /// - Parameter progress: called with the number of steps done, of two for each frame: it is drawn, and packed
  /// - Throws: `CourseError` when there is no frame, when frames differ in size, and when the package was built
  ///   without the trait `ImageCodecs` or the font is missing.
  public func gif(progress: (_ steps: Int) -> Void = { _ in }) throws -> Data {
    guard let first = frames.first, frames.allSatisfy({ $0.size == first.size }) else {
      throw CourseError(
        .invalidArgument, "frames of an animation", expected: "at least one, all of one size",
        received: frames.isEmpty
          ? "none" : "\(Set(frames.map { "\($0.size.width) x \($0.size.height)" }))")
    }
    var (width, height) = (0, 0)
    let pixels = try frames.enumerated().map { number, frame in
      defer { progress(number + 1) }
      let canvas = try Canvas(frame.drawing, theme: theme, scale: scale)
      (width, height) = (canvas.width, canvas.height)
      return canvas.pixels()
    }
    let palette = Palette(of: pixels)
    var status = pictureOK
    guard
      let gif = course_gif_create(
        Int32(width), Int32(height), palette.bytes, Int32(palette.bytes.count / 3), &status)
    else { throw pictureError(status) }
    var before: [UInt8]?
    for (number, frame) in pixels.enumerated() where status == pictureOK {
      let indices = palette.indices(of: frame)
      let change = Change(from: before, to: indices, width: width, transparent: palette.transparent)
      let seconds = secondsPerFrame + (number == pixels.count - 1 ? 2 : 0)
      status = course_gif_add(
        gif, change.indices, Int32(change.x), Int32(change.y), Int32(change.width),
        Int32(change.height), Int32((100 * seconds).rounded()),
        before == nil ? -1 : Int32(palette.transparent))
      before = indices
      progress(pixels.count + number + 1)
    }
    var file: UnsafeMutablePointer<UInt8>?
    var size = 0
    let end = course_gif_finish(gif, &file, &size)
    defer { course_picture_free(file) }
    guard status == pictureOK, end == pictureOK, let file else {
      throw pictureError(status == pictureOK ? end : status)
    }
    return Data(bytes: file, count: size)
  }
}

/// At most 255 colours for all frames, and one index for pixels that stay as they were.
private struct Palette {
  private(set) var bytes: [UInt8] = []
  let transparent: UInt8
  private var indexOfColor: [UInt32: UInt8] = [:]

  init(of frames: [[UInt8]]) {
    var counts: [UInt32: Int] = [:]
    for frame in frames {
      Self.forEachColor(of: frame) { counts[$0, default: 0] += 1 }
    }
    // Colours that differ in their last bits only count as one where there are too many: fewer bits, until
    // they fit.
    var bits: UInt32 = 8
    var groups: [UInt32: (count: Int, sums: (Int, Int, Int))] = [:]
    repeat {
      groups = [:]
      let mask: UInt32 = (0xff << (8 - bits) & 0xff) * 0x010101
      for (color, count) in counts {
        let (red, green, blue) = Self.parts(color)
        var group = groups[color & mask] ?? (0, (0, 0, 0))
        group.count += count
        group.sums.0 += Int(red) * count
        group.sums.1 += Int(green) * count
        group.sums.2 += Int(blue) * count
        groups[color & mask] = group
      }
      bits -= 1
    } while groups.count > 1024 && bits > 3
    // The most frequent ones. Sorted, since a dictionary has no order: the same frames make the same file.
    let chosen = groups.sorted { ($0.value.count, $1.key) > ($1.value.count, $0.key) }.prefix(255)
    for (_, group) in chosen {
      bytes += [group.sums.0, group.sums.1, group.sums.2].map {
        UInt8(($0 + group.count / 2) / group.count)
      }
    }
    transparent = UInt8(chosen.count)
    bytes += [0, 0, 0]
    for color in counts.keys { indexOfColor[color] = nearest(to: color) }
  }

  private func nearest(to color: UInt32) -> UInt8 {
    let (red, green, blue) = Self.parts(color)
    func distance(_ index: Int) -> Int {
      let (r, g, b) = (
        Int(bytes[3 * index]) - Int(red), Int(bytes[3 * index + 1]) - Int(green),
        Int(bytes[3 * index + 2]) - Int(blue)
      )
      return r * r + g * g + b * b
    }
    let best = (0..<Int(transparent)).min { distance($0) < distance($1) } ?? 0
    return UInt8(best)
  }

  private static func parts(_ color: UInt32) -> (UInt8, UInt8, UInt8) {
    (UInt8(color >> 16), UInt8(color >> 8 & 255), UInt8(color & 255))
  }

  private static func forEachColor(of pixels: [UInt8], _ body: (UInt32) -> Void) {
    for start in stride(from: 0, to: pixels.count, by: 3) {
      body(
        UInt32(pixels[start]) << 16 | UInt32(pixels[start + 1]) << 8 | UInt32(pixels[start + 2]))
    }
  }

  func indices(of pixels: [UInt8]) -> [UInt8] {
    var indices: [UInt8] = []
    indices.reserveCapacity(pixels.count / 3)
    Self.forEachColor(of: pixels) { indices.append(indexOfColor[$0]!) }
    return indices
  }
}

/// The rectangle in which a frame differs from the one before it.
private struct Change {
  var (x, y, width, height) = (0, 0, 0, 0)
  var indices: [UInt8]

  init(from before: [UInt8]?, to after: [UInt8], width: Int, transparent: UInt8) {
    let height = after.count / width
    guard let before else {
      indices = after
      (self.width, self.height) = (width, height)
      return
    }
    let different = after.indices.filter { before[$0] != after[$0] }
    let columns = different.map { $0 % width }
    // A frame without any change is one pixel, which keeps its time.
    let (left, right) = (columns.min() ?? 0, columns.max() ?? 0)
    let (top, bottom) = ((different.first ?? 0) / width, (different.last ?? 0) / width)
    (x, y, self.width, self.height) = (left, top, right - left + 1, bottom - top + 1)
    indices = []
    for row in top...bottom {
      for place in (row * width + left)...(row * width + right) {
        indices.append(before[place] == after[place] ? transparent : after[place])
      }
    }
  }
}
