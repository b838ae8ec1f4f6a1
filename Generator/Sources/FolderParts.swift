import Shared

/// The parts that a folder of images is divided into, by the usual names of folders.
///
///     flowers/Train/daisy/1.jpg     let parts = try FolderParts(of: "flowers")
///     flowers/valid/daisy/2.jpg     parts.folders      // [.train: "Train", .validation: "valid"]
///
/// | part | names, in any case |
/// |---|---|
/// | train | train, training |
/// | validation | val, valid, validation, dev |
/// | test | test, testing, eval, evaluation |
///
/// Numbers, signs and the words set, data and images after them are ignored: `train_set`, `val2017`.
///
/// The names alone do not decide, because classes may have them, too. A folder is divided when it contains
/// nothing else, or when two such folders have the same class folders.
package struct FolderParts: Sendable {
  /// The path of the folder.
  package let path: String
  /// The name of each part's folder; empty when the folder is not divided.
  package private(set) var folders: [DatasetPart: String] = [:]
  /// Remarks for a user: the folder of each part, and the folders that are not used.
  package private(set) var notes: [String] = []

  /// A folder in the one that is looked at.
  private struct Part {
    var part: DatasetPart?
    var name: String
    /// The folders in it.
    var classes: Set<String>
    /// How many images lie beside them.
    var imageCount: Int
  }

  /// Whether the folder is not divided.
  package var isEmpty: Bool { folders.isEmpty }

  /// Looks at the folders in a folder, and at their contents.
  /// - Throws: a `CourseError` when the folders are parts and cannot be used as such, and when they may be
  ///   parts as well as classes
  package init(of path: String) throws {
    self.path = path
    let all = try FolderListing(of: path).folders.sorted(by: precedes).map { name in
      // A folder that cannot be read has its error where its images are looked for.
      let listing = try? FolderListing(of: "\(path)/\(name)")
      return Part(
        part: DatasetPart(folderName: name), name: name, classes: Set(listing?.folders ?? []),
        imageCount: listing?.files.count {
          FolderListing.isImage($0) || OtherImages.kind(of: $0) != nil
        }
          ?? 0)
    }
    let named = all.filter { $0.part != nil }
    let others = all.filter { $0.part == nil }
    let divided = named.filter { !$0.classes.isEmpty }
    guard !named.isEmpty else {
      noteFoldersInAll(all)
      return
    }
    let areParts =
      others.isEmpty
      || divided.contains { first in
        divided.contains { $0.part != first.part && !$0.classes.isDisjoint(with: first.classes) }
      }
    guard areParts else {
      try refuseEqualFolders(divided, others)
      notes.append(
        "\(list(named)) in \(path) \(named.count == 1 ? "is" : "are") taken as classes, like "
          + "\(list(others)).")
      return
    }
    guard !divided.isEmpty else {
      if let part = named.first(where: { FolderParts.hasLabels("\(path)/\($0.name)") }) {
        throw CourseError(
          .invalidData, "these folders are parts, and numbered images in them",
          expected: "one of them",
          received: list(named), location: path, remedy: "Name one: \(path)/\(part.name).")
      }
      throw CourseError(
        .invalidData, "these folders have the names of parts, and there are no classes in them",
        expected: "folders named after the classes in each",
        received: named.map { "\(counted($0.imageCount, "image")) in \($0.name)" }
          .joined(separator: ", "), location: path,
        remedy: "Sort the images of each into folders named after their class. If the folders are "
          + "the classes, rename them, such as \(named[0].name)-class.")
    }
    try take(divided)
    noteWhatIsNotUsed(named.filter { $0.classes.isEmpty } + others)
  }

  /// Whether there is a file of labels for numbered images.
  private static func hasLabels(_ path: String) -> Bool {
    (try? LabelMap.find(in: FolderListing(of: path))) != nil
  }

  private mutating func take(_ parts: [Part]) throws {
    for part in parts {
      guard let kind = part.part else { continue }
      if let other = folders.updateValue(part.name, forKey: kind) {
        throw CourseError(
          .invalidData, "two folders are the same part", expected: "one \(kind.purpose)",
          received: "\(other) and \(part.name)", location: path,
          remedy: "Put them together, or rename one of them.")
      }
    }
    let uses = DatasetPart.allCases.compactMap { part in
      folders[part].map { "\($0) is the part \(part.purpose)" }
    }
    notes.append("Of \(path), \(uses.joined(separator: ", ")).")
  }

  private mutating func noteWhatIsNotUsed(_ unused: [Part]) {
    for part in unused {
      let reason =
        part.part == nil
        ? "is not a part"
        : part.imageCount > 0
          ? "has \(counted(part.imageCount, "image")) without classes" : "has no class folders"
      notes.append("\(path)/\(part.name) \(reason) and is not used.")
    }
  }

  /// Folders that have no image of their own may be something else than classes: years, or one folder around
  /// everything.
  private mutating func noteFoldersInAll(_ all: [Part]) {
    guard let first = all.first, all.allSatisfy({ $0.imageCount == 0 && !$0.classes.isEmpty })
    else {
      return
    }
    let inside = list(all.reduce(into: Set<String>()) { $0.formUnion($1.classes) })
    let areEqual = all.count > 1 && all.allSatisfy { $0.classes == first.classes }
    notes.append(
      "The folders in \(path) are taken as classes: \(list(all)). "
        + (areEqual
          ? "All have the same folders in them (\(inside)): if they are parts of the data"
          : "Their images lie in folders in them (\(inside)): if those are the classes")
        + ", name \(all.count > 1 ? "one of them" : "it"): \(path)/\(first.name).")
  }

  /// One folder has the name of a part; are the others parts, too, or is it a class?
  private func refuseEqualFolders(_ named: [Part], _ others: [Part]) throws {
    for part in named {
      guard let other = others.first(where: { !$0.classes.isDisjoint(with: part.classes) }) else {
        continue
      }
      throw CourseError(
        .invalidData, "are these folders parts or classes?",
        expected: "train, val and test for parts, or classes with other folders in them",
        received: "\(part.name) and \(other.name), and "
          + "\(list(other.classes.intersection(part.classes))) in both", location: path,
        remedy: "Name the one to use: \(path)/\(part.name). Or rename \(other.name) to the part "
          + "that it is, or \(part.name), if it is a class.")
    }
  }

  private func list(_ parts: [Part]) -> String { list(Set(parts.map(\.name))) }

  /// Some names, sorted.
  private func list(_ names: Set<String>) -> String {
    let shown = names.sorted(by: precedes).prefix(6).joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }

  /// The path of a part.
  /// - Throws: a `CourseError` that lists the parts that there are
  func path(of part: DatasetPart) throws -> String {
    guard let name = folders[part] else {
      let found = DatasetPart.allCases.compactMap { folders[$0] }
      throw CourseError(
        .invalidData, "there is no part \(part.purpose) in this folder",
        expected: part.folderNames.joined(separator: ", "),
        received: found.isEmpty ? "no parts" : found.joined(separator: ", "), location: path,
        remedy: found.first.map { "Name the one to use: \(path)/\($0)." }
          ?? "Make folders train and test with the class folders in them.")
    }
    return "\(path)/\(name)"
  }
}

