import Shared

/// A folder of numbered images and a JSON file with their labels: the form of the original course.
///
///     data/0.npy  data/1.npy  data/2.png  data/Labels.json      {"0": 6, "1": 9, "2": 6}
///
///     let images = try NumberedFolder("data", classNames: Dataset.cifar10Classes)
///     images.labels                          // [6, 9, 6]
///     images.classNames[images.label(at: 1)] // "truck"
///
/// Images are .npy (bytes, `[H, W, C]`), .png, .jpg or .jpeg, in the order of their numbers; files with other
/// names are passed over. The additional files of `course data synthesize` are read, too: `masks/N.npy` and
/// `Boxes.json`.
///
/// Task: Protocols/Generator.md, 4.2.
public struct NumberedFolder: ImageSource {
  /// The images in the order of their numbers, each with its label.
  /// - Parameters:
  ///   - files: the path of each image by its number
  ///   - labels: the class of each image by its number, for the same numbers
  static func paired(files: [Int: String], labels: [Int: Int]) -> [Entry] {
    // TODO(4.2): In the order of their numbers, not of their names: 10.npy comes after 9.npy.
    // BEGIN SOLUTION
    var entries: [Entry] = []
    for (number, path) in files.sorted(by: { $0.key < $1.key }) {
      guard let label = labels[number] else { continue }
      entries.append(Entry(number: number, path: path, label: label))
    }
    return entries
    // END SOLUTION
  }

  /// One image.
  public struct Entry: Sendable, Equatable {
    /// The number that is its name.
    public var number: Int
    /// The path of the file.
    public var path: String
    /// The index of its class.
    public var label: Int

    /// An image and its class.
    public init(number: Int, path: String, label: Int) {
      (self.number, self.path, self.label) = (number, path, label)
    }
  }

  /// The path of the folder.
  public let name: String
  /// The names of the classes.
  public let classNames: [String]
  /// The images in the order of their numbers.
  public internal(set) var entries: [Entry]
  /// The errors of the images and labels that `skipBroken` left out; each names its file.
  public internal(set) var skipped: [CourseError]
  /// Remarks, in sentences: images in formats that are not read.
  public internal(set) var notes: [String]

  /// The path of the mask of each image that has one, by its number.
  var masks: [Int: String]
  /// The objects in each image, by its number.
  var boxes: [Int: [ImageBox]]
}
