import Shared

/// A source file with the regions that a student writes.
///
///     // TODO(1.2): dX = dZ · Wᵀ.
///     // BEGIN SOLUTION
///     return dZ.matmul(weights.value, transposingOther: true)
///     // END SOLUTION
///
/// Each marker stands on a line of its own, and the comment that describes the work directly above its region.
///
///     let source = try MarkedSource(text, file: "Phase1-FeedForward/Dense.swift")
///     source.regions[0].task     // 1.2
///     source.regions[0].words    // dX = dZ · Wᵀ.
///     source.stubbed()           // the file with `notWritten("1.2")` in place of the code
package struct MarkedSource: Sendable {
  /// The path of the file, for messages.
  package let file: String
  /// The lines of the file.
  package let lines: [String]
  /// The regions, first to last.
  package let regions: [Region]

  /// The code between two markers.
  package struct Region: Sendable, Equatable {
    /// The task in which it is written.
    package let task: CourseTask.Number
    /// The comment above it, without `TODO(1.2):`, as one paragraph.
    package let words: String
    /// The first line of that comment, counted from 0.
    package let comment: Int
    /// The lines between the markers, counted from 0.
    package let body: Range<Int>
    /// The spaces before the markers.
    package let indentation: String
    /// The code, as its lines stand in the file.
    package let code: [String]

    /// Whether the code is still a stub.
    package var isUnwritten: Bool {
      code.contains { $0.trimmingPrefix(while: \.isWhitespace).hasPrefix("notWritten(\"") }
    }
  }

  /// Finds the regions.
  /// - Throws: `CourseError` with file and line for a marker that is nested, unclosed, unmatched or misspelt, a region
  ///   without a description above it, and a description without a region
  package init(_ text: String, file: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var reader = Reader(file: file)
    for (number, line) in lines.enumerated() { try reader.read(line, at: number) }
    try reader.end()
    (self.file, self.lines, regions) = (file, lines, reader.regions)
  }

  /// The text of the file with other lines in some regions.
  /// - Parameter body: the new lines of a region; `nil` leaves it as it is
  package func replacing(_ body: (Region) throws -> [String]?) rethrows -> String {
    // Asked from first to last, and replaced from last to first, since other lines move those below them.
    let bodies = try regions.map(body)
    var result = lines
    for (region, new) in zip(regions, bodies).reversed() {
      if let new { result.replaceSubrange(region.body, with: new) }
    }
    return result.joined(separator: "\n")
  }
}

// MARK: Stubs

extension MarkedSource {
  /// The text of the file with stubs in place of the code.
  /// - Parameter isIncluded: the regions in question; all by default
  package func stubbed(where isIncluded: (Region) -> Bool = { _ in true }) -> String {
    replacing { isIncluded($0) ? stub(of: $0) : nil }
  }

  /// The line of a region that is not written yet: `notWritten("1.5", given: prediction, truth)`.
  ///
  /// It names the values that the given code has prepared in front of the region, which a student is to use; a compiler
  /// would warn of each that the stub does not use.
  package func stub(of region: Region) -> [String] {
    let names = givenNames(before: region).joined(separator: ", ")
    let given = names.isEmpty ? "" : ", given: \(names)"
    return ["\(region.indentation)notWritten(\"\(region.task)\"\(given))"]
  }

  /// The constants and variables of the same block above a region.
  private func givenNames(before region: Region) -> [String] {
    var names: [String] = []
    for line in lines[..<region.comment].reversed() {
      let depth = line.prefix { $0 == " " }.count
      guard line.contains(where: { $0 != " " }), depth >= region.indentation.count else {
        if line.isEmpty { continue }
        break
      }
      guard depth == region.indentation.count,
        let match = line.firstMatch(of: /^ *(?:let|var) (?:(\w+)|\(([^)]*)\))(?: *:[^=]*)? =/)
      else { continue }
      let bound = match.1.map { [String($0)] } ?? match.2!.split(separator: ",").map(trimmed)
      names.insert(contentsOf: bound.filter { $0 != "_" }, at: 0)
    }
    return names
  }

  private func trimmed(_ text: Substring) -> String { text.filter { $0 != " " } }
}

