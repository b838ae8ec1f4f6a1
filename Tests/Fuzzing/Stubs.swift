// What the files with samples need of the tests that they belong to.

protocol CustomTestStringConvertible {
  var testDescription: String { get }
}
