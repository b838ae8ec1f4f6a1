/// The rules for the file of a submission. The compiler is the judge of everything else.
///
///     SourceRules().refusal(of: "import Foundation")     // line 1 imports Foundation
///
/// A task needs arithmetic, loops and tensors. All that leads out of that is refused: other modules, C functions by way of
/// attributes, macros, false places in the source, and pointers; and given code that computes the whole of a task.
struct SourceRules {
  /// The modules that may be imported.
  var imports: Set<String> = ["Shared"]
  /// Functions and types of the given code that are closed to the file.
  private var functions: Set<String> = []
  private var types: Set<String> = []

  init(imports: Set<String> = ["Shared"]) { self.imports = imports }

  /// The rules for a file of a task.
  /// - Parameter reference: the instructor's own file; what it uses is open
  init(given: GivenCode, reference: String) {
    // The given code of a few files needs the mathematics of Foundation.
    if reference.split(separator: "\n").contains("import Foundation") {
      imports.insert("Foundation")
    }
    let words = Self.words(of: reference)
    functions = given.functions.subtracting(
      words.filter { $0.isUse(inTensor: false) }.map(\.text))
    types = given.types.subtracting(words.map(\.text))
  }

  /// The names in a text; none in one that cannot be read.
  static func names(in text: String) -> Set<String> { Set(words(of: text).map(\.text)) }

  private static func words(of text: String) -> [Word] {
    var scanner = Scanner(text: Array(text.utf8))
    return (try? scanner.words()) ?? []
  }

  private static let attributes: Set = [
    "autoclosure", "available", "discardableResult", "dynamicMemberLookup", "escaping", "frozen",
    "inlinable", "inline", "propertyWrapper", "resultBuilder", "Sendable", "unknown",
    "usableFromInline",
  ]
  private static let directives: Set = [
    "if", "elseif", "else", "endif", "available", "unavailable", "file", "fileID", "filePath",
    "function", "line", "column", "keyPath", "warning", "error",
  ]
  private static let pointers = [
    "Unsafe", "unsafe", "withUnsafe", "Unmanaged", "OpaquePointer", "AutoreleasingUnsafe",
    "Builtin",
    "CVaListPointer",
  ]
  /// Names from modules of the system that a file imports for its mathematics.
  private static let system: Set = [
    "exit", "_exit", "_Exit", "quick_exit", "abort", "raise", "kill", "fork", "vfork", "execv",
    "execve", "execl", "execvp", "posix_spawn", "posix_spawnp", "system", "popen", "dlopen",
    "dlsym",
    "syscall", "open", "openat", "creat", "fopen", "fdopen", "freopen", "write", "pwrite", "writev",
    "read", "dup", "dup2", "pipe", "socket", "connect", "bind", "mmap", "munmap", "mprotect",
    "ptrace", "signal", "sigaction", "getenv", "setenv", "putenv", "environ", "unlink", "rename",
    "symlink", "link", "chmod", "chown", "atexit", "FileManager", "FileHandle", "Process",
    "ProcessInfo", "Bundle", "Thread", "Timer", "URL", "URLSession", "Data", "Stream",
    "OutputStream", "InputStream", "NSData", "NSString", "NSURL", "NSObject", "Foundation",
  ]

  /// Why a file is refused, with the line; `nil` if it is not.
  func refusal(of text: String) -> String? {
    var scanner = Scanner(text: Array(text.utf8))
    let words: [Word]
    do { words = try scanner.words() } catch { return "line \(error.line) \(error.reason)" }
    let isTensor = zip(words, words.dropFirst()).contains {
      $0.text == "extension" && $1.text == "Tensor"
    }
    for (index, word) in words.enumerated() {
      if let reason = refusal(of: word, at: index, in: words) ?? shortcut(word, inTensor: isTensor)
      {
        return "line \(word.line) \(reason)"
      }
    }
    return nil
  }

  /// Why a word is refused that stands for given code.
  private func shortcut(_ word: Word, inTensor: Bool) -> String? {
    let remedy = "compute it here, with loops or with operations of Tensor"
    if types.contains(word.text) {
      return "uses \(word.text), which computes what a task asks for: \(remedy)"
    }
    if functions.contains(word.text), word.isUse(inTensor: inTensor) {
      return "uses \(word.text), given code that computes what a task asks for: \(remedy)"
    }
    return nil
  }

  private func refusal(of word: Word, at index: Int, in words: [Word]) -> String? {
    let following = words[(index + 1)...]
    switch word.sign {
    case UInt8(ascii: "@"):
      return Self.attributes.contains(word.text)
        ? nil : "uses the attribute @\(word.text), which no task needs"
    case UInt8(ascii: "#"):
      return Self.directives.contains(word.text)
        ? nil : "uses #\(word.text), which no task needs"
    default: break
    }
    let isMember = word.sign == UInt8(ascii: ".") || word.sign == UInt8(ascii: "`")
    if word.text == "import", !isMember {
      let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
      let module = following.first { !kinds.contains($0.text) }?.text ?? ""
      if !imports.contains(module) {
        let allowed = imports.sorted().joined(separator: " and ")
        return "imports \(module): this file may import \(allowed) only"
      }
    }
    if word.text == "macro", !isMember, following.first?.line == word.line {
      return "declares a macro, which no task needs"
    }
    if Self.pointers.contains(where: word.text.hasPrefix) {
      return "uses \(word.text), which no task needs"
    }
    if imports.count > 1, Self.system.contains(word.text) {
      // `Foundation.exp` is how a method of that name calls the function, and `import Foundation` is allowed.
      let isQualifier = imports.contains(word.text) && !isMember
      let isFunction = isQualifier && following.first?.sign == UInt8(ascii: ".")
      let isImport = isQualifier && index > 0 && words[index - 1].text == "import"
      if !(isImport || isFunction) { return "uses \(word.text), which no task needs" }
    }
    return nil
  }
}

