import Foundation
import Shared

/// `Shared` and the kernels as SwiftPM builds them with the checker. The script `./course` does so before it starts the
/// checker; this is for changes while it runs.
struct BaseBuild {
  let package: URL
  let report: (String) -> Void
  /// The file by which the script knows that the checker is up to date.
  private var stamp: URL { package.appending(path: ".course/course-kit") }

  /// Builds again if a file of Shared is newer than the last build, or always.
  func update(always: Bool = false) throws {
    let built = changeTime(of: stamp) ?? 0
    let shared = package.appending(path: "Shared")
    let isCurrent = (SourceModule.files(in: shared) + [shared]).allSatisfy {
      (changeTime(of: $0) ?? 0) <= built
    }
    if !always, isCurrent || built == 0 { return }
    report(always ? "Building Shared again" : "Building Shared, which has changed")
    let began = Date()
    let result = try ChildProcess.run(
      ["swift", "build", "--package-path", package.path, "--product", "course-kit"], in: package,
      limits: .init(seconds: 3600), tick: { report("") })
    guard result.ending == .exited(0) else {
      let text = result.output + result.errors
      let errors = Diagnostic.errors(in: text, package: package)
      guard errors.isEmpty else { throw CompileErrors(errors: errors) }
      throw CourseError(
        .file, "Shared cannot be built:\n\(text.suffix(4000))", location: package.path)
    }
    // Without the script there is no such file.
    try? FileManager.default.setAttributes([.modificationDate: began], ofItemAtPath: stamp.path)
  }
}
