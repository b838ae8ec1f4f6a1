import Foundation

/// The result of a submission.
struct SubmissionGrade: Codable, Equatable {
  enum Outcome: String, Codable {
    case passed, failed, refused, missing
    case notWritten = "not written"
    case doesNotCompile = "does not compile"
  }

  /// The result of a task.
  struct Task: Codable, Equatable {
    var number: CourseTask.Number
    var title: String
    var outcome: Outcome
    var points: Int
    var maximum: Int
    /// The mistake, in the words of the first test that names it.
    var message = ""
    /// The tests that passed, and all.
    var passedTests = 0
    var tests = 0

    /// The message in one line.
    var headline: String {
      let lines = message.split(separator: "\n").map { $0.drop { $0 == " " } }
      let first = lines.first ?? ""
      return first.hasSuffix(":") && lines.count > 1 ? "\(first) \(lines[1])" : String(first)
    }
  }

  var student: String
  var tasks: [Task] = []
  /// Files that do not compile, and other things to know.
  var remarks: [String] = []
  /// The fingerprint of the submission and of the instructor's package.
  var fingerprint = ""
  var seconds = 0.0

  var points: Int { tasks.reduce(0) { $0 + $1.points } }
  var maximum: Int { tasks.reduce(0) { $0 + $1.maximum } }

  subscript(number: CourseTask.Number) -> Task? { tasks.first { $0.number == number } }
}

/// A number for some texts, by which a change is recognised: FNV-1a.
struct Fingerprint {
  private var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ data: Data) {
    data.withUnsafeBytes { bytes in
      var hash = value
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      value = (hash ^ 0xFF) &* 0x100_0000_01b3
    }
  }

  mutating func add(_ text: String) { add(Data(text.utf8)) }

  var text: String { String(value, radix: 16) }
}
