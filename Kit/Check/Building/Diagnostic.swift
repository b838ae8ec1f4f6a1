import Foundation

/// An error that the compiler found.
package struct Diagnostic: Equatable, Sendable, Codable {
  /// The file, as a path in the package.
  package let file: String
  package let line: Int
  package let column: Int
  package let text: String
  /// The line of the file, and a mark below the place, as the compiler shows them.
  package let source: [String]

  /// The errors in the output of `swiftc -diagnostic-style llvm` and of `swift build`, each once.
  package static func errors(in output: String, package folder: URL) -> [Diagnostic] {
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let root = folder.path.hasSuffix("/") ? folder.path : folder.path + "/"
    var result: [Diagnostic] = []
    for (index, line) in lines.enumerated() {
      guard let mark = line.range(of: ": error: ") else { continue }
      let place = line[..<mark.lowerBound].split(separator: ":")
      guard place.count == 3, place[0].hasSuffix(".swift"), let number = Int(place[1]),
        let column = Int(place[2])
      else { continue }
      // SwiftPM reaches the sources of a scratch package through symbolic links.
      let path = URL(filePath: String(place[0])).resolvingSymlinksInPath().path
      let error = Diagnostic(
        file: path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path, line: number,
        column: column, text: String(line[mark.upperBound...]),
        source: source(after: index, in: lines))
      // Two jobs of the compiler can find the same.
      if !result.contains(where: { $0.isSame(as: error) }) { result.append(error) }
    }
    return result
  }

  private func isSame(as other: Diagnostic) -> Bool {
    (file, line, column, text) == (other.file, other.line, other.column, other.text)
  }

  /// The lines of the source below a message.
  private static func source(after index: Int, in lines: [String]) -> [String] {
    let following = lines[(index + 1)...].prefix(8)
    // The style of SwiftPM frames them with numbers: ` 36 |     let y = z`, and marks the place with `|- error:`.
    guard let framed = following.first, framed.contains("|") else {
      guard following.count >= 2, following.dropFirst().first?.contains("^") == true else {
        return []
      }
      return Array(following.prefix(2))
    }
    guard let place = following.firstIndex(where: { $0.contains("`- error: ") }) else { return [] }
    return [lines[place - 1]]
  }
}

/// A build that failed because of the code.
package struct CompileErrors: Error, Sendable {
  package let errors: [Diagnostic]
}
