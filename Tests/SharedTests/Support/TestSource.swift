import Foundation

/// A test function, as its source file shows it.
struct TestSource {
  var target: String
  var suite: String
  var function: String
  var file: String
  /// Whether the suite has the trait `.watched`.
  var isWatched: Bool

  /// What `--filter` is compared with.
  var name: String { "\(target).\(suite)/\(function)/\(file):1:2" }

  /// The folder of the package.
  static let package = URL(filePath: #filePath).appending(path: "../../../..").standardized

  /// All tests of the package.
  static func all() throws -> [TestSource] {
    var (tests, watched) = ([TestSource](), Set<String>())
    let folder = package.appending(path: "Tests").resolvingSymlinksInPath()
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    for path in files.sorted() where path.hasSuffix(".swift") {
      let target = String(path.prefix { $0 != "/" })
      guard target.hasSuffix("Tests") else { continue }
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      let traits = /@Suite\([^\n]*\.watched[^\n]*\)\s+(?:struct|class) (\w+)/
      watched.formUnion(text.matches(of: traits).map { "\(target).\($0.1)" })
      var (suite, isTest) = ("none", false)
      // Types at the margin, or a suite within #if; the attributes of a function may stand a line before it.
      let type = /^(?: *@Suite.*|(?:\w+ )?)(?:struct|class|actor|enum|extension) (\w+)/
      for line in text.split(separator: "\n") {
        if let match = line.firstMatch(of: type) { suite = String(match.1) }
        if line.firstMatch(of: /^ *@Test\b/) != nil { isTest = true }
        guard isTest, let match = line.firstMatch(of: /\bfunc (\w+)/) else { continue }
        isTest = false
        tests.append(
          TestSource(
            target: target, suite: suite, function: "\(match.1)()",
            file: String(path.split(separator: "/").last ?? ""), isWatched: false))
      }
    }
    for place in tests.indices {
      tests[place].isWatched = watched.contains("\(tests[place].target).\(tests[place].suite)")
    }
    return tests
  }
}
