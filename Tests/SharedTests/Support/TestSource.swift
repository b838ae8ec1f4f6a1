import Foundation

/// A test function, as its source file shows it.
struct TestSource {
  var target: String
  /// With the suite around it, if there is one.
  var suite: String
  var function: String
  var file: String
  /// Whether the suite, or the one around it, has the trait `.watched`.
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
      let traits = /@Suite\([^{]*?\.watched[^{]*?\)\s+(?:struct|class) (\w+)/
      watched.formUnion(text.matches(of: traits).map { "\(target).\($0.1)" })
      var (outer, suite, isTest) = ("", "none", false)
      // Types at the margin, and suites within them or within #if; the attributes of a function may stand a
      // line before it.
      let type = /^( *)(?:@Suite.* |(?:\w+ )?)(struct|class|actor|enum|extension) (\w+)/
      for line in text.split(separator: "\n") {
        let isSuite = line.contains("@Suite")
        if isSuite || !line.hasPrefix(" "), let match = line.firstMatch(of: type) {
          let name = String(match.3)
          if match.1.isEmpty { outer = "\(name)/" }
          suite = match.1.isEmpty ? name : outer + name
        }
        if line.trimmingPrefix(while: { $0 == " " }).hasPrefix("@Test") { isTest = true }
        guard isTest, let match = line.firstMatch(of: /\bfunc (\w+)/) else { continue }
        isTest = false
        tests.append(
          TestSource(
            target: target, suite: suite, function: "\(match.1)()",
            file: String(path.split(separator: "/").last ?? ""), isWatched: false))
      }
    }
    for place in tests.indices {
      let outermost = tests[place].suite.prefix { $0 != "/" }
      tests[place].isWatched = watched.contains("\(tests[place].target).\(outermost)")
    }
    return tests
  }
}
