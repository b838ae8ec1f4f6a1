import Foundation

/// Chooses the files that the tests of a task need from the folder of a phase's tests: those with the suites that a
/// filter selects, and those that they use, directly or through others.
///
/// It goes by names alone. A file too many costs a little time; if one is missing, the tests do not compile, and the
/// checker compiles all.
struct TestFiles {
  private let files: [SourceNames]

  init(folder: URL) throws {
    files = try SourceModule.swiftFiles(in: folder).map { file in
      SourceNames(file: file, text: Array(try Data(contentsOf: file)))
    }
  }

  /// The files that the tests of some filters need, in order; none if no suite has the name.
  func chosen(for filters: [String]) -> [URL] {
    var chosen = Set<Int>()
    var waiting = files.indices.filter { index in
      filters.contains { filter in files[index].types.contains { Self.selects(filter, suite: $0) } }
    }
    let local = files.reduce(into: Set<String>()) { $0.formUnion($1.types) }
    var places: [String: [Int]] = [:]
    for (index, file) in files.enumerated() {
      for name in file.types.union(file.members(outside: local)) {
        places[name, default: []].append(index)
      }
    }
    while let index = waiting.popLast() {
      guard chosen.insert(index).inserted else { continue }
      for name in files[index].used { waiting += places[name] ?? [] }
      // Extensions of its types hold tests and helpers of theirs; those with another suite in them are not needed.
      let types = files[index].types
      waiting += files.indices.filter { other in
        !types.isDisjoint(with: files[other].extensions.keys) && files[other].innerSuites.isEmpty
      }
    }
    return files.indices.filter(chosen.contains).map { files[$0].file }
  }

  /// Whether a filter of `swift test` selects a suite: `DenseTests` any that contains it, `Tests.ReLUTests` and
  /// `FirstPrinciplesTests/NeuronTests` the one of that name.
  private static func selects(_ filter: String, suite: String) -> Bool {
    let last = filter.split { $0 == "." || $0 == "/" }.last.map(String.init) ?? filter
    return last == filter ? suite.contains(filter) : suite == last
  }
}

/// The names that a Swift file declares and uses.
private struct SourceNames {
  let file: URL
  /// Its types outside all braces, and the suites in extensions of other suites.
  private(set) var types: Set<String> = []
  /// Those suites in extensions.
  private(set) var innerSuites: Set<String> = []
  /// Its functions and values outside all braces.
  private var globals: Set<String> = []
  /// The members in its extensions, by the extended type.
  private(set) var extensions: [String: Set<String>] = [:]
  /// All words in it.
  private(set) var used: Set<String> = []

  /// The names by which other files use this one: what it declares globally, and the members that it adds to types of
  /// other modules.
  func members(outside local: Set<String>) -> Set<String> {
    extensions.reduce(into: globals) { names, entry in
      if !local.contains(entry.key) { names.formUnion(entry.value) }
    }
  }

  init(file: URL, text: [UInt8]) {
    self.file = file
    let typeWords: Set = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    let valueWords: Set = ["func", "let", "var"]
    var depth = 0
    var extended: String?
    var isPrivate = false
    var before = ""
    var index = 0
    func at(_ place: Int) -> UInt8 { place < text.count ? text[place] : 0 }
    func isWord(_ byte: UInt8) -> Bool {
      byte >= 97 && byte <= 122 || byte >= 65 && byte <= 90 || byte >= 48 && byte <= 57
        || byte == 95
        || byte >= 128
    }
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "/"), at(index + 1) == UInt8(ascii: "/") {
        while index < text.count, text[index] != UInt8(ascii: "\n") { index += 1 }
      } else if byte == UInt8(ascii: "{") {
        depth += 1
        index += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { extended = nil }
        index += 1
      } else if isWord(byte) {
        let start = index
        while index < text.count, isWord(text[index]) { index += 1 }
        let word = String(decoding: text[start..<index], as: UTF8.self)
        if typeWords.contains(before) {
          if depth == 0 && !isPrivate || depth == 1 && extended != nil && word.hasSuffix("Tests") {
            types.insert(word)
            if depth == 1 { innerSuites.insert(word) }
          } else if depth == 1, let extended {
            extensions[extended]?.insert(word)
          }
        } else if before == "extension", depth == 0 {
          extended = word
          extensions[word, default: []] = extensions[word] ?? []
        } else if valueWords.contains(before) {
          if depth == 0, !isPrivate { globals.insert(word) }
          if depth == 1, !isPrivate, let extended { extensions[extended]?.insert(word) }
        }
        used.insert(word)
        // `private static func`
        if word == "private" || word == "fileprivate" {
          isPrivate = true
        } else if !["static", "final", "mutating", "indirect"].contains(word),
          !typeWords.contains(word),
          !valueWords.contains(word), word != "extension"
        {
          isPrivate = false
        }
        before = word
      } else {
        index += 1
      }
    }
  }
}
