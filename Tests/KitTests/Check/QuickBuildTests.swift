#if os(Linux)
  import CourseTestSupport
  import Foundation
  import Testing

  @testable import CourseKit

  /// Checks a task of a tiny package from beginning to end, with the real compiler.
  @Suite(.watched) struct QuickBuildTests {
    /// A package with one task, whose function has to return 1, and a `Shared` as SwiftPM would have built it.
    private struct TinyPackage {
      let folder: URL
      let task: CourseTask
      var base: URL { folder.appending(path: "base") }

      init(in folder: URL) throws {
        self.folder = folder
        task = CourseTask(
          number: try #require(CourseTask.Number("1.2")), title: "Dense", work: "a number",
          scope: .phase1,
          link: "Protocols/Phase1-FeedForward.md#a", files: ["Phase1-FeedForward/Dense.swift"],
          filters: ["DenseTests"], hours: 2, hints: [], example: "")
        try write("module CCourseKernels {}\n", to: "Shared/Kernels/include/module.modulemap")
        try write("", to: "Shared/BundledData/include/data.h")
        try write("module CCourseData {}\n", to: "base/CCourseData.build/module.modulemap")
        try write("public func one() -> Int { 1 }\n", to: "Shared/One.swift")
        try write("public let unused = 0\n", to: "Tests/TestSupport/Support.swift")
        // In pieces, so that they do not look like tests of this package.
        let (suite, test) = ("@Suite", "@Test")
        try write(
          """
          import Phase1FeedForward
          import Testing

          \(suite) struct DenseTests {
            \(test) func isOne() { #expect(dense(5) == 1, "dense: it is not one") }
            \(test) func isTwo() { #expect(dense(6) == expected) }
          }
          """, to: "Tests/Phase1FeedForwardTests/DenseTests.swift")
        try write("let expected = 1\n", to: "Tests/Phase1FeedForwardTests/Helper.swift")
        try write("let unused: Missing\n", to: "Tests/Phase1FeedForwardTests/Other.swift")
        try write(
          "\(base.path)/Shared.build/One.o\n", to: "base/course-kit.product/Objects.LinkFileList")
        try buildAsSwiftPM("Shared", of: "Shared/One.swift", into: "Shared.build/One.o")
      }

      /// Leaves what SwiftPM leaves of a module: its interface and its object.
      func buildAsSwiftPM(_ module: String, of source: String, into object: String) throws {
        let (object, interfaces) = (base.appending(path: object), base.appending(path: "Modules"))
        for place in [object.deletingLastPathComponent(), interfaces] {
          try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        }
        let result = try ChildProcess.run(
          [
            "swiftc", "-module-name", module, "-parse-as-library", "-enable-testing", "-c", "-o",
            object.path, "-emit-module", "-emit-module-path",
            "\(interfaces.path)/\(module).swiftmodule", "\(folder.path)/\(source)",
          ])
        try #require(result.ending == .exited(0), "\(result.errors)")
      }

      func write(_ text: String, to path: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }

      /// Checks the task with a body.
      func check(_ body: String) throws -> TaskVerdict {
        try write(
          """
          import Shared

          public func dense(_ number: Int) -> Int {
            // TODO(1.2): one.
            // BEGIN SOLUTION
            \(body)
            // END SOLUTION
          }
          """, to: "Phase1-FeedForward/Dense.swift")
        return try Checker(package: folder, base: base).check(task)
      }
    }

    @Test func aTaskFromTheStubToTheSolution() throws {
      try withTemporaryFolder { folder in
        let package = try TinyPackage(in: folder)

        let stub = try package.check("notWritten(\"1.2\")")
        #expect(stub.outcome == .notWritten)
        #expect(stub.unwritten == ["one."])

        let broken = try package.check("return unknown")
        #expect(broken.outcome == .doesNotCompile)
        #expect(broken.errors.map(\.file) == ["Phase1-FeedForward/Dense.swift"])
        #expect(broken.errors.map(\.line) == [6])
        #expect(broken.errors.first?.text == "cannot find 'unknown' in scope")

        let wrong = try package.check("return number == 5 ? 2 : one()")
        #expect(wrong.outcome == .failed)
        #expect(wrong.tests.map(\.outcome) == [.failed, .passed])
        #expect(
          wrong.failures.first?.messages.first?.text.hasPrefix("dense: it is not one") == true)

        let trap = try package.check("if number == 6 { fatalError(\"six\") }; return one()")
        #expect(trap.tests.map(\.outcome) == [.passed, .crashed])
        let message = trap.failures.first?.messages.first?.text ?? ""
        #expect(message.contains("Fatal error: six\n  at Phase1-FeedForward/Dense.swift:6:  if"))

        let right = try package.check("return one()")
        #expect(right.outcome == .passed)
        #expect(right.points == 8)
      }
    }

    /// `swift test` leaves the interface of the phase beside the checker. After an edit it is out of date.
    @Test func theInterfaceThatSwiftPMBuiltBeforeAnEditIsNotTaken() throws {
      try withTemporaryFolder { folder in
        let package = try TinyPackage(in: folder)
        try package.write(
          "public func dense(_ number: Int, plus: Int = 0) -> Int { number + plus }\n",
          to: "Old.swift")
        try package.buildAsSwiftPM(
          "Phase1FeedForward", of: "Old.swift", into: "Phase1FeedForward.build/Dense.o")

        let right = try package.check("return one()")
        #expect(right.outcome == .passed, "\(right)")
      }
    }
  }
#endif
