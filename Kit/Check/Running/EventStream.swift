import Foundation

/// The events of a test run, one JSON document a line, which Swift Testing writes to the file of
/// `--event-stream-output-path`.
///
/// A test that has begun and not ended stopped the process, or was stopped with it.
package struct EventStream: Sendable {
  /// The tests that were selected, in the order of their files and lines, with what is known of them.
  package private(set) var tests: [Entry] = []
  /// Whether the run came to its end.
  package private(set) var hasEnded = false

  package struct Entry: Sendable {
    package var verdict: TestVerdict
    package var hasBegun = false
    package var hasEnded = false

    /// The verdict; a test passes only if it has begun and ended.
    var proven: TestVerdict {
      var verdict = verdict
      if verdict.outcome == .passed, !(hasBegun && hasEnded) { verdict.outcome = .notRun }
      return verdict
    }
  }

  /// Reads the lines; an incomplete last one is left out.
  /// - Parameter package: the folder of the package, to which paths become relative
  package init(_ text: String, package folder: URL) {
    var reader = Reader(root: folder.path.hasSuffix("/") ? folder.path : folder.path + "/")
    let decoder = JSONDecoder()
    for line in text.split(separator: "\n") {
      if let record = try? decoder.decode(Record.self, from: Data(line.utf8)) {
        reader.read(record)
      }
    }
    hasEnded = reader.hasEnded
    tests = reader.entries.values.sorted {
      ($0.verdict.file, $0.verdict.line) < ($1.verdict.file, $1.verdict.line)
    }
  }
}

/// Puts the records together.
private struct Reader {
  let root: String
  var entries: [String: EventStream.Entry] = [:]
  var begins: [String: Double] = [:]
  var hasEnded = false

  mutating func read(_ record: Record) {
    let payload = record.payload
    if record.kind == "test" {
      guard payload.kind == "function", let id = payload.id, let place = payload.sourceLocation
      else { return }
      entries[id] = EventStream.Entry(
        verdict: TestVerdict(
          id: id, name: payload.name ?? id, file: relative(place.path), line: place.line,
          outcome: .passed))
      return
    }
    if payload.kind == "runEnded" { hasEnded = true }
    guard let id = payload.testID, var entry = entries[id] else { return }
    switch payload.kind {
    case "testStarted":
      entry.hasBegun = true
      begins[id] = payload.instant?.absolute
    case "testEnded":
      entry.hasEnded = true
      if let begin = begins[id], let end = payload.instant?.absolute {
        entry.verdict.seconds = end - begin
      }
    case "testCancelled", "testCaseCancelled", "testSkipped":
      // The cases of a test that ran alone are cancelled, but the test passes.
      if entry.verdict.outcome == .passed { entry.verdict.outcome = .waiting }
      if let text = payload.comments?.first, entry.verdict.messages.isEmpty {
        entry.verdict.messages = [message(text, at: payload)]
      }
    case "issueRecorded":
      guard payload.issue?.isKnown != true, payload.issue?.isFailure != false else { break }
      note(issue: payload, in: &entry.verdict)
    default: break
    }
    entries[id] = entry
  }

  private func note(issue: Payload, in verdict: inout TestVerdict) {
    let text = words(of: issue)
    let isFirst = verdict.messages.isEmpty || verdict.outcome == .waiting
    if text.hasPrefix("first make "), text.hasSuffix(" pass") {
      if isFirst { (verdict.outcome, verdict.messages) = (.waiting, [message(text, at: issue)]) }
    } else if let task = unwrittenTask(in: text) {
      // What else goes wrong then says nothing.
      (verdict.outcome, verdict.messages) = (.notWritten, [message(text, at: issue)])
      verdict.unwritten = task
    } else if verdict.outcome != .notWritten {
      if verdict.outcome == .waiting { verdict.messages = [] }
      verdict.outcome = .failed
      verdict.messages.append(message(text, at: issue))
    }
  }

  private func message(_ text: String, at payload: Payload) -> TestVerdict.Message {
    let place = payload.issue?.sourceLocation ?? payload.sourceLocation
    return TestVerdict.Message(
      text: text, file: relative(place?.path ?? ""), line: place?.line ?? 0)
  }

  /// The text of an issue: ours as it is, without the line that Swift Testing puts above it.
  private func words(of payload: Payload) -> String {
    let lines = (payload.messages ?? []).map(\.text)
    let own = payload.comments ?? []
    let isOurs =
      lines.first == "Issue recorded"
      || lines.first?.hasPrefix("Expectation failed: isRight") == true
    if isOurs, !own.isEmpty { return own.joined(separator: "\n") }
    // `#expect(a == b, "words")`: the words say more.
    if lines.first?.hasPrefix("Expectation failed") == true, !own.isEmpty {
      return (own + lines.prefix(1)).joined(separator: "\n  ")
    }
    return lines.joined(separator: "\n  ")
  }

  private func relative(_ path: String) -> String {
    path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
  }
}

/// The task in `not written yet: Protocols/Phase1-FeedForward.md, task 1.2`.
func unwrittenTask(in text: some StringProtocol) -> CourseTask.Number? {
  guard let begin = text.range(of: "not written yet: ") else { return nil }
  let line = text[begin.upperBound...].prefix { !$0.isNewline }
  guard let mark = line.range(of: "task ") else { return nil }
  return CourseTask.Number(line[mark.upperBound...].prefix { $0.isNumber || $0 == "." })
}

// MARK: The format

/// Version 0 begins the names of what may still change with an underscore; later ones do not.
private struct Record: Decodable {
  let kind: String
  let payload: Payload
}

private struct Payload: Decodable {
  let kind: String?
  let id: String?
  let name: String?
  let testID: String?
  let sourceLocation: Location?
  let instant: Instant?
  let messages: [Text]?
  let comments: [String]?
  let issue: Issue?

  struct Instant: Decodable { let absolute: Double }
  struct Text: Decodable { let text: String }
  struct Issue: Decodable {
    let isKnown: Bool?
    let isFailure: Bool?
    let sourceLocation: Location?
  }
  struct Location: Decodable {
    let path: String
    let line: Int

    private enum Keys: String, CodingKey { case filePath, _filePath, line }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Keys.self)
      path =
        try values.decodeIfPresent(String.self, forKey: .filePath)
        ?? values.decode(String.self, forKey: ._filePath)
      line = try values.decode(Int.self, forKey: .line)
    }
  }

  private enum Keys: String, CodingKey {
    case kind, id, name, testID, sourceLocation, _sourceLocation, instant, messages, comments,
      _comments
    case issue
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Keys.self)
    func value<Value: Decodable>(_ keys: Keys...) throws -> Value? {
      for key in keys {
        if let value = try values.decodeIfPresent(Value.self, forKey: key) { return value }
      }
      return nil
    }
    kind = try value(.kind)
    id = try value(.id)
    name = try value(.name)
    testID = try value(.testID)
    sourceLocation = try value(.sourceLocation, ._sourceLocation)
    instant = try value(.instant)
    messages = try value(.messages)
    comments = try value(.comments, ._comments)
    issue = try value(.issue)
  }
}