/// A word of a source, with the character in front of it.
private struct Word {
  var text: String
  var sign: UInt8
  var line: Int
  /// The next character that is no space.
  var next: UInt8

  /// Whether a function may be meant: it is called, or a member, or has a name that no variable has by chance.
  /// - Parameter inTensor: whether a member of `Tensor` may stand alone
  func isUse(inTensor: Bool) -> Bool {
    inTensor || ".`".utf8.contains(sign) || next == UInt8(ascii: "(")
      || text.contains(where: \.isUppercase)
  }
}

/// Finds the words outside comments and texts; those in `\( )` within a text count.
private struct Scanner {
  let text: [UInt8]
  private var place = 0
  private var line = 1
  private var found: [Word] = []
  /// The last character that is no space.
  private var last = UInt8(ascii: "\n")

  struct Problem: Error {
    var line: Int
    var reason: String
  }

  init(text: [UInt8]) { self.text = text }

  private func at(_ offset: Int = 0) -> UInt8 {
    place + offset < text.count ? text[place + offset] : 0
  }
  private func begins(_ word: String) -> Bool { text[place...].starts(with: word.utf8) }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where place < text.count {
      if text[place] == UInt8(ascii: "\n") { line += 1 }
      place += 1
    }
  }

  mutating func words() throws(Problem) -> [Word] {
    try scanCode(isInterpolation: false)
    return found
  }

  /// Reads code to the end, or to the parenthesis that closes an interpolation.
  private mutating func scanCode(isInterpolation: Bool) throws(Problem) {
    var depth = 0
    while place < text.count {
      let byte = at()
      if begins("//") {
        while place < text.count, at() != UInt8(ascii: "\n") { advance() }
        continue
      } else if begins("/*") {
        try skipComment()
        continue
      } else if byte == UInt8(ascii: "/"), isRegularExpression {
        // Its characters could pass for a text or a comment, and hide code from this scanner.
        throw Problem(line: line, reason: "uses a regular expression, which no task needs")
      } else if byte == UInt8(ascii: "\"") {
        try scanText(signs: 0)
        last = byte
        continue
      } else if byte == UInt8(ascii: "#") {
        var signs = 0
        while at(signs) == byte { signs += 1 }
        if at(signs) == UInt8(ascii: "\"") {
          advance(signs)
          try scanText(signs: signs)
          last = UInt8(ascii: "\"")
          continue
        }
        if at(signs) == UInt8(ascii: "/") {
          throw Problem(line: line, reason: "uses a regular expression, which no task needs")
        }
      } else if isWord(byte) {
        scanWord()
        continue
      } else if isInterpolation, byte == UInt8(ascii: "(") {
        depth += 1
      } else if isInterpolation, byte == UInt8(ascii: ")") {
        if depth == 0 { return advance() }
        depth -= 1
      }
      if !isSpace(byte) { last = byte }
      advance()
    }
  }

  private mutating func scanWord() {
    let start = place
    while isWord(at()) { place += 1 }
    let word = String(decoding: text[start..<place], as: UTF8.self)
    if !(text[start] >= 48 && text[start] <= 57) {
      let next = text[place...].first { !isSpace($0) } ?? 0
      found.append(Word(text: word, sign: last, line: line, next: next))
    }
    last = text[place - 1]
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  private func isWord(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95
      || byte >= 128
  }

  /// Whether a slash may begin a regular expression: it stands where an operand is expected, and an operand follows.
  private var isRegularExpression: Bool {
    let next = at(1)
    if isSpace(next) || next == UInt8(ascii: ")") || next == UInt8(ascii: ",")
      || next == UInt8(ascii: "=")
    {
      return false
    }
    let keywords: Set = [
      "return", "in", "case", "where", "if", "else", "try", "await", "is", "as", "guard", "while",
      "switch", "throw",
    ]
    if isWord(last) { return keywords.contains(found.last?.text ?? "") }
    return !")]}\"`?!.".utf8.contains(last)
  }

  private mutating func skipComment() throws(Problem) {
    let start = line
    var depth = 0
    repeat {
      guard place < text.count else {
        throw Problem(line: start, reason: "begins a comment that does not end")
      }
      if begins("/*") {
        depth += 1
        advance(2)
      } else if begins("*/") {
        depth -= 1
        advance(2)
      } else {
        advance()
      }
    } while depth > 0
  }

  /// Reads a text from its first quotation mark, after `signs` number signs.
  private mutating func scanText(signs: Int) throws(Problem) {
    let start = line
    let marks = begins("\"\"\"") ? 3 : 1
    let end = String(repeating: "\"", count: marks) + String(repeating: "#", count: signs)
    let escape = "\\" + String(repeating: "#", count: signs)
    advance(marks)
    while place < text.count {
      if begins(end) { return advance(end.utf8.count) }
      if begins(escape) {
        advance(escape.utf8.count)
        if at() == UInt8(ascii: "(") {
          advance()
          last = UInt8(ascii: "(")
          try scanCode(isInterpolation: true)
        } else {
          advance()
        }
      } else if marks == 1, at() == UInt8(ascii: "\n") {
        break
      } else {
        advance()
      }
    }
    throw Problem(line: start, reason: "begins a text that does not end")
  }
}
