import Shared

/// The manifest of a handout: that of the package with the targets that the handout holds, and their products.
enum HandoutManifest {
  /// - Parameters:
  ///   - text: the manifest of the package, in which each target and each product begins on a line of its own
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
    return
      (head(lines[...first], without: dropped) + kept.map(\.text) + lines[end...])
      .joined(separator: "\n")
  }

  /// The lines before the targets, without the products that hold one of those that were dropped.
  private static func head(_ lines: ArraySlice<String>, without dropped: [String]) -> [String] {
    guard let first = lines.firstIndex(of: "  products: ["),
      let end = lines[first...].firstIndex(of: "  ],")
    else { return Array(lines) }
    let kept = blocks(lines[(first + 1)..<end]).filter { product in
      let targets = product.text.firstMatch(of: /targets: \[([^\]]*)\]/)?.1 ?? ""
      return !targets.matches(of: /"(\w+)"/).contains { dropped.contains(String($0.1)) }
    }
    return lines[...first] + kept.map(\.text) + lines[end...]
  }

  /// A target, a product or a comment.
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
