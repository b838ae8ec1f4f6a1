import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import Pictures

@Suite(.watched) struct ReportTests {
  private let hostile = "</style><script>alert('1')</script> & \"two\"\u{1B}[31m\u{0}\u{FFFE}"

  private func hostileReport() -> Report {
    let image = PixelImage(width: 2, height: 2, channels: 1, repeating: 255)
    var figure = Figure(title: hostile, x: .init(hostile, categories: [hostile]))
    figure.marks = [.bars(hostile, [1])]
    return Report(
      title: hostile, summary: hostile, facts: [.init(hostile, hostile)],
      sections: [
        .init(
          hostile,
          [
            .text(hostile), .verbatim("a  b\n" + hostile), .facts([.init(hostile, hostile)]),
            .pictures([
              TextTable(title: hostile, columns: [.init(hostile)], rows: [[hostile]]),
              TileSheet(
                title: hostile, groups: [.init(hostile, [.init(image, captions: [hostile])])]),
              figure,
            ]),
          ])
      ])
  }

  @Test func textsFromDataAreOnlyText() throws {
    let html = hostileReport().html
    #expect(!html.contains("<script"))
    #expect(html.components(separatedBy: "</style>").count == 1 + 2, "of the page and the figure")
    #expect(html.contains("&lt;/style&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp;"))
    #expect(html.contains("&quot;two&quot;\\u{1b}[31m\\u{0}\u{FFFD}"))
    #expect(html.contains("<pre>a  b\n&lt;/style"))
    let isForbidden = { (scalar: Unicode.Scalar) in
      scalar.value < 0x20 && scalar != "\n" || (0xFFFE...0xFFFF).contains(scalar.value)
    }
    #expect(!html.unicodeScalars.contains(where: isForbidden))
  }

  @Test func thePageIsClosedInItself() throws {
    let html = hostileReport().html
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">") && html.hasSuffix("</html>\n"))
    let policy = try #require(html.firstRange(of: "default-src 'none'; img-src data:;"))
    let style = try #require(html.firstRange(of: "<style>"))
    #expect(policy.lowerBound < style.lowerBound, "the policy holds for what follows it")
    #expect(html.contains("@media (prefers-color-scheme: dark)"))
    for address in html.matches(of: #/(?:src|href)="([^"]*)"/#).map(\.output.1) {
      #expect(address.hasPrefix("data:") || address.hasPrefix("#"), "\(address)")
    }
    #expect(!html.contains("url(") && !html.contains("@import"))
  }

  /// Every element that is opened is closed, in order.
  /// A sentence in a cell has several lines, or the columns behind it would leave the page.
  @Test func longCellsAreBroken() {
    let text = String(repeating: "a small sweet cake ", count: 4)
    let page = TextTable(
      columns: [.init("text"), .number("probability")], rows: [[text, "0.5"], ["short", "1"]]
    ).html
    #expect(page.contains("<td class=\"long\">\(text)</td><td class=\"number\">0.5</td>"))
    #expect(page.contains("<td>short</td>"))
  }

  @Test func elementsAreBalanced() {
    let html = hostileReport().html
    var open: [Substring] = []
    for tag in html.matches(of: #/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/#) {
      let name = tag.output.2
      if ["meta", "link", "img"].contains(name) || !tag.output.3.isEmpty { continue }
      if tag.output.1.isEmpty {
        open.append(name)
      } else {
        #expect(open.popLast() == name, "</\(name)>")
      }
    }
    #expect(open.isEmpty, "\(open)")
  }

  @Test func aPictureOfManyColoursIsData() throws {
    let image = PixelImage(
      width: 10, height: 10, channels: 3, pixels: (0..<300).map { UInt8($0 * 7 % 256) })
    let sheet = TileSheet(title: "", groups: [.init("", [.init(image)])])
    guard (try? image.pngData()) != nil else {
      #expect(sheet.svg.contains("<path") && sheet.html.contains("<path"))
      return
    }
    #expect(sheet.svg.contains("<image ") && !sheet.svg.contains("<path"))
    let text = try #require(sheet.html.firstMatch(of: #/src="data:image\/png;base64,([^"]*)"/#))
    let bytes = try #require(Data(base64Encoded: String(text.output.1)))
    #expect(try PixelImage(pngData: bytes, path: "tile") == image)
  }

  @Test func onlyPagesAreWritten() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "r.html")
      try Report(title: "R").write(to: file)
      #expect(try String(contentsOf: file, encoding: .utf8) == Report(title: "R").html)
      expectCourseError(.invalidArgument, "a name that ends in .html") {
        try Report(title: "R").write(to: folder.appending(path: "r.pdf"))
      }
    }
  }
}