extension DatasetPart {
  /// The names that folders and arrays of a part usually have, in lower case.
  var folderNames: [String] {
    switch self {
    case .train: ["train", "training"]
    case .validation: ["val", "valid", "validation", "dev"]
    case .test: ["test", "testing", "eval", "evaluation"]
    }
  }

  /// The purpose of the part.
  var purpose: String {
    switch self {
    case .train: "for training"
    case .validation: "for validation"
    case .test: "for testing"
    }
  }

  /// The part that a folder with such a name usually is.
  init?(folderName: String) {
    var name = folderName.lowercased().filter { $0.isASCII && $0.isLetter }
    // A name that other letters are part of is another one.
    guard folderName.allSatisfy(\.isASCII) else { return nil }
    for word in ["set", "data", "images"] where name.hasSuffix(word) {
      name.removeLast(word.count)
      break
    }
    guard let part = DatasetPart.allCases.first(where: { $0.folderNames.contains(name) }) else {
      return nil
    }
    self = part
  }

  /// Throws for a part that the authors of a data set did not publish.
  func requirePublished(by name: String) throws {
    guard self == .validation else { return }
    throw CourseError(
      .invalidArgument, "\(name) has no validation part", expected: "train or test",
      received: rawValue, remedy: "Divide the training part with split(train:validation:test:).")
  }
}
