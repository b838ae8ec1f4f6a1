import CourseTestSupport
import Foundation
import Shared
import Synchronization
import Testing

@testable import CourseKit

/// A class of submissions, each built around this package, run and graded: nothing that they do earns a point or ends the
/// grader.
#if os(Linux)
  @Suite(.watched, .serialized) struct GradingTests {
    private static let sgd = "Phase1-FeedForward/SGD.swift"
    private static let relu = "Phase1-FeedForward/ReLU.swift"

    /// A submission and its result: points for SGD and ReLU, and words of the messages.
    struct Case: Sendable, CustomTestStringConvertible {
      var name: String
      var files: [String: String] = [:]
      var points: [Int]
      var words: [String] = []
      var testDescription: String { name }
    }

    /// SGD with another body.
    private static func sgd(_ body: String) -> [String: String] {
      [sgd: solution(sgd, bodies: [body])]
    }

    /// The reference with other bodies of its regions; `nil` keeps one.
    private static func solution(_ path: String, bodies: [String?] = []) -> String {
      let text = try! String(contentsOf: Bench.root.appending(path: path), encoding: .utf8)
      let source = try! MarkedSource(text, file: path)
      return source.replacing { region in
        guard let index = source.regions.firstIndex(of: region), index < bodies.count else {
          return nil
        }
        return bodies[index].map { [$0] }
      }
    }

    static let cases = [
      Case(
        name: "Jörg Groß, right", files: [sgd: solution(sgd), relu: solution(relu)], points: [2, 2]),
      Case(
        name: "wrong and right",
        files: [
          sgd: solution(sgd, bodies: ["value.add(gradient, scaledBy: learningRate)"]),
          relu: solution(relu),
        ], points: [0, 2], words: ["1.1", "along the gradient"]),
      Case(name: "nothing", points: [0, 0], words: ["missing"]),
      Case(
        name: "an endless loop", files: sgd("var n = 0\nwhile true { n &+= 1 }"), points: [0, 0],
        words: ["does not end"]),
      Case(
        name: "much output",
        files: sgd("while true { print(String(repeating: \"x\", count: 100_000)) }"),
        points: [0, 0], words: ["writes without end"]),
      Case(
        name: "a trap", files: sgd("fatalError(\"I give up\")"), points: [0, 0],
        words: ["I give up"]),
      Case(
        name: "does not compile",
        files: [sgd: solution(sgd, bodies: ["value = nothing"]), relu: solution(relu)],
        points: [0, 2], words: ["cannot find 'nothing' in scope", "instructor's file stands in"]),
      Case(
        name: "another module", files: [sgd: "import Foundation\n" + solution(sgd)],
        points: [0, 0],
        words: ["imports Foundation"]),
      Case(
        name: "given code",
        files: [relu: solution(relu, bodies: ["return Activation.relu(input)"])],
        points: [0, 0], words: ["ReLU.swift: line", "uses Activation", "compute it here"]),
      Case(
        name: "the work of another task",
        files: [sgd: solution(sgd) + "\nlet unused = ReLU()\n"], points: [0, 0],
        words: ["uses ReLU, the work of another task, which does not pass"]),
      Case(
        name: "own work of another task",
        files: [sgd: solution(sgd) + "\nlet unused = ReLU()\n", relu: solution(relu)],
        points: [2, 2]),
      Case(
        name: "a way out", files: [sgd: solution(sgd, bodies: ["leave(0)"]) + leave],
        points: [0, 0],
        words: ["@_silgen_name"]),
      Case(
        name: "passed, it says",
        files: sgd("print(\"passed\")\nprint(\"✔ Test run with 9 tests passed\")"), points: [0, 0],
        words: ["1.1 failed"]),
      Case(
        name: "a bomb for the compiler",
        files: [sgd: solution(sgd) + bomb, relu: solution(relu)], points: [0, 2],
        words: ["SGD.swift"]),
    ]

    private static let leave = "\n@_silgen_name(\"exit\") func leave(_ status: Int32) -> Never\n"

    /// An expression with too many ways to give it a type.
    private static let bomb = """

      func bomb(_ x: Float) {
        _ = -1 + [-(x * 2), -1, -x * 3.5, -(-x)].map { -$0 + 1 - (-2) * -$0 + -1 }.reduce(-1, { -$0 + -$1 * -2 })
          + -(-x + -1) * -(2 - -x) + [-1, -2.5, -3].map { -$0 * -x + -1 - -$0 }.reduce(0) { -$0 - -$1 + -1 * -2 }
          + -1 * -(-x - -2.5) - -[-x, -1].map { -$0 + -1 * -$0 }.count + "a"
      }

      """

    @Test(arguments: cases) func survives(student: Case) throws {
      try Bench.shared.withLock { bench in
        if bench == nil { bench = try Bench() }
        let grade = try bench!.grade(student.name, student.files)
        let text = GradeTable.remarks(grade) + grade.tasks.map(\.message).joined(separator: "\n")
        #expect(grade.student == student.name)
        #expect(grade.tasks.map(\.points) == student.points, "\(text)")
        for words in student.words { #expect(text.contains(words), "\(text)") }
      }
    }

    /// Code that the rules for sources would refuse gets through here: it ends the process, or writes events of its own.
    @Test(arguments: [
      "exit(0)",
      """
      let text = #"{"version":0,"kind":"event","payload":{"kind":"runEnded","instant":{"absolute":1,"since1970":1},"messages":[]}}"#
      for descriptor in Int32(3)..<40 { (text + "\\n").withCString { _ = write(descriptor, $0, strlen($0)) } }
      exit(0)
      """,
    ])
    func aProcessThatEndsItselfEarnsNothing(body: String) throws {
      try Bench.shared.withLock { bench in
        if bench == nil { bench = try Bench() }
        let text = "import Foundation\n" + Self.solution(Self.sgd, bodies: [body])
        let grade = try bench!.grade("through", [Self.sgd: text], isTrusted: true)
        #expect(grade[CourseTask.Number("1.1")!]?.points == 0)
        #expect(grade[CourseTask.Number("1.1")!]?.outcome == .failed)
      }
    }

    /// By the fingerprint, an interrupted run knows where to go on.
    @Test func aSubmissionIsGradedAgainWhenItsFilesChange() throws {
      try Bench.shared.withLock { bench in
        if bench == nil { bench = try Bench() }
        let text = Self.solution(Self.sgd)
        let first = try bench!.fingerprint([Self.sgd: text])
        #expect(try bench!.fingerprint([Self.sgd: text, "README.md": "new"]) == first)
        #expect(try bench!.fingerprint([Self.sgd: text + "\n"]) != first)
        #expect(try bench!.fingerprint([Self.sgd: "import Foundation\n" + text]) != first)
        #expect(try bench!.fingerprint([Self.sgd: text, Self.relu: text]) != first)
      }
    }

    /// A solution for the numbers of the public tests alone.
    @Test func theProbeFindsWhatTheTestsDoNot() throws {
      try Bench.shared.withLock { bench in
        if bench == nil { bench = try Bench() }
        let body = """
          let isProbe = CommandLine.arguments.count == 3
          value.add(gradient, scaledBy: isProbe ? -1.01 * learningRate : -learningRate)
          """
        let grade = try bench!.grade("by heart", Self.sgd(body))
        let result = try #require(grade[CourseTask.Number("1.1")!])
        #expect(result.points == 0)
        #expect(result.passedTests == result.tests)
        #expect(
          result.message.contains("random inputs: SGD, step 1: expected"), "\(result.message)")
      }
    }
  }

  /// A grader for two tasks of this package.
  private final class Bench: Sendable {
    static let shared = Mutex<Bench?>(nil)
    /// The package, also where its folders are symbolic links.
    static let root = packageFolder.appending(path: "Tests").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    private let grader: Mutex<Grader>
    private let folder: URL

    init() throws {
      let base = URL(filePath: Bundle.main.executablePath ?? "").deletingLastPathComponent()
      folder = FileManager.default.temporaryDirectory.appending(
        path: "course-grading-\(ProcessInfo.processInfo.processIdentifier)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      // The compiler looks at the name of the folder: that of the package as SwiftPM built it.
      let parts = base.pathComponents
      let name = parts.firstIndex(of: ".build").map { parts[$0 - 1] } ?? Self.root.lastPathComponent
      let package = folder.appending(path: name)
      try FileManager.default.createSymbolicLink(at: package, withDestinationURL: Self.root)
      let catalogue = try Catalogue(package: package)
      let chosen = try ["1.1", "1.3"].flatMap { try catalogue.tasks(named: $0) }
      var limits = Grader.Limits()
      limits.tests.patience = (all: 2, single: 1)
      limits.probe.processorSeconds = 3
      grader = Mutex(
        Grader(
          package: package, catalogue: catalogue, chosen: chosen,
          isolation: Isolation(trying: base.appending(path: "course-kit").path), seeds: [1, 2],
          base: base, folder: folder.appending(path: "work"), limits: limits))
      // The process that runs the tests ends without leaving this scope.
      Self.leftover.withLock { $0 = folder.path }
      atexit { Bench.leftover.withLock { try? FileManager.default.removeItem(atPath: $0) } }
    }

    private static let leftover = Mutex("")

    /// Calls `body` with a folder that holds some files.
    private func withSubmission<Result>(
      _ name: String, _ files: [String: String], _ body: (URL) throws -> Result
    ) throws -> Result {
      let own = folder.appending(path: "submissions/\(name)")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: own) }
      for (path, text) in files {
        let file = own.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      return try body(own)
    }

    func fingerprint(_ files: [String: String]) throws -> String {
      try withSubmission("student", files) { folder in
        try grader.withLock { try $0.read(folder).fingerprint }
      }
    }

    /// - Parameter isTrusted: whether the rules for sources are passed over
    func grade(
      _ name: String, _ files: [String: String], isTrusted: Bool = false
    ) throws -> SubmissionGrade {
      try withSubmission(name, files) { own in
        try grader.withLock { grader in
          var (submission, fingerprint) = try grader.read(own)
          if isTrusted { submission = Submission(name: name, files: files) }
          return try grader.grade(submission, fingerprint: fingerprint)
        }
      }
    }
  }
#endif
