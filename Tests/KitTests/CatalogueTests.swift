import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct CatalogueTests {
  let catalogue: Catalogue

  init() throws { catalogue = try Catalogue(package: packageFolder) }

  @Test func aPackageWithoutTextsIsRefused() throws {
    try withTemporaryFolder { folder in
      expectCourseError(.file, "no tasks in this package", "Protocols/Phase1-FeedForward.md") {
        _ = try Catalogue(package: folder)
      }
    }
  }

  @Test func findsATaskByItsNumber() throws {
    let task = try #require(try catalogue.tasks(named: "1.2").first)
    #expect(task.title == "Dense")
    #expect(task.files == ["Phase1-FeedForward/Dense.swift"])
    #expect(task.filters == ["DenseTests"])
    #expect(task.hours == 2)
    #expect(task.points == 8)
    #expect(task.link == "Protocols/Phase1-FeedForward.md#task-12-dense")
  }

  @Test func everyScopeHasItsTasksInOrder() throws {
    for scope in CourseTask.Scope.allCases {
      let tasks = try catalogue.tasks(named: scope.rawValue)
      #expect(tasks.count >= 5, "\(scope)")
      #expect(tasks.map(\.number.index) == Array(1...tasks.count), "\(scope)")
    }
    #expect(try catalogue.tasks(named: "ALL").count == catalogue.tasks.count)
    #expect(try catalogue.tasks(named: "Phase1").count == catalogue.tasks(named: "phase1").count)
  }

  @Test func everyFileOfATaskHoldsItsMark() throws {
    for task in catalogue.tasks {
      for file in task.files {
        let source = try String(contentsOf: packageFolder.appending(path: file), encoding: .utf8)
        #expect(source.contains("// TODO(\(task.number)):"), "\(task.number) in \(file)")
        // `notWritten`, which stands in the stubs, is in Shared.
        #expect(source.contains("import Shared\n"), "\(file)")
      }
    }
  }

  @Test func twoFiltersOfOneTask() throws {
    let task = try #require(try catalogue.tasks(named: "0.10").first)
    #expect(
      task.filters == [
        "FirstPrinciplesTests/TwoLayerNetworkTests", "FirstPrinciplesTests/DeepNetworkTests",
      ])
  }

  @Test(arguments: ["1.77", "9.1", "phase9", "", "1.2.3", "-1.2"])
  func anUnknownNameListsTheKnownOnes(name: String) {
    expectCourseError(.invalidArgument, "expected") { try catalogue.tasks(named: name) }
  }

  @Test func aRowThatIsNoneIsNamedByItsLine() {
    let text = "| [1.1](#a) | work | `A.swift` |\n"
    expectCourseError(.format, "line 1", "Phase1-FeedForward.md") {
      try Catalogue.tasks(of: .phase1, in: text)
    }
  }
}
