import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct SourceRulesTests {
  private let rules = SourceRules()

  @Test(arguments: [
    ("import Foundation", "line 1 imports Foundation"),
    ("import Shared\n@testable import Glibc", "line 2 uses the attribute @testable"),
    ("import Shared\npublic import Glibc", "line 2 imports Glibc"),
    ("import func Darwin.exit", "imports Darwin"),
    ("let a = 1; import Foundation", "imports Foundation"),
    ("import\n  Foundation", "imports Foundation"),
    ("/* import Shared */ import Dispatch", "imports Dispatch"),
    ("/* /* */ */ import Dispatch", "imports Dispatch"),
    ("let a = \" // \"; import Dispatch", "imports Dispatch"),
    ("let a = \"/*\"\nimport Dispatch\nlet b = \"*/\"", "line 2 imports Dispatch"),
    ("let a = \"\"\"\n  \" /*\n  \"\"\"\nimport Dispatch // */", "line 4 imports Dispatch"),
    ("let a = #\"\"\"#; import Dispatch", "does not end"),
    ("@_silgen_name(\"exit\") func leave(_: Int32)", "@_silgen_name"),
    ("@_cdecl(\"f\") func f() {}", "@_cdecl"),
    ("@_extern(c) func exit(_: Int32)", "@_extern"),
    ("@convention(c)", "@convention"), ("@main struct A {}", "@main"),
    ("let a = \"\\({ @_silgen_name(\"exit\") func f() }())\"", "@_silgen_name"),
    ("#sourceLocation(file: \"a\", line: 1)", "#sourceLocation"),
    ("macro f() = #externalMacro(module: \"A\", type: \"B\")", "macro"),
    ("let x = #stringify(1)", "#stringify"),
    ("x.withUnsafeBytes { _ in }", "withUnsafeBytes"),
    ("UnsafeMutablePointer<Int>(bitPattern: 1)!.pointee = 2", "UnsafeMutablePointer"),
    ("unsafeBitCast(a, to: Int.self)", "unsafeBitCast"),
    ("let r = /\"/; let s = \" // \"; import Dispatch", "regular expression"),
    ("let r = #/ /* /#; import Dispatch", "regular expression"),
    ("return /[/]*/", "regular expression"), ("/* open", "does not end"),
    ("let a = \"open\nimport Dispatch", "does not end"),
  ])
  func refuses(source: String, words: String) {
    let reason = rules.refusal(of: source)
    #expect(reason?.contains(words) == true, "\(source): \(reason ?? "accepted")")
  }

  @Test(arguments: [
    "import Shared", "// import Foundation", "/* import Foundation */ let a = 1",
    "/// @_silgen_name and #sourceLocation in words", "let a = \"import Foundation @_cdecl\"",
    "let a = #\"a \" /* b\"#", "let a = b / c / d", "let a = (b) / c + x[1] / y",
    "numbers.reduce(1, /)", "a /= 2", "let macro = 1", "@inline(__always) func f() {}",
    "@discardableResult func f() -> Int { 1 }", "#if DEBUG\n#endif", "x.import(1)",
    "let `import` = 1",
    "let text = \"\"\"\n  \"quoted\" // no comment\n  \"\"\"", "let a = \"\\(b / c) \\\"\"",
  ])
  func accepts(source: String) {
    let reason = rules.refusal(of: source)
    #expect(reason == nil, "\(source): \(reason ?? "")")
  }

  @Test func whereFoundationIsAllowedItsMathematicsAre() {
    let rules = SourceRules(imports: ["Shared", "Foundation"])
    #expect(rules.refusal(of: "import Foundation\nlet a = Foundation.exp(1) + pow(2, 3)") == nil)
    for call in [
      "exit(0)", "Foundation.exit(0)", "fopen(\"a\", \"w\")", "FileManager.default", "Process()",
      "import Glibc", "let f = Foundation", "kill(1, 9)", "write(3, \"a\", 1)",
    ] {
      #expect(rules.refusal(of: "import Foundation\n\(call)") != nil, "\(call)")
    }
  }

  /// No solution may be refused.
  @Test func theFilesOfAllTasksAreAccepted() throws {
    let catalogue = try Catalogue(package: packageFolder)
    for file in Set(catalogue.tasks.flatMap(\.files)) {
      let text = try String(contentsOf: packageFolder.appending(path: file), encoding: .utf8)
      let usesFoundation = text.contains("\nimport Foundation\n") || text.hasPrefix("import Found")
      let rules = SourceRules(imports: usesFoundation ? ["Shared", "Foundation"] : ["Shared"])
      let reason = rules.refusal(of: text)
      #expect(reason == nil, "\(file): \(reason ?? "")")
    }
  }
}
