import CourseTestSupport
import Foundation
import Testing

@testable import CourseTool

/// Chromium, where it is installed.
private let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .first(where: FileManager.default.isExecutableFile)

/// Pages as a browser shows them.
@Suite(.enabled(if: chromium != nil), .watched) struct ReportPageTests {
  /// What a page in a browser says about itself.
  private struct Measures: Decodable {
    /// The width of the window, and that of the page.
    var window: Double
    var page: Double
    /// Elements that stick out of the window, and are in no box that scrolls.
    var outside: [String]
    /// Pictures of no size, and images that were not decoded.
    var broken: [String]
    /// The number of tiles in the first row of each group, and in the group.
    var tiles: [[Int]]
    /// Everything that the page has loaded besides itself.
    var loaded: [String]
    /// The background of the page.
    var background: String
  }

  /// Injected into a copy of the page, before its policy.
  private static let script = """
    <script>
    addEventListener("load", () => {
      const name = e => e.tagName + "." + (e.className.baseVal ?? e.className) + " " +
        (e.textContent || "").slice(0, 30);
      const all = [...document.querySelectorAll("main *")];
      const result = {
        window: innerWidth, page: document.documentElement.scrollWidth,
        outside: all.filter(e => e.getBoundingClientRect().right > innerWidth + 0.5 &&
          !e.closest(".scroll")).map(name),
        broken: [...document.querySelectorAll("svg, img")].filter(e =>
          e.getBoundingClientRect().width < 5 || e.getBoundingClientRect().height < 5 ||
          e.tagName == "IMG" && e.naturalWidth == 0).map(name),
        tiles: [...document.querySelectorAll(".tiles")].map(e => {
          const tops = [...e.children].map(c => c.getBoundingClientRect().top);
          return [tops.filter(t => t == tops[0]).length, tops.length]; }),
        loaded: performance.getEntriesByType("resource").map(e => e.name)
          .filter(e => !e.startsWith("data:")),
        background: getComputedStyle(document.body).backgroundColor };
      parent.postMessage(JSON.stringify(result), "*");
    });
    </script>
    """

  private func measures(of page: URL, width: Int, isDark: Bool, in folder: URL) throws -> Measures {
    let html = try String(contentsOf: page, encoding: .utf8)
    let copy = folder.appending(path: "copy.html")
    try Data(html.replacing("<head>", with: "<head>" + Self.script, maxReplacements: 1).utf8)
      .write(to: copy)
    // Chromium's own windows are at least 500 wide, a frame is of any width.
    let frame = folder.appending(path: "frame.html")
    let source = """
      <iframe src="copy.html" width="\(width)" height="900" style="border: 0"></iframe>
      <pre></pre>
      <script>addEventListener("message", e => {
        document.querySelector("pre").textContent = e.data;
      });</script>
      """
    try Data(source.utf8).write(to: frame)
    let process = Process()
    process.executableURL = URL(filePath: try #require(chromium))
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom",
      "--disable-background-networking", "--no-first-run", "--hide-scrollbars",
      "--user-data-dir=\(folder.appending(path: "profile").path)", "--window-size=1400,1000",
      "--virtual-time-budget=5000", "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
      frame.absoluteString,
    ]
    let output = folder.appending(path: "dom.txt")
    try Data().write(to: output)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < deadline { usleep(20_000) }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    let dom = try String(contentsOf: output, encoding: .utf8)
    let text = try #require(dom.firstMatch(of: #/<pre>({[^<]*})<\/pre>/#)?.output.1, "\(dom)")
    let json = text.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      .replacing("&amp;", with: "&")
    return try JSONDecoder().decode(Measures.self, from: Data(json.utf8))
  }

  @Test(arguments: ReportCommandTests.kinds.map { ($0.recipe, $0.options) })
  func nothingOverflowsAndNothingIsLoaded(recipe: String, options: [String]) throws {
    try withTemporaryFolder { folder in
      let page = folder.appending(path: "r.html")
      let run = runTool(
        ["train", recipe, "-q", "-o", folder.appending(path: "m.safetensors").path]
          + ["--report", page.path] + options)
      try #require(run.status == 0, "\(run.error)")
      try check(page, recipe, in: folder)
    }
  }

  /// Names without blanks, and more columns and classes than a page is wide.
  @Test func longNamesStayInThePage() throws {
    try withTemporaryFolder { folder in
      let long = String(repeating: "abcdefghij", count: 12)
      let header = (0..<60).map { "\(long)\($0)" }.joined(separator: ",")
      let rows = (0..<450).map { row in
        (0..<60).map { "\((row * ($0 + 1)) % 17)" }.joined(separator: ",") + ",\(long) \(row % 45)"
      }
      let data = folder.appending(path: "wide.csv")
      try Data((header + ",label\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: data)
      let page = folder.appending(path: "\(long).html")
      let options = [
        "--data", data.path, "--label", "label", "--epochs", "1", "--scaling", "none", "-q", "-o",
      ]
      let run = runTool(
        ["train", "csv-mlp"] + options + [folder.appending(path: "\(long).st").path]
          + ["--report", page.path])
      try #require(run.status == 0, "\(run.error)")
      try check(page, "long names", in: folder)
    }
  }

  private func check(_ page: URL, _ name: String, in folder: URL) throws {
    for (width, isDark) in [(1280, false), (390, true)] {
      let measures = try measures(of: page, width: width, isDark: isDark, in: folder)
      let place = "\(name) at \(width)"
      #expect(measures.window == Double(width), "\(place)")
      #expect(measures.page <= measures.window, "\(place)")
      #expect(measures.outside.isEmpty, "\(place): \(measures.outside)")
      #expect(measures.broken.isEmpty, "\(place): \(measures.broken)")
      for row in measures.tiles {
        #expect(row[0] >= min(row[1], width > 1000 ? 5 : 1), "\(place): \(measures.tiles)")
      }
      #expect(measures.loaded.isEmpty, "\(place): \(measures.loaded)")
      #expect(
        measures.background == (isDark ? "rgb(13, 17, 23)" : "rgb(243, 245, 247)"), "\(place)")
    }
  }
}
