import Foundation

/// The results as JUnit XML: a suite for each task.
struct JUnitDocument {
  let verdicts: [TaskVerdict]
  var time = Date()

  var text: String {
    let suites = verdicts.map(suite)
    let cases = verdicts.flatMap(cases)
    let totals = counts(of: cases)
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="course check" \(totals)>
      \(suites.joined(separator: "\n"))
      </testsuites>

      """
  }

  /// A line of the document: a test, or the fact that there was none to run.
  private struct Case {
    enum Result { case passed, failure(String, String), error(String, String), skipped(String) }
    var name: String
    var suite: String
    var seconds: Double
    var file: String
    var line: Int
    var result: Result
  }

  private func cases(_ verdict: TaskVerdict) -> [Case] {
    let task = verdict.task
    guard verdict.tests.isEmpty else { return verdict.tests.map(test) }
    let error = verdict.errors.first
    let result: Case.Result =
      verdict.outcome == .doesNotCompile
      ? .error("does not compile", verdict.summary) : .skipped("not written yet")
    return [
      Case(
        name: task.title, suite: "\(task.number)", seconds: 0,
        file: error?.file ?? task.files.first ?? "",
        line: error?.line ?? 1, result: result)
    ]
  }

  private func test(_ test: TestVerdict) -> Case {
    let text = test.messages.map(\.text).joined(separator: "\n")
    let first = String(text.prefix { !$0.isNewline })
    let result: Case.Result =
      switch test.outcome {
      case .passed: .passed
      case .failed: .failure(first, text)
      case .crashed, .timedOut: .error("\(test.outcome.rawValue): \(first)", text)
      case .notWritten, .waiting, .notRun: .skipped(first.isEmpty ? test.outcome.rawValue : first)
      }
    return Case(
      name: test.name, suite: test.suite, seconds: test.seconds, file: test.file, line: test.line,
      result: result)
  }

  private func suite(_ verdict: TaskVerdict) -> String {
    let cases = cases(verdict)
    let name = attribute("\(verdict.task.number) \(verdict.task.title)")
    let file = attribute(verdict.task.files.first ?? "")
    let format = Date.ISO8601FormatStyle(timeZone: .gmt)
    return """
        <testsuite name="\(name)" \(counts(of: cases)) timestamp="\(time.formatted(format))" file="\(file)">
      \(cases.map(line).joined(separator: "\n"))
        </testsuite>
      """
  }

  private func line(_ entry: Case) -> String {
    let head =
      "    <testcase name=\"\(attribute(entry.name))\" classname=\"\(attribute(entry.suite))\" "
      + "time=\"\(seconds(entry.seconds))\" file=\"\(attribute(entry.file))\" line=\"\(entry.line)\""
    func element(_ name: String, _ message: String, _ text: String) -> String {
      head
        + "><\(name) message=\"\(attribute(message))\" type=\"\(name)\">\(escaped(text))</\(name)></testcase>"
    }
    return switch entry.result {
    case .passed: head + "/>"
    case .failure(let message, let text): element("failure", message, text)
    case .error(let message, let text): element("error", message, text)
    case .skipped(let message): head + "><skipped message=\"\(attribute(message))\"/></testcase>"
    }
  }

  private func counts(of cases: [Case]) -> String {
    func count(_ isOne: (Case.Result) -> Bool) -> Int { cases.count { isOne($0.result) } }
    let failures = count { if case .failure = $0 { true } else { false } }
    let errors = count { if case .error = $0 { true } else { false } }
    let skipped = count { if case .skipped = $0 { true } else { false } }
    let time = cases.map(\.seconds).max() ?? 0
    return "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" "
      + "skipped=\"\(skipped)\" time=\"\(seconds(time))\""
  }

  private func seconds(_ value: Double) -> String { String(format: "%.3f", value) }

  /// A text without the characters that XML does not allow, and with those escaped that mean something.
  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        let isAllowed = scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
        result += isAllowed ? String(scalar) : ""
      }
    }
    return result
  }

  private func attribute(_ text: String) -> String { escaped(text).replacing("\n", with: "&#10;") }
}
