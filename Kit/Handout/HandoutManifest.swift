import Shared

/// The manifest of a handout: that of the package with the targets that the handout holds.
enum HandoutManifest {
  /// - Parameters:
  ///   - text: the manifest of the package, in which each target begins on a line of its own
  ///   - isHeld: whether the folder of a target is held
  static func text(from text: String, where isHeld: (_ folder: String) -> Bool) throws -> String {
    let lines = text.components(separatedBy: "\n")
    guard let first = lines.firstIndex(of: "  targets: ["), let end = lines.lastIndex(of: "  ]")
    else {
      throw CourseError(
        .format, "the manifest has no list of targets", expected: "'  targets: [' and '  ]'",
        location: "Package.swift")
    }
    let blocks = blocks(lines[first + 1..<end])
    var dropped: [String] = []
    let kept = try blocks.filter { block in
      guard let name = block.value("name") else { return true }
      guard let folder = block.value("path") else {
        throw CourseError(
          .format, "a target has no path", received: name, location: "Package.swift")
      }
      if !isHeld(folder) { dropped.append(name) }
      return isHeld(folder)
    }
    for block in kept {
      let others = block.text.matches(of: /"(\w+)"/).map { String($0.1) }
      if let missing = others.first(where: dropped.contains) {
        throw CourseError(
          .format, "a target of the handout depends on one that it does not hold",
          received: "\(block.value("name") ?? "") on \(missing)", location: "Package.swift")
      }
    }
    let head = lines[...first].filter { line in
      guard let product = line.firstMatch(of: /^ *\.(?:library|executable)\(.*targets: \["(\w+)"\]/)
      else { return true }
      return !dropped.contains(String(product.1))
    }
    return (head + kept.map(\.text) + lines[end...]).joined(separator: "\n")
  }

  /// A target or a comment.
  private struct Block {
    var text: String

    func value(_ label: String) -> String? {
      let pattern = try! Regex(label + #": "([^"]*)""#, as: (Substring, Substring).self)
      guard text.contains(/^    \.\w*[tT]arget\(/), let match = text.firstMatch(of: pattern)
      else { return nil }
      return String(match.1)
    }
  }

  private static func blocks(_ lines: ArraySlice<String>) -> [Block] {
    var blocks: [Block] = []
    for line in lines {
      if line.hasPrefix("    .") || line.hasPrefix("    //") || line.isEmpty || blocks.isEmpty {
        blocks.append(Block(text: line))
      } else {
        blocks[blocks.count - 1].text += "\n" + line
      }
    }
    return blocks
  }
}
