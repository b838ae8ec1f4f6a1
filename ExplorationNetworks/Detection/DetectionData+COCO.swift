import Foundation
import Shared

extension DetectionData {
  /// One's own images with boxes: a folder with `annotations.json` in the form of COCO, and the images beside it or in
  /// `images`.
  ///
  ///     data/annotations.json      {"images": [{"id": 1, "file_name": "17.jpg"}, ...],
  ///                                 "annotations": [{"image_id": 1, "category_id": 2, "bbox": [x, y, width, height]}, ...],
  ///                                 "categories": [{"id": 2, "name": "cat"}, ...]}
  ///     data/images/17.jpg
  ///
  /// `course data synthesize --scene` writes such a folder. Images are brought to one size, and their boxes with them.
  /// Sides that rounding moved beyond the image, by a pixel at most, are cut; boxes with `"iscrowd": 1`, around a group of
  /// things, are left out.
  ///
  /// - Parameters:
  ///   - size: height and width of the images
  ///   - classNames: the classes that a detector knows; `nil` for those of the file, in the order of their ids
  ///   - progress: hears of each image, from several threads
  /// - Throws: a `CourseError` with the place for a file that cannot be read, a missing field, an unknown image or class,
  ///   two images with one id, an image of another `width` or `height`, and a box without an area or beyond its image
  public init(
    folder: String, size: [Int] = [64, 64], classNames wanted: [String]? = nil,
    proposals method: ProposalMethod = .both, progress: Progress = { _, _, _ in }
  ) throws {
    guard size.count == 2 else {
      throw CourseError(
        .invalidArgument, "DetectionData: size of the images", expected: "height and width",
        received: "\(size)")
    }
    let file = "\(folder)/annotations.json"
    guard FileManager.default.fileExists(atPath: file) else {
      throw CourseError(
        .file, "there are no boxes", expected: "annotations.json, in the form of COCO",
        received: FileManager.default.fileExists(atPath: folder)
          ? "no such file" : "no such folder", location: folder,
        remedy: "Write the boxes of the images into \(file).")
    }
    let reader = COCOReader(file: file, document: try JSONValue(contentsOf: file))
    let names = try reader.classes()
    let classNames = wanted ?? names.sorted { $0.key < $1.key }.map(\.value)
    let boxes = try reader.boxes(names: names, classNames: classNames)
    let input = try ImageInput(channels: 3, height: size[0], width: size[1], fitting: .stretch)
    let listed = try reader.images()
    let examples = try listed.enumerated().map { number, entry in
      let (id, name, wantedSize) = entry
      try progress(.reading, number, listed.count)
      let path = ["\(folder)/images/\(name)", "\(folder)/\(name)"].first {
        FileManager.default.fileExists(atPath: $0)
      }
      guard let path else {
        throw CourseError(
          .file, "there is no such image", expected: "a file in \(folder)/images",
          received: name, location: file)
      }
      let image = try PixelImage(contentsOf: path)
      if let wantedSize, wantedSize != [image.width, image.height] {
        throw CourseError(
          .invalidData, "the image has another size than that of its boxes",
          expected: "\(wantedSize[0]) x \(wantedSize[1]) (width x height), as in annotations.json",
          received: "\(image.width) x \(image.height)", location: path,
          remedy: "Scale boxes and size in annotations.json with the image.")
      }
      let scale = (x: Float(size[1]) / Float(image.width), y: Float(size[0]) / Float(image.height))
      let own = try (boxes[id] ?? []).map { place, box in
        let box = box.cut(width: Float(image.width), height: Float(image.height))
        // In pixels of the file, so that an error shows its numbers.
        _ = try Self.labelled(
          box, width: image.width, height: image.height, classNames: classNames, place: place)
        return ImageBox(
          left: box.left * scale.x, top: box.top * scale.y,
          right: min(box.right * scale.x, Float(size[1])),
          bottom: min(box.bottom * scale.y, Float(size[0])), label: box.label)
      }
      let example = AnnotatedImage(
        image: try input.fitted(image),
        mask: PixelImage(width: size[1], height: size[0], channels: 1), boxes: own)
      return (path: path, example: example)
    }
    try self.init(
      name: folder, images: examples.map(\.example), classNames: classNames, proposals: method,
      progress: progress)
    files = examples.map(\.path)
  }
}

extension ImageBox {
  /// The box without the part of a pixel that lies beyond an image.
  fileprivate func cut(width: Float, height: Float) -> ImageBox {
    func cut(_ x: Float, _ size: Float) -> Float {
      (-1...(size + 1)).contains(x) ? min(max(x, 0), size) : x
    }
    return ImageBox(
      left: cut(left, width), top: cut(top, height), right: cut(right, width),
      bottom: cut(bottom, height), label: label)
  }
}

