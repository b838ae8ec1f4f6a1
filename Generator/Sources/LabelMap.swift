import Foundation
import Shared

/// The labels of numbered images from a JSON file: `{"0": 6, "1": 9}`.
struct LabelMap {
  let path: String
  /// The class of each image by its number.
  var labels: [Int: Int] = [:]

  /// The maximum number of classes; a label far beyond would need memory for all names up to it.
  static let maximumClasses = 65_536

  init(contentsOf path: String) throws {
    try self.init(
      data: readFile(
        at: path, content: "labels as JSON, {\"0\": 6, ...}", allowsPipes: false), path: path)
  }

  init(data: Data, path: String) throws {
    self.path = path
    for (number, value) in try LabelMap.members(data, path: path) {
      guard let label = value.integer, (0..<LabelMap.maximumClasses).contains(label) else {
        throw CourseError(
          .format, "this is not a label",
          expected: "a class index, 0 to \(LabelMap.maximumClasses - 1)",
          received: "\(value)", location: "\(path), key \"\(number)\"",
          remedy:
            "Labels are class indices, counted from 0; names belong in Classes.txt, one per line.")
      }
      labels[number] = label
    }
    guard !labels.isEmpty else {
      throw CourseError(
        .invalidData, "there are no labels in this file", expected: "at least one",
        received: "{}", location: path, remedy: "Write one for each image: {\"0\": 6, \"1\": 9}.")
    }
  }

  /// The members of an object whose keys are numbers, in the order of those: of several mistakes the first
  /// one is named in each run.
  private static func members(
    _ data: Data, path: String
  ) throws -> [(key: Int, value: JSONValue)] {
    let document = try JSONValue(parsing: data, name: path)
    guard let object = document.object else {
      throw CourseError(
        .format, "these are not labels", expected: "a JSON object such as {\"0\": 6, \"1\": 9}",
        received: "\(document)".count > 40 ? "something else" : "\(document)", location: path,
        remedy: "Write one label for each image, by its number.")
    }
    var result: [Int: JSONValue] = [:]
    for (key, value) in object.sorted(by: { precedes($0.key, $1.key) }) {
      guard let number = wholeNumber(key.utf8) else {
        throw CourseError(
          .format, "a key is not the number of an image", expected: "\"0\", \"1\", ...",
          received: "\"\(key)\"", location: path, remedy: "Name the images 0.npy, 1.npy, ...")
      }
      guard result.updateValue(value, forKey: number) == nil else {
        throw CourseError(
          .format, "two keys are the same number", expected: "one label for image \(number)",
          received: "two, one of them \"\(key)\"", location: path, remedy: "Remove one of them.")
      }
    }
    return result.sorted { $0.key < $1.key }
  }

  /// The label file of a folder: `Labels.json` in it or beside it, or the only JSON file in it.
  static func find(in listing: FolderListing) throws -> String {
    let files = listing.files.filter { $0.lowercased().hasSuffix(".json") && $0 != "Boxes.json" }
      .sorted(by: precedes)
    if let name = files.first(where: { $0.lowercased() == "labels.json" }) ?? files.first,
      name.lowercased() == "labels.json" || files.count == 1
    {
      return "\(listing.path)/\(name)"
    }
    let beside = URL(filePath: listing.path).deletingLastPathComponent()
      .appending(path: "Labels.json").path
    if files.isEmpty, FileManager.default.fileExists(atPath: beside) { return beside }
    throw CourseError(
      .file, "there is no label file for these images", expected: "Labels.json, {\"0\": 6, ...}",
      received: files.isEmpty ? "no .json file" : files.joined(separator: ", "),
      location: listing.path,
      remedy: files.isEmpty
        ? "Write one, or sort the images into folders named after their class."
        : "Name the file of the labels.")
  }

  /// The names of the classes: those given, the lines of `Classes.txt`, or the numbers.
  func classNames(given: [String]?) throws -> [String] {
    var names = given
    let file = URL(filePath: path).deletingLastPathComponent().appending(path: "Classes.txt").path
    if names == nil, FileManager.default.fileExists(atPath: file) {
      let content = try readFile(
        at: file, content: "the names of the classes", allowsPipes: false)
      let found = try utf8Text(content, path: file)
        .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }
      guard !found.isEmpty, Set(found).count == found.count else {
        throw CourseError(
          .format, "these are not class names", expected: "one per line, none twice",
          received: "\(counted(found.count, "line")), \(Set(found).count) different",
          location: file,
          remedy: "Write the name of class 0 in the first line, and so on.")
      }
      names = found
    }
    let wanted = (labels.values.max() ?? 0) + 1
    guard let names else { return (0..<wanted).map(String.init) }
    if let wrong = labels.filter({ $0.value >= names.count }).min(by: { $0.key < $1.key }) {
      throw CourseError(
        .invalidData, "a label is out of range", expected: "0 to \(names.count - 1)",
        received: "\(wrong.value)", location: "\(path), key \"\(wrong.key)\"",
        remedy: "Labels are class indices, counted from 0.")
    }
    return names
  }
}

// MARK: - Boxes

extension LabelMap {
  /// The boxes of a file `{"0": [{"left": 3, "top": 4, "right": 20, "bottom": 22, "label": 6}], ...}`.
  static func boxes(contentsOf path: String, classCount: Int) throws -> [Int: [ImageBox]] {
    try boxes(
      readFile(at: path, content: "boxes as JSON", allowsPipes: false), path: path,
      classCount: classCount)
  }

  static func boxes(_ data: Data, path: String, classCount: Int) throws -> [Int: [ImageBox]] {
    var result: [Int: [ImageBox]] = [:]
    for (number, value) in try members(data, path: path) {
      guard let boxes = value.array?.map({ ImageBox($0, classCount: classCount) }),
        !boxes.contains(nil)
      else {
        throw CourseError(
          .format, "these are not boxes",
          expected:
            "a list of {\"left\", \"top\", \"right\", \"bottom\", \"label\"} with left <= right, "
            + "top <= bottom and a label below \(classCount)",
          received: "\("\(value)".prefix(120))", location: "\(path), key \"\(number)\"",
          remedy: "Edges are in pixels from the upper left corner; labels are class indices.")
      }
      result[number] = boxes.compactMap { $0 }
    }
    return result
  }
}

extension ImageBox {
  /// A box as JSON has it; `nil` when it is none.
  fileprivate init?(_ json: JSONValue, classCount: Int) {
    let edges = ["left", "top", "right", "bottom"].compactMap { json[$0]?.number.map { Float($0) } }
    guard edges.count == 4, edges.allSatisfy({ abs($0) <= 1e6 }), edges[0] <= edges[2],
      edges[1] <= edges[3], let label = json["label"]?.integer, (0..<classCount).contains(label)
    else { return nil }
    self.init(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3], label: label)
  }

  /// The box as JSON has it.
  var json: JSONValue {
    .object([
      "left": .number(Double(left)), "top": .number(Double(top)), "right": .number(Double(right)),
      "bottom": .number(Double(bottom)), "label": .integer(label),
    ])
  }
}
