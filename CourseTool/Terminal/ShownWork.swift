import CourseCommandLine
import Foundation
import Networks
import Pictures

// The long work of the libraries, with its progress on a stream; `nil` for none.

extension Animation {
  /// Draws and packs the frames.
  func gif(showing stream: TextStream?) throws -> Data {
    let progress = ProgressLine("drawing frames", total: 2 * frames.count, on: stream)
    defer { progress.clear() }
    return try gif { progress.show($0) }
  }
}

/// A source of images with a line that counts the images read from it.
struct ShownImages: ImageSource {
  private let source: any ImageSource
  private let progress: ProgressLine

  init(_ source: any ImageSource, counting progress: ProgressLine) {
    (self.source, self.progress) = (source, progress)
  }

  func image(at index: Int) throws -> PixelImage {
    defer { progress.advance() }
    return try source.image(at: index)
  }

  var name: String { source.name }
  var count: Int { source.count }
  var classNames: [String] { source.classNames }
  func label(at index: Int) -> Int { source.label(at: index) }
  func shape(at index: Int) throws -> [Int] { try source.shape(at: index) }
  func location(at index: Int) -> String { source.location(at: index) }
  func file(at index: Int) -> String? { source.file(at: index) }
  func mask(at index: Int) throws -> PixelImage? { try source.mask(at: index) }
  var targets: Target { source.targets }
  func boxes(at index: Int) throws -> [ImageBox] { try source.boxes(at: index) }
}
