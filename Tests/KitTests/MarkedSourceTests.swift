import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct MarkedSourceTests {
  private static let text = """
    struct Layer {
      func forward(_ x: Int) -> Int {
        let (a, b) = (x, x)
        let c: Int = 1
        guard x > 0 else {
          let hidden = 1
          return hidden
        }
        // TODO(1.2): the sum of a, b
        // and c.
        // BEGIN SOLUTION
        let sum = a + b
        return sum + c
        // END SOLUTION
      }

      func backward() {
        // TODO(1.10): nothing.
        // BEGIN SOLUTION
        // END SOLUTION
      }
    }

    """

  @Test func findsRegionsWithTheirDescriptions() throws {
    let source = try MarkedSource(Self.text, file: "A.swift")
    #expect(source.regions.map(\.task.description) == ["1.2", "1.10"])
    #expect(source.regions[0].words == "the sum of a, b and c.")
    #expect(source.regions[0].code == ["    let sum = a + b", "    return sum + c"])
    #expect(source.lines[source.regions[0].body] == source.regions[0].code[...])
    #expect(source.regions[0].indentation == "    ")
    #expect(source.regions[1].code.isEmpty)
    #expect(source.regions.allSatisfy { !$0.isUnwritten })
  }

  @Test func aStubNamesTheGivenValuesOfItsBlock() throws {
    let source = try MarkedSource(Self.text, file: "A.swift")
    #expect(source.stub(of: source.regions[0]) == [#"    notWritten("1.2", given: a, b, c)"#])
    #expect(source.stub(of: source.regions[1]) == [#"    notWritten("1.10")"#])
    let stubbed = try MarkedSource(source.stubbed(), file: "A.swift")
    #expect(stubbed.regions.map(\.isUnwritten) == [true, true])
    #expect(stubbed.stubbed() == source.stubbed())
    #expect(!source.stubbed().contains("let sum"))
  }

  @Test func replacesSomeRegionsAndKeepsTheRest() throws {
    let source = try MarkedSource(Self.text, file: "A.swift")
    #expect(source.replacing { _ in nil } == Self.text)
    #expect(source.replacing { $0.code } == Self.text)
    let one = source.stubbed { $0.task.index == 10 }
    #expect(one.contains("return sum + c") && one.contains(#"notWritten("1.10")"#))
  }

  @Test(arguments: [
    (
      "a region begins within another", 3, "// TODO(1.2): a\n// BEGIN SOLUTION\n// BEGIN SOLUTION\n"
    ),
    ("a region does not end", 2, "// TODO(1.2): a\n// BEGIN SOLUTION\n"),
    ("a region ends that has not begun", 2, "\n// END SOLUTION\n"),
    (
      "a region ends that has not begun", 4,
      "// TODO(1.2): a\n// BEGIN SOLUTION\n// END SOLUTION\n// END SOLUTION\n"
    ),
    ("a region has no description", 1, "// BEGIN SOLUTION\n// END SOLUTION\n"),
    ("a task is described and has no region", 1, "// TODO(1.2): a\nlet code = 1\n"),
    (
      "a task is described and has no region", 1,
      "// TODO(1.2): a\n\n// BEGIN SOLUTION\n// END SOLUTION\n"
    ),
    ("a task is described and has no region", 1, "// TODO(1.2): a"),
    ("this is no description of a task", 1, "// TODO(1): a\n"),
    ("this is no marker", 1, "//BEGIN SOLUTION\n"),
    ("this is no marker", 1, "  // End solution\n"),
    ("this is no marker", 1, "code() // BEGIN SOLUTION\n"),
  ])
  func aWrongMarkerIsNamedByFileAndLine(words: String, line: Int, text: String) {
    expectCourseError(.format, words, "Folder/A.swift, line \(line)", "expected") {
      try MarkedSource(text, file: "Folder/A.swift")
    }
  }

  @Test func aMentionInADocCommentIsNoMarker() throws {
    let text = "/// Between `// BEGIN SOLUTION` and `// END SOLUTION`.\n"
    #expect(try MarkedSource(text, file: "A.swift").regions.isEmpty)
  }

  @Test func everyTaskFileOfThePackage() throws {
    let catalogue = try Catalogue(package: packageFolder)
    for task in catalogue.tasks {
      for file in task.files {
        let text = try String(contentsOf: packageFolder.appending(path: file), encoding: .utf8)
        let source = try MarkedSource(text, file: file)
        #expect(source.regions.contains { $0.task == task.number }, "\(task.number) in \(file)")
        #expect(source.lines.contains("import Shared"), "\(file) needs notWritten")
        for region in source.regions {
          #expect(!region.code.isEmpty && !region.words.isEmpty, "\(file)")
          // The stub never returns: a compiler would warn of code below it in the same function.
          let below = source.lines[(region.body.upperBound + 1)...].first { !$0.isEmpty }
          #expect(below?.hasSuffix("}") == true, "\(file): given code below task \(region.task)")
        }
      }
    }
  }
}
