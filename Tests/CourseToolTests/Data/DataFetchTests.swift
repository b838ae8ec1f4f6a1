import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

@Suite(.watched) struct DataFetchTests {
  @Test func anUnknownNameIsCorrected() {
    let run = runTool("data", "fetch", "mnst")
    #expect(run.status == 2)
    #expect(run.error.contains("unknown data set 'mnst'. Did you mean 'mnist'?"))
    #expect(run.error.contains("Expected mnist, fashion-mnist, cifar10."))
  }

  @Test(arguments: ["ftp://127.0.0.1/", "file:///data/", "mirror.org", "http://"])
  func mirrorsAreOnTheWeb(address: String) {
    let run = runTool("data", "fetch", "mnist", "--mirror", address)
    #expect(
      run.status == 2 && run.error.contains("begins with http:// or https://"), "\(run.error)")
  }

  @Test func filesThatAreThereAreVerifiedAndListed() throws {
    try withTemporaryFolder { folder in
      let content = Array("data".utf8)
      let file = RemoteFile(
        name: "a.bin", size: 4, md5: nil, sha256: Checksum.hex(.sha256, of: content), mirrors: [])
      let dataset = RemoteDataset(name: "tiny", abstract: "", files: [file])
      let place = dataset.folder(in: folder)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try Data(content).write(to: place.appending(path: "a.bin"))
      let output = Recorder()
      let features = TerminalFeatures()
      let terminal = Terminal(
        output: TextStream(features: features) { output.append($0) },
        error: TextStream(features: features) { _ in })
      try DataFetchCommand.fetch([dataset], into: folder, json: false, on: terminal)
      #expect(output.text == "\(place.path)/a.bin  4 bytes, already present\n")

      try Data("date".utf8).write(to: place.appending(path: "a.bin"))
      expectCourseError(.format, "a.bin", "SHA-256", "Delete it and download it again") {
        try DataFetchCommand.fetch([dataset], into: folder, json: false, on: terminal)
      }
    }
  }

  @Test func theBarShowsSizeSpeedAndTimeLeft() {
    let start = ContinuousClock.now
    var progress = WorkProgress(total: 10_000_000, done: 500_000, at: start)
    progress.reach(2_500_000, at: start + .milliseconds(800))
    let parts = DownloadDisplay(on: nil).parts(progress)
    #expect(parts == [["2.5 of 10.0 MB"], ["3.00 s left"], ["2.5 MB/s"]])
    #expect(DownloadDisplay(on: nil).parts(WorkProgress(total: 1500)) == [["0.0 of 1.5 kB"]])
  }

  @Test func theListSaysWhatCanBeDownloaded() throws {
    let run = runTool("data", "list")
    for name in ["digits", "iris", "mnist", "fashion-mnist", "cifar10", "data fetch NAME"] {
      #expect(run.output.contains(name))
    }
    let json = try runTool("data", "list", "--json").json
    let downloads = try #require(json["downloads"] as? [[String: Any]])
    #expect(downloads.map { $0["name"] as? String } == ["mnist", "fashion-mnist", "cifar10"])
    #expect(downloads.map { $0["bytes"] as? Int }[2] == 170_052_171)
  }
}