// MARK: Reading

extension MarkedSource {
  /// The state between two lines.
  private struct Reader {
    let file: String
    var regions: [Region] = []
    /// The description that a region has to follow, with the number of its first line.
    var description: (task: CourseTask.Number, words: [String], line: Int)?
    /// The number of the line with the open marker, and the code below it.
    var open: (line: Int, indentation: String, code: [String])?

    init(file: String) { self.file = file }

    mutating func read(_ line: String, at number: Int) throws {
      let text = String(line.trimmingPrefix(while: \.isWhitespace))
      let comment = text.hasPrefix("//") ? text.drop { $0 == "/" || $0 == " " } : ""
      if line.uppercased().contains("SOLUTION"),
        let marker = line.firstMatch(of: /\/\/+ *(?i:(begin|end)[ _-]*solution)/)
      {
        guard text == "// BEGIN SOLUTION" || text == "// END SOLUTION" else {
          // In a doc comment it is a mention: `// BEGIN SOLUTION`.
          if text.hasPrefix("///") { return }
          throw error(
            "this is no marker", number,
            expected: "a line with // \(marker.1.uppercased()) SOLUTION",
            received: text)
        }
        if text == "// BEGIN SOLUTION" {
          try begin(indentation: String(line.prefix { $0 == " " }), at: number)
        } else {
          try end(at: number)
        }
      } else if open != nil {
        open?.code.append(line)
      } else if comment.hasPrefix("TODO("), let close = comment.firstIndex(of: ")") {
        try requireNoDescription(number)
        let name = comment[..<close].dropFirst("TODO(".count)
        guard let task = CourseTask.Number(name), comment[close...].hasPrefix("):") else {
          throw error(
            "this is no description of a task", number, expected: "// TODO(1.2): words",
            received: text)
        }
        let words = comment[close...].dropFirst(2).trimmingPrefix { $0 == " " }
        description = (task, [String(words)], number)
      } else if description != nil, text.hasPrefix("// ") {
        description?.words.append(String(comment))
      } else {
        try requireNoDescription(number)
      }
    }

    mutating func begin(indentation: String, at number: Int) throws {
      if let open {
        throw error(
          "a region begins within another", number, expected: "// END SOLUTION first",
          received: "// BEGIN SOLUTION in line \(open.line + 1) and again here")
      }
      guard description != nil else {
        throw error(
          "a region has no description", number, expected: "// TODO(1.2): words directly above it",
          received: "none")
      }
      open = (number, indentation, [])
    }

    mutating func end(at number: Int) throws {
      guard let (line, indentation, code) = open, let (task, words, first) = description else {
        throw error(
          "a region ends that has not begun", number, expected: "// BEGIN SOLUTION above it",
          received: "none")
      }
      regions.append(
        Region(
          task: task, words: words.joined(separator: " "), comment: first, body: line + 1..<number,
          indentation: indentation, code: code))
      (open, description) = (nil, nil)
    }

    /// The end of the file.
    func end() throws {
      if let open {
        throw error(
          "a region does not end", open.line, expected: "// END SOLUTION below it", received: "none"
        )
      }
      if let description { try requireNoDescription(description.line) }
    }

    /// What stands below a description has to be its region: else the solution would stay in a handout.
    func requireNoDescription(_ number: Int) throws {
      guard let description else { return }
      throw error(
        "a task is described and has no region", description.line,
        expected: "// BEGIN SOLUTION directly below the description", received: "none")
    }

    func error(
      _ what: String, _ number: Int, expected: String, received: String
    ) -> CourseError {
      CourseError(
        .format, what, expected: expected, received: received,
        location: "\(file), line \(number + 1)")
    }
  }
}