/// The lists of a COCO file.
private struct COCOReader {
  let file: String
  let document: JSONValue

  private func list(_ name: String) throws -> [(place: String, entry: JSONValue)] {
    guard let entries = document[name]?.array else {
      throw CourseError(
        .format, "\"\(name)\" is missing", expected: "a list, as in COCO",
        received: document[name] == nil ? "none" : "something else", location: file)
    }
    return entries.enumerated().map { ("\(file), \(name) \($0)", $1) }
  }

  private func field<Value>(
    _ name: String, of entry: JSONValue, _ place: String, _ read: (JSONValue) -> Value?
  ) throws -> Value {
    guard let value = entry[name].flatMap(read) else {
      throw CourseError(
        .format, "\"\(name)\" is missing or of another type", expected: "a field as in COCO",
        received: "\(entry[name] ?? .null)", location: place)
    }
    return value
  }

  /// The name of each class by its id.
  func classes() throws -> [Int: String] {
    var names: [Int: String] = [:]
    for (place, entry) in try list("categories") {
      let id = try field("id", of: entry, place, \.integer)
      let name = try field("name", of: entry, place, \.string)
      if let other = names.updateValue(name, forKey: id) {
        throw CourseError(
          .invalidData, "two classes with the same id", expected: "an id of its own for each",
          received: "\(id) for \"\(other)\" and \"\(name)\"", location: place)
      }
    }
    guard Set(names.values).count == names.count, !names.isEmpty,
      names.values.allSatisfy({ $0.contains { !$0.isWhitespace } })
    else {
      throw CourseError(
        .invalidData, "classes without names of their own", expected: "a name for each",
        received: "\(names.values.sorted())", location: file)
    }
    guard !names.values.contains("background") else {
      throw CourseError(
        .invalidData, "a class is called \"background\", as what is no object is",
        expected: "classes of objects",
        received: "\(names.values.sorted())", location: file,
        remedy: "Rename the class, or leave it and its boxes out.")
    }
    return names
  }

  /// The ids and files of the images, with width and height where they are given.
  func images() throws -> [(id: Int, name: String, size: [Int]?)] {
    var ids: Set<Int> = []
    var files: Set<String> = []
    return try list("images").map { place, entry in
      let name = try field("file_name", of: entry, place, \.string)
      // A file may not lead out of its folder.
      guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw CourseError(
          .invalidData, "an image outside of the folder", expected: "a name within it",
          received: name, location: place)
      }
      let id = try field("id", of: entry, place, \.integer)
      guard ids.insert(id).inserted else {
        throw CourseError(
          .invalidData, "two images with the same id", expected: "an id of its own for each",
          received: "\(id)", location: place)
      }
      // Its boxes would be divided, and it could be in the training and in the test part.
      guard files.insert(name).inserted else {
        throw CourseError(
          .invalidData, "an image with two ids", expected: "one entry for each file",
          received: name, location: place, remedy: "Give all its boxes the first id.")
      }
      let size = ["width", "height"].compactMap { entry[$0]?.integer }
      return (id, name, size.count == 2 ? size : nil)
    }
  }

  /// The boxes of each image, by its id, with their places in the file.
  func boxes(
    names: [Int: String], classNames: [String]
  ) throws -> [Int: [(place: String, box: ImageBox)]] {
    let known = Set(try images().map(\.id))
    var boxes: [Int: [(place: String, box: ImageBox)]] = [:]
    for (place, entry) in try list("annotations") {
      let image = try field("image_id", of: entry, place, \.integer)
      guard known.contains(image) else {
        throw CourseError(
          .invalidData, "a box in an unknown image", expected: "the id of an image",
          received: "\(image)", location: place)
      }
      if entry["iscrowd"]?.integer == 1 { continue }
      let category = try field("category_id", of: entry, place, \.integer)
      guard let name = names[category], let label = classNames.firstIndex(of: name) else {
        throw CourseError(
          .invalidData, "unknown class", expected: "one of \(classNames.joined(separator: ", "))",
          received: names[category] ?? "category \(category)", location: place,
          remedy: "Correct the category, or leave the box out.")
      }
      let values = try field("bbox", of: entry, place, \.array)
      let numbers = values.compactMap(\.number)
      guard values.count == 4, numbers.count == 4 else {
        throw CourseError(
          .format, "\"bbox\" is not a box", expected: "[x, y, width, height]",
          received: "\(entry["bbox"] ?? .null)", location: place)
      }
      let box = numbers.map { Float($0) }
      boxes[image, default: []].append(
        (
          place,
          ImageBox(
            left: box[0], top: box[1], right: box[0] + box[2], bottom: box[1] + box[3],
            label: label)
        ))
    }
    return boxes
  }
}
