/// The colours of a picture, plain: variables of style sheets are unknown to many viewers, which then draw
/// black on black.
struct PlotColors {
  let panel: String
  let ink: String
  let soft: String
  let grid: String
  /// One for each line or kind of bar; the last one is that of comparisons.
  let series: [String]

  static let light = PlotColors(
    panel: "#ffffff", ink: "#24292f", soft: "#57606a", grid: "#e4e8ec",
    series: ["#0072b2", "#d55e00", "#009e73", "#b5548b", "#8c6d00", "#555555"])
  static let dark = PlotColors(
    panel: "#161b22", ink: "#e6edf3", soft: "#9da7b3", grid: "#2d343d",
    series: ["#56b4e9", "#f0883e", "#2bc79a", "#e08fbf", "#e3c341", "#b0b0b0"])

  /// The rules of a style sheet that gives the elements these colours.
  var rules: String {
    let plain = [
      ".panel { fill: \(panel); }", ".title, .label { fill: \(ink); }", ".mark { fill: \(soft); }",
      ".grid { stroke: \(grid); }", ".axis { stroke: \(soft); }",
    ]
    let colored = series.enumerated().map { place, color in
      ".line.s\(place) { stroke: \(color); } .fill.s\(place) { fill: \(color); }"
    }
    return (plain + colored).joined(separator: "\n")
  }
}
