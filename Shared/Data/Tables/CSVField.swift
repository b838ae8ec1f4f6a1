/// A text as a field of a CSV file (RFC 4180).
package func csvField(_ text: String) -> String {
  text.contains { ",\"\n\r".contains($0) }
    ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
}
