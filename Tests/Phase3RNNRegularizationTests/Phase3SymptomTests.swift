import CourseTestSupport
import Foundation
import Shared
import Testing

/// The symptoms that the tables of Protocols/Phase3-RNN-Regularization.md quote are those that the tests tell.
@Suite(.watched) struct Phase3SymptomTests {
  /// The quoted symptoms of a task. Of `"expected ..., got [0]"` the first part is taken.
  private static func symptoms(of number: String) throws -> [String] {
    let text = try String(
      contentsOf: packageFolder.appending(path: "Protocols/Phase3-RNN-Regularization.md"),
      encoding: .utf8)
    let start = try #require(text.range(of: "\n## Task \(number):")).upperBound
    let task = text[start...].components(separatedBy: "\n## ")[0]
    return task.split(separator: "\n").filter { $0.hasPrefix("| \"") }.flatMap { row in
      row.components(separatedBy: " | ")[0].matches(of: /"([^"]+)"/).map {
        $0.1.components(separatedBy: "...")[0].trimmingCharacters(in: .whitespaces)
      }
    }
  }

  /// The sources of these tests and of what they call, without the breaks of long strings.
  private static func sources() throws -> String {
    var all = ""
    for folder in ["Tests/Phase3RNNRegularizationTests", "Tests/TestSupport", "Shared/Tensor"] {
      let folder = packageFolder.appending(path: folder)
      for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      where name.hasSuffix(".swift") {
        all += try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      }
    }
    return all.replacing(/\\\n */, with: "")
  }

  @Test(arguments: ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8"])
  func aTestTellsEachSymptom(task: String) throws {
    let symptoms = try Self.symptoms(of: task)
    #expect(symptoms.count >= 3)
    let sources = try Self.sources()
    for symptom in symptoms {
      let isTold = sources.contains(symptom)
      #expect(isTold, "task \(task): no test says \"\(symptom)\"")
    }
  }

  /// A symptom that some recurrent layer has is one of this layer.
  @Test(arguments: [("3.3", RecurrentCell.elman), ("3.4", .lstm), ("3.8", .gru)])
  func itIsASymptomOfThisLayer(task: String, cell: RecurrentCell) throws {
    let words = RecurrentTask.Pass.allCases.flatMap {
      RecurrentTask(cell: cell).mistakes($0).map(\.words)
    }
    for symptom in try Self.symptoms(of: task)
    where RecurrentFault.allCases.contains(where: { $0.rawValue.contains(symptom) }) {
      let isOfThisLayer = words.contains { $0.contains(symptom) }
      #expect(isOfThisLayer, "task \(task): \"\(symptom)\" is told of another layer")
    }
  }
}
