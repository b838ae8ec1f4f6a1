import Foundation
import Networks

/// A self-contained HTML page with texts, tables and pictures, for the report of a training.
///
///     var report = Report(title: "digits-mlp", summary: "98 % of the test digits are right.")
///     report.sections = [
///       .init("Training", [.pictures([Figure.loss(of: history)])]),
///       .init("Mistakes", [.pictures([try Mistakes(of: network, on: test).picture()])]),
///     ]
///     try report.write(to: URL(filePath: "report.html"))
///
/// The page holds its pictures (SVG in place, PNG as data) and its style. It has no script, its content policy
/// forbids every request, and it follows the reader's choice of light or dark. All texts are escaped.
public struct Report {
  /// The title of the page.
  public var title: String
  /// The sentence below the title.
  public var summary: String
  /// The most important numbers, below the summary.
  public var facts: [Fact]
  /// The sections, in order.
  public var sections: [Section]

  /// Creates a report.
  public init(
    title: String, summary: String = "", facts: [Fact] = [], sections: [Section] = []
  ) {
    (self.title, self.summary, self.facts, self.sections) = (title, summary, facts, sections)
  }

  /// A name and its value: a setting, a result.
  public struct Fact {
    /// The name.
    public var name: String
    /// The value.
    public var value: String

    /// Creates a fact.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// A part of the page with a title.
  public struct Section {
    /// The title.
    public var title: String
    /// The content, from top to bottom.
    public var blocks: [Block]

    /// Creates a section.
    public init(_ title: String, _ blocks: [Block]) { (self.title, self.blocks) = (title, blocks) }
  }

  /// A piece of content.
  public enum Block {
    /// A paragraph.
    case text(String)
    /// A command, or a text whose lines and blanks stay as they are.
    case verbatim(String)
    /// Names and values in columns.
    case facts([Fact])
    /// Pictures side by side, where there is room.
    case pictures([any Picture])
  }

  /// Writes the page; it appears at once and complete.
  ///
  /// - Throws: `CourseError` for a name that does not end in .html, and when the file cannot be written.
  public func write(to url: URL) throws {
    guard ["html", "htm"].contains(url.pathExtension.lowercased()) else {
      throw CourseError(
        .invalidArgument, "unknown report format", expected: "a name that ends in .html",
        received: "\"\(url.lastPathComponent)\"", location: url.path)
    }
    try AtomicFile.write(Data(html.utf8), to: url)
  }
}
