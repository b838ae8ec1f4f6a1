import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct DiagnosticTests {
  private let package = URL(filePath: "/p")

  @Test func anErrorHasItsPlaceAndItsLines() {
    let output = """
      /p/Phase1-FeedForward/Dense.swift:40:13: error: cannot find 'x' in scope
          let y = x.foo
                  ^
      /p/Phase1-FeedForward/ReLU.swift:7:1: warning: a warning
      let z = 1
      ^
      /p/Phase1-FeedForward/Dense.swift:40:13: error: cannot find 'x' in scope
          let y = x.foo
                  ^
      error: emit-module command failed with exit code 1 (use -v to see invocation)
      """
    #expect(
      Diagnostic.errors(in: output, package: package) == [
        Diagnostic(
          file: "Phase1-FeedForward/Dense.swift", line: 40, column: 13,
          text: "cannot find 'x' in scope", source: ["    let y = x.foo", "            ^"])
      ])
  }

  @Test func errorsOfSwiftPMAreRead() {
    let output = """
      [3/7] Compiling M Dense.swift
      /p/M/Dense.swift:9:11: error: cannot convert value of type 'Int' to 'Tensor'
       7 | func f() {
       8 |   let a = 1
       9 |   let b: Tensor = a
         |           `- error: cannot convert value of type 'Int' to 'Tensor'
      """
    let errors = Diagnostic.errors(in: output, package: package)
    #expect(errors.map(\.line) == [9])
    #expect(errors.first?.source == [" 9 |   let b: Tensor = a"])
  }

  @Test func otherFailuresAreNoErrorsOfTheCode() {
    let output =
      "clang: error: linker command failed with exit code 1\nld.lld: error: undefined symbol: f\n"
    #expect(Diagnostic.errors(in: output, package: package).isEmpty)
  }
}

@Suite(.watched) struct TestFilesTests {
  private func chosen(_ files: KeyValuePairs<String, String>, filters: String...) throws -> [String]
  {
    try withTemporaryFolder { folder in
      for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
      return try TestFiles(folder: folder).chosen(for: filters).map(\.lastPathComponent)
    }
  }

  @Test func theFileOfASuiteAndWhatItUses() throws {
    let files: KeyValuePairs = [
      "ATests.swift": "@Suite struct ATests { struct Case {}; func a() { helper(); x.doubled() } }",
      "BTests.swift": "@Suite struct BTests { struct Case {}; func b() { unused() } }",
      "Helper.swift": "func helper() { inner() }\nfunc unused() {}",
      "Inner.swift": "func inner() {}",
      "Private.swift": "private func helper() {}",
      "More.swift": "extension Tensor { func doubled() {} }",
      "ATests+More.swift": "extension ATests { func more() {} }",
      "BTests+More.swift": "extension BTests { func more() {} }",
    ]
    #expect(
      try chosen(files, filters: "ATests") == [
        "ATests+More.swift", "ATests.swift", "Helper.swift", "Inner.swift", "More.swift",
      ])
  }

  @Test func aSuiteWithinASuite() throws {
    let files: KeyValuePairs = [
      "Outer.swift": "@Suite struct OuterTests {}",
      "A.swift": "extension OuterTests { @Suite struct ATests {} }",
      "B.swift": "extension OuterTests { @Suite struct BTests {} }",
    ]
    #expect(try chosen(files, filters: "OuterTests/ATests") == ["A.swift", "Outer.swift"])
  }

  @Test func aFilterWithAPointMeansTheWholeName() throws {
    let files: KeyValuePairs = [
      "A.swift": "struct LossTests {}", "B.swift": "struct OtherLossTests {}",
    ]
    #expect(try chosen(files, filters: "Tests.LossTests") == ["A.swift"])
    #expect(try chosen(files, filters: "LossTests") == ["A.swift", "B.swift"])
    #expect(try chosen(files, filters: "NoTests") == [])
  }

  @Test func everyTaskHasItsFiles() throws {
    for scope in CourseTask.Scope.allCases {
      let folder = packageFolder.appending(path: "Tests/\(scope.targets.tests)")
      let files = try TestFiles(folder: folder)
      for task in try Catalogue(package: packageFolder).tasks(named: scope.rawValue) {
        let chosen = files.chosen(for: task.filters)
        #expect(!chosen.isEmpty, "\(task.number)")
        // Far fewer than all, or a first check would wait for the whole phase.
        #expect(chosen.count <= 20, "\(task.number): \(chosen.map(\.lastPathComponent))")
      }
    }
  }
}

@Suite(.watched) struct StampTests {
  @Test func aStampIsCurrentUntilAnInputIsNewer() throws {
    try withTemporaryFolder { folder in
      let (input, other) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try Data().write(to: input)
      let stamp = Stamp(file: folder.appending(path: "stamp"))
      #expect(!stamp.isCurrent("flags", inputs: [input]))
      try stamp.write("flags", began: Date())
      #expect(stamp.isCurrent("flags", inputs: [input]))
      #expect(!stamp.isCurrent("other flags", inputs: [input]))
      #expect(!stamp.isCurrent("flags", inputs: [input, other]), "an input is missing")
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: 1)], ofItemAtPath: input.path)
      #expect(!stamp.isCurrent("flags", inputs: [input]))
    }
  }
}
