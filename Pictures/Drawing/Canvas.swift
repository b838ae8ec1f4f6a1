import CCoursePictures
import Foundation
import Shared

/// A drawing as pixels, through Cairo.
final class Canvas {
  private let canvas: OpaquePointer
  let width: Int
  let height: Int

  /// Draws all shapes.
  init(_ drawing: Drawing, theme: Theme, scale: Double) throws {
    let (width, height) = (Int(drawing.width.rounded()), Int(drawing.height.rounded()))
    var status = pictureOK
    guard let canvas = course_canvas_create(Int32(width), Int32(height), scale, &status) else {
      throw pictureError(status)
    }
    self.canvas = canvas
    self.width = Int((Double(width) * scale).rounded())
    self.height = Int((Double(height) * scale).rounded())
    // The corners of the panel are round in a page, which has a colour of its own behind them.
    use(.panel, theme)
    course_canvas_rectangle(canvas, 0, 0, drawing.width, drawing.height, 0)
    for shape in drawing.shapes { try draw(shape, theme) }
  }

  /// Throws where PNG and GIF pictures cannot be drawn, before time is spent on what they are to show.
  static func requireLibraries() throws {
    _ = try Canvas(Drawing(width: 1, height: 1), theme: .light, scale: 1)
  }

  deinit { course_canvas_destroy(canvas) }

  private func use(_ ink: Ink, _ theme: Theme, opacity: Double = 1) {
    let color = theme.rgb(ink)
    course_canvas_color(
      canvas, Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255, opacity)
  }

  private func draw(_ shape: Drawing.Shape, _ theme: Theme) throws {
    var status = pictureOK
    var text: String?
    switch shape {
    case .text(let string, let place, let font, let ink, let anchor, let isUpright):
      use(ink, theme)
      text = string
      status = course_canvas_text(
        canvas, string, place.x, place.y, font.size, font.isBold, anchor.rawValue,
        isUpright ? -Double.pi / 2 : 0)
    case .polyline(let points, let ink, let width, let isDashed):
      use(ink, theme)
      course_canvas_polyline(
        canvas, points.flatMap { [$0.x, $0.y] }, Int32(points.count), width, isDashed ? 5.5 : 0)
    case .polygon(let points, let ink, let opacity):
      use(ink, theme, opacity: opacity)
      course_canvas_polygon(canvas, points.flatMap { [$0.x, $0.y] }, Int32(points.count))
    case .circle(let place, let radius, let ink):
      use(ink, theme)
      course_canvas_circle(canvas, place.x, place.y, radius)
    case .rectangle(let place, let width, let height, let radius, let ink):
      use(ink, theme)
      course_canvas_rectangle(canvas, place.x, place.y, width, height, radius)
    case .image(let image, let place, let width, let height):
      guard image.columns > 0, image.rows > 0 else { return }
      status = course_canvas_image(
        canvas, image.pixels, Int32(image.columns), Int32(image.rows), place.x, place.y, width,
        height, false)
    }
    if status != pictureOK { throw pictureError(status, text: text) }
  }

  /// Red, green and blue of each pixel, row by row.
  func pixels() -> [UInt8] {
    let size = width * height * 3
    return [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
      course_canvas_pixels(canvas, bytes.baseAddress)
      count = size
    }
  }

  /// The bytes of a PNG file.
  func png() throws -> Data {
    var file: UnsafeMutablePointer<UInt8>?
    var size = 0
    let status = course_canvas_png(canvas, &file, &size)
    defer { course_picture_free(file) }
    guard status == pictureOK, let file else { throw pictureError(status) }
    return Data(bytes: file, count: size)
  }
}

/// The error for a picture that cannot be drawn.
func pictureError(_ status: CoursePictureStatus, text: String? = nil) -> CourseError {
  switch status {
  case pictureUnavailable:
    CourseError(
      .file, "PNG and GIF pictures are not available",
      expected: "a build with the trait ImageCodecs on Linux",
      received: "one without it", remedy: "Write an SVG file, which needs no library.")
  case pictureNoFont:
    CourseError(
      .file, "the font of the pictures is missing", expected: "DejaVu Sans",
      received: "no font of that name",
      remedy: "Install the system package fonts-dejavu-core, or write an SVG file.")
  case pictureNoMemory:
    CourseError(
      .file, "no memory for a picture", expected: "room for all its pixels",
      remedy: "Draw it smaller.")
  default: CourseError(.file, "a picture cannot be drawn", received: text.map { "\"\($0)\"" })
  }
}
