/// Event streams as Swift Testing 6.3 writes them, recorded with the tests of task 1.1 and shortened.
enum EventStreams {
  /// The records of three tests of a suite.
  static let tests = """
    {"kind":"test","payload":{"id":"M.SGDTests","kind":"suite","name":"SGDTests","sourceLocation":{"_filePath":"\\/p\\/Tests\\/M\\/SGDTests.swift","column":2,"fileID":"M\\/SGDTests.swift","line":7}},"version":0}
    {"kind":"test","payload":{"id":"M.SGDTests\\/second()\\/SGDTests.swift:40:4","isParameterized":false,"kind":"function","name":"second()","sourceLocation":{"_filePath":"\\/p\\/Tests\\/M\\/SGDTests.swift","column":4,"fileID":"M\\/SGDTests.swift","line":40}},"version":0}
    {"kind":"test","payload":{"id":"M.SGDTests\\/first()\\/SGDTests.swift:20:4","isParameterized":false,"kind":"function","name":"first()","sourceLocation":{"_filePath":"\\/p\\/Tests\\/M\\/SGDTests.swift","column":4,"fileID":"M\\/SGDTests.swift","line":20}},"version":0}
    {"kind":"event","payload":{"instant":{"absolute":24433.5,"since1970":1795906837.3},"kind":"runStarted","messages":[{"symbol":"default","text":"Test run started."},{"symbol":"details","text":"Testing Library Version: 6.3.1 (937120cbc281cf2)"}]},"version":0}
    {"kind":"event","payload":{"instant":{"absolute":24433.5,"since1970":1795906837.3},"kind":"testStarted","messages":[{"symbol":"default","text":"Suite SGDTests started."}],"testID":"M.SGDTests"},"version":0}

    """

  static func began(_ name: String, line: Int, at time: Double = 24433.5) -> String {
    event("testStarted", name, line, time, #""messages":[]"#)
  }

  static func ended(_ name: String, line: Int, at time: Double = 24434.75) -> String {
    event("testEnded", name, line, time, #""messages":[{"symbol":"pass","text":"Test passed"}]"#)
  }

  static func cancelled(_ name: String, line: Int, _ words: String) -> String {
    event("testCancelled", name, line, 24434, #""_comments":["\#(words)"],"messages":[]"#)
  }

  /// An issue that was recorded with words, or a failed `#expect`.
  static func issue(
    _ name: String, line: Int, comments: [String], text: String = "Issue recorded"
  ) -> String {
    let place =
      #"{"_filePath":"\/p\/Tests\/M\/SGDTests.swift","column":9,"fileID":"M\/SGDTests.swift","line":\#(line + 1)}"#
    let all = comments.map { "\"\($0)\"" }.joined(separator: ",")
    let details = comments.map { #",{"symbol":"details","text":"\#($0)"}"# }.joined()
    return event(
      "issueRecorded", name, line, 24434,
      #""_comments":[\#(all)],"_sourceLocation":\#(place),"#
        + #""issue":{"_backtrace":[{"address":94826905445017}],"isKnown":false,"sourceLocation":\#(place)},"#
        + #""messages":[{"symbol":"fail","text":"\#(text)"}\#(details)]"#)
  }

  static let runEnded =
    #"{"kind":"event","payload":{"instant":{"absolute":24435,"since1970":1795906838},"kind":"runEnded","messages":[]},"version":0}"#
    + "\n"

  private static func event(
    _ kind: String, _ name: String, _ line: Int, _ time: Double, _ rest: String
  ) -> String {
    #"{"kind":"event","payload":{"instant":{"absolute":\#(time),"since1970":1795906838},"kind":"\#(kind)",\#(rest),"#
      + #""testID":"M.SGDTests\/\#(name)\/SGDTests.swift:\#(line):4"},"version":0}"# + "\n"
  }

  // MARK: Whole streams

  static var passing: String {
    tests + began("first()", line: 20) + began("second()", line: 40) + ended("first()", line: 20)
      + ended("second()", line: 40) + runEnded
  }

  static var failing: String {
    let words =
      #"SGD.update: the step goes along the gradient, uphill\n  expected [1]\n  got      [2]"#
    return tests + began("first()", line: 20) + began("second()", line: 40)
      + issue("first()", line: 20, comments: [words]) + ended("first()", line: 20)
      + cancelled("second()", line: 40, "first make first() pass") + ended("second()", line: 40)
      + runEnded
  }

  /// The process ended in the middle of a line.
  static var cutOff: String {
    let whole =
      tests + began("first()", line: 20) + began("second()", line: 40)
      + ended("first()", line: 20) + issue("second()", line: 40, comments: ["half"])
    return String(whole.dropLast(60))
  }

  static var withoutTests: String { runEnded }
}
