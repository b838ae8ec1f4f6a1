import Foundation
import Shared

/// `Shared` and the kernels as SwiftPM builds them with the checker. The script `./course` does so before it starts the
/// checker; this is for changes while it runs.
struct BaseBuild {
  let package: URL
  let report: (String) -> Void
  /// The file by which the script knows that the checker is up to date.
  private var stamp: URL { package.appending(path: ".course/kit") }

  /// Builds anew if a file of Shared is newer than the last build.
  func update() throws {
    guard let built = changeTime(of: stamp) else { return }
    let shared = package.appending(path: "Shared")
    let isCurrent = (SourceModule.files(in: shared) + [shared]).allSatisfy {
      (changeTime(of: $0) ?? 0) <= built
    }
    if isCurrent { return }
    report("Building Shared, which has changed")
    let began = Date()
    let result = try ChildProcess.run(
      ["swift", "build", "--package-path", package.path, "--product", "course-kit"], in: package,
      limits: .init(seconds: 3600))
    guard result.ending == .exited(0) else {
      let text = result.output + result.errors
      let errors = Diagnostic.errors(in: text, package: package)
      guard errors.isEmpty else { throw CompileErrors(errors: errors) }
      throw CourseError(
        .file, "Shared cannot be built:\n\(text.suffix(4000))", location: package.path)
    }
    try FileManager.default.setAttributes([.modificationDate: began], ofItemAtPath: stamp.path)
  }
}
