extension Report {
  /// The text of the page.
  public var html: String {
    let links = sections.enumerated().map { number, section in
      "<a href=\"#section-\(number + 1)\">\(section.title.markup)</a>"
    }
    let parts = sections.enumerated().map { number, section in
      """
      <section id="section-\(number + 1)">
      <h2>\(section.title.markup)</h2>
      \(section.blocks.map(\.html).joined(separator: "\n"))
      </section>
      """
    }
    // The policy stands before everything that could ask for something; the empty icon keeps browsers from
    // asking a server for one.
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
      style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="icon" href="data:,">
      <title>\(title.markup)</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <main>
      <header>
      <h1>\(title.markup)</h1>
      <p>\(summary.markup)</p>
      <dl class="key facts">
      \(facts.map(\.html).joined(separator: "\n"))
      </dl>
      <nav>\(links.joined(separator: "\n"))</nav>
      </header>
      \(parts.joined(separator: "\n"))
      </main>
      </body>
      </html>

      """
  }
}

extension Report.Fact {
  fileprivate var html: String { "<div><dt>\(name.markup)</dt><dd>\(value.markup)</dd></div>" }
}

extension Report.Block {
  fileprivate var html: String {
    switch self {
    case .text(let text): "<p>\(text.markup)</p>"
    case .verbatim(let text): "<pre>\(text.markupInLines)</pre>"
    case .facts(let facts):
      "<dl class=\"facts\">\n\(facts.map(\.html).joined(separator: "\n"))\n</dl>"
    case .pictures(let pictures):
      "<div class=\"pictures\">\n"
        + pictures.map { picture in
          // Tables and tiles are more than a drawing in a page, and tiles fill its width.
          let html =
            (picture as? any Drawn)?.html ?? "<div class=\"scroll\">\(picture.svg)</div>"
          return picture is TileSheet ? "<div class=\"row\">\(html)</div>" : "<div>\(html)</div>"
        }.joined(separator: "\n") + "\n</div>"
    }
  }
}
