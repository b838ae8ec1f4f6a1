/// The texts of `course help`, generated from the descriptions of the commands.
package enum Help {
  /// The list of commands.
  static func overview(_ tool: CommandLineTool, style: Style) -> String {
    """
    \(tool.abstract)

    \(style.bold("Usage:")) course COMMAND [ARGUMENTS]

    \(style.bold("Commands:"))
    \(columns(tool.descriptions.map { ($0.name, $0.abstract) }, style: style))

    Run 'course help COMMAND' for details.\(tool.advice.isEmpty ? "" : " " + tool.advice)
    """
  }

  /// The help of one command.
  package static func text(for command: CommandDescription, style: Style) -> String {
    var sections = [command.abstract, "\(style.bold("Usage:")) \(usage(of: command))"]
    if !command.operands.isEmpty {
      let rows = command.operands.map { ($0.name, $0.help) }
      sections.append(style.bold("Arguments:") + "\n" + columns(rows, style: style))
    }
    for group in command.groups where !group.options.isEmpty {
      let rows = group.options.map { option in
        let short = option.short.map { "-\($0), " } ?? ""
        let value = option.placeholder.map { " \($0)" } ?? ""
        return ("\(short)--\(option.name)\(value)", option.help)
      }
      sections.append(style.bold(group.title + ":") + "\n" + columns(rows, style: style))
    }
    if !command.discussion.isEmpty { sections.append(command.discussion) }
    return sections.joined(separator: "\n\n")
  }

  /// `course predict MODEL FILE... [options]`
  package static func usage(of command: CommandDescription) -> String {
    (["course", command.name] + command.operands.map(\.usage) + ["[options]"])
      .joined(separator: " ")
  }

  /// Names on the left, texts on the right, wrapped to 80 columns.
  private static func columns(_ rows: [(name: String, text: String)], style: Style) -> String {
    let width = min(26, (rows.map(\.name.count).max() ?? 0) + 2)
    return rows.map { name, text in
      let indent = String(repeating: " ", count: width + 2)
      let body = wrapped(text, to: 80 - indent.count).joined(separator: "\n" + indent)
      // A name wider than its column gets a line of its own.
      if name.count + 2 > width { return "  \(style.bold(name))\n\(indent)\(body)" }
      return "  \(style.bold(name))\(String(repeating: " ", count: width - name.count))\(body)"
    }.joined(separator: "\n")
  }

  /// A text rewrapped to lines of at most `width` characters.
  package static func wrapped(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    for var word in text.split(whereSeparator: \.isWhitespace) {
      // A long list, such as mirror,crop:4, goes on after a comma.
      while word.count > width, let comma = word.prefix(width).lastIndex(of: ",") {
        lines.append(String(word[...comma]))
        word = word[word.index(after: comma)...]
      }
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
