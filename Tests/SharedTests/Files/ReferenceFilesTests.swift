import CourseTestSupport
import Foundation
import Shared
import Testing

/// The Swift half of `Tests/Reference/check_files.py`, which sets this variable to a folder of files
/// that NumPy and safetensors wrote.
private let folder = ProcessInfo.processInfo.environment["COURSE_REFERENCE_FOLDER"]

@Suite(.enabled(if: folder != nil), .watched) struct ReferenceFilesTests {
  @Test func filesFromElsewhereAreReadAndWrittenAgain() throws {
    let folder = URL(filePath: try #require(folder))
    let names = try names(in: folder)
    #expect(names.count > 10)
    for name in names {
      let (source, copy) = (folder.appending(path: name), folder.appending(path: "copy-" + name))
      if name.hasSuffix(".npy") {
        try Tensor(npy: source).writeNpy(to: copy)
      } else if name.hasSuffix(".safetensors") {
        try SafetensorsFile(contentsOf: source).write(to: copy)
      }
    }
  }
}
