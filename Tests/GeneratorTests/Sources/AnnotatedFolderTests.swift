import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: ImageFolderTests.steps), .waits(for: NumberedFolderTests.steps), .watched)
struct AnnotatedFolderTests {
  /// A folder of images and masks as arrays; `values` are the pixels of the masks, each 2 x 2.
  private func write(
    _ folder: URL, _ values: [[UInt8]], imageSize: Int = 2, classes: String? = nil,
    suffix: String = ""
  ) throws {
    for name in ["images", "masks"] {
      try FileManager.default.createDirectory(
        at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    for (index, pixels) in values.enumerated() {
      let image = PixelImage(
        width: imageSize, height: imageSize, channels: 3, repeating: UInt8(10 * index))
      let mask = PixelImage(width: 2, height: 2, channels: 1, pixels: pixels)
      try image.npyData.write(to: folder.appending(path: "images/\(index).npy"))
      try mask.npyData.write(to: folder.appending(path: "masks/\(index)\(suffix).npy"))
    }
    if let classes {
      try Data(classes.utf8).write(to: folder.appending(path: "classes.txt"))
    }
  }

  @Test func valuesAreClassesAndTheirNames() throws {
    try withTemporaryFolder { folder in
      try write(folder, [[0, 10, 10, 0], [0, 0, 255, 40]], suffix: "_mask")
      let source = try AnnotatedFolder(folder.path)
      #expect(source.count == 2 && source.pixelClassNames == ["background", "10", "40"])
      #expect(source.notes.count == 1 && source.notes[0].contains("255 do not count, as in"))
      #expect(try source.annotatedImage(at: 1).mask.pixels == [0, 0, AnnotatedImage.ignored, 2])
      let data = try Dataset(source, as: ImageInput(channels: 1, height: 2, width: 2))
      #expect(data.targets == .classSequences([0, 1, 1, 0, 0, 0, Target.ignored, 2], length: 4))
      #expect(data.inputShape == [1, 2, 2] && data.classNames == source.pixelClassNames)
    }
  }

  @Test func classesHaveNamesAndOrder() throws {
    try withTemporaryFolder { folder in
      try write(folder, [[0, 2, 2, 0]], classes: "\u{feff}nothing\ncat\n dog \n")
      let source = try AnnotatedFolder(folder.path)
      #expect(source.pixelClassNames == ["nothing", "cat", "dog"])
      #expect(try source.annotatedImage(at: 0).mask.pixels == [0, 2, 2, 0])
      let data = try Dataset(source, as: ImageInput(channels: 1, height: 2, width: 2))
      #expect(data.classNames == ["nothing", "cat", "dog"])
      // A trained network has its own order.
      let other = try AnnotatedFolder(folder.path, classNames: ["nothing", "dog", "bird", "cat"])
      #expect(try other.annotatedImage(at: 0).mask.pixels == [0, 1, 1, 0])
    }
  }

  @Test func blackAndWhiteMasksHaveAnObject() throws {
    try withTemporaryFolder { folder in
      try write(folder, [[0, 255, 255, 0]])
      let source = try AnnotatedFolder(folder.path)
      #expect(source.pixelClassNames == ["background", "object"] && source.notes.count == 1)
      #expect(try source.annotatedImage(at: 0).mask.pixels == [0, 1, 1, 0])
      // Under names of their own, too.
      try Data("ground\ncell\n".utf8).write(to: folder.appending(path: "classes.txt"))
      let named = try AnnotatedFolder(folder.path)
      #expect(named.pixelClassNames == ["ground", "cell"] && named.notes.isEmpty)
      #expect(try named.annotatedImage(at: 0).mask.pixels == [0, 1, 1, 0])
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    try withTemporaryFolder { folder in
      let place = { (name: String) in folder.appending(path: name) }
      try write(place("size"), [[0, 1, 1, 0]], imageSize: 3)
      expectCourseError(.shapeMismatch, "another size than its image", "3 x 3", "masks/0.npy") {
        _ = try AnnotatedFolder(place("size").path)
      }
      try write(place("missing"), [[0, 1, 1, 0], [0, 1, 1, 0]])
      try FileManager.default.removeItem(at: place("missing/masks/1.npy"))
      expectCourseError(.invalidData, "an image without a mask", "images/1.npy", "masks/1.png") {
        _ = try AnnotatedFolder(place("missing").path)
      }
      try write(place("unknown"), [[0, 1, 1, 0], [0, 7, 1, 0]], classes: "a\nb\n")
      expectCourseError(.invalidData, "unknown class", "the value 7", "masks/1.npy", "0 to 1") {
        _ = try AnnotatedFolder(place("unknown").path)
      }
      expectCourseError(.invalidData, "unknown class", "the classes of the network: a, c") {
        try write(place("other"), [[0, 1, 1, 0]], classes: "a\nb\n")
        _ = try AnnotatedFolder(place("other").path, classNames: ["a", "c"])
      }
      try write(place("one"), [[3, 3, 3, 3]])
      expectCourseError(.invalidData, "one class only", "the value 3") {
        _ = try AnnotatedFolder(place("one").path)
      }
      try write(place("three"), [[0, 0, 255, 0]], classes: "a\nb\nc\n")
      expectCourseError(.invalidData, "one class only", "the value 0") {
        _ = try AnnotatedFolder(place("three").path)
      }
      try write(place("background"), [[1, 1, 255, 1]], classes: "a\nb\n")
      expectCourseError(.invalidData, "one class only", "the value 1") {
        _ = try AnnotatedFolder(place("background").path)
      }
      // A trained network may be measured on images without an object, but not on nothing.
      #expect(try AnnotatedFolder(place("background").path, classNames: ["a", "b"]).count == 1)
      try write(place("ignored"), [[255, 255, 255, 255]], classes: "a\nb\n")
      for classNames in [nil, ["a", "b"]] {
        expectCourseError(.invalidData, "no pixel of the masks counts", "255") {
          _ = try AnnotatedFolder(place("ignored").path, classNames: classNames)
        }
      }
      expectCourseError(.file, "no folder of masks", "and give \(place("one").path).") {
        _ = try AnnotatedFolder(place("one/images").path)
      }
      try write(place("twice"), [[0, 1, 1, 0]])
      for (file, words) in [("images/0", "two images of one name"), ("masks/0_mask", "two masks")] {
        let other = place("twice/\(file).png")
        try FileManager.default.copyItem(at: place("twice/images/0.npy"), to: other)
        expectCourseError(.invalidData, words, "0.npy", "\(file).png", "Rename or remove") {
          _ = try AnnotatedFolder(place("twice").path)
        }
        try FileManager.default.removeItem(at: other)
      }
      try write(place("blank"), [[0, 1, 1, 0]], classes: "a\n\nb\n")
      expectCourseError(.format, "a class without a name", "the value 1", "classes.txt, line 2") {
        _ = try AnnotatedFolder(place("blank").path)
      }
      try write(place("names"), [[0, 1, 1, 0]], classes: "a\na\n")
      expectCourseError(.format, "not names of classes", "got \"a\" twice") {
        _ = try AnnotatedFolder(place("names").path)
      }
      try write(place("single"), [[0, 1, 1, 0]], classes: "a\n")
      expectCourseError(.format, "not names of classes", "got 1 name") {
        _ = try AnnotatedFolder(place("single").path)
      }
    }
  }

  /// A mask belongs to the image that has its name; two of no image are no fault.
  @Test func masksBelongToTheImageOfTheirName() throws {
    try withTemporaryFolder { folder in
      let place = { (name: String) in folder.appending(path: name) }
      try write(folder, [[0, 1, 1, 0]])
      for name in ["7.npy", "7_mask.npy", "8.npy"] {
        try FileManager.default.copyItem(
          at: place("masks/0.npy"), to: place("masks/\(name)"))
      }
      let source = try AnnotatedFolder(folder.path)
      #expect(source.count == 1)
      #expect(source.notes == ["masks without an image, such as 7.npy, are not used: 3"])
      // An image may be named as a mask is.
      for name in ["images/0_mask.npy", "masks/0_mask.npy"] {
        try FileManager.default.copyItem(
          at: place("\(name.prefix { $0 != "/" })/0.npy"), to: place(name))
      }
      #expect(try AnnotatedFolder(folder.path).count == 2)
    }
  }

  /// Masks go through the same geometry as images, and back.
  @Test(arguments: ImageFitting.allCases.filter { $0 != .refuse })
  func masksFollowTheirImages(fitting: ImageFitting) throws {
    let (height, width) = (12, 30)
    var image = PixelImage(width: width, height: height, channels: 1)
    var mask = image
    for row in 2..<10 {
      for column in 12..<20 {
        image[row, column, 0] = 255
        mask[row, column, 0] = 3
      }
    }
    let input = try ImageInput(channels: 1, height: 24, width: 24, fitting: fitting)
    let fitted = try input.fitted(AnnotatedImage(image: image, mask: mask))
    // Of 24 rows, 10 are the image where it has borders.
    let ignored = fitted.mask.pixels.count { $0 == AnnotatedImage.ignored }
    #expect(ignored == (fitting == .pad ? 14 * 24 : 0))
    #expect(Set(fitted.mask.pixels).subtracting([AnnotatedImage.ignored]) == [0, 3])
    let wrong = zip(fitted.image.pixels, fitted.mask.pixels).count { ($0 > 127) != ($1 == 3) }
    #expect(wrong <= 24, "\(wrong) pixels of the mask are not those of the object")
    let restored = input.restored(fitted.mask, height: height, width: width)
    #expect(restored.width == width && restored.height == height)
    let differing = zip(restored.pixels, mask.pixels).count {
      $0 != $1 && $0 != AnnotatedImage.ignored
    }
    #expect(differing <= 16, "\(differing) pixels differ")
    // What a crop has cut off does not count.
    let unseen = restored.pixels.count { $0 == AnnotatedImage.ignored }
    #expect(unseen > 0 || fitting != .crop)
    #expect(unseen == 0 || fitting == .crop)
    #expect(input.restored(mask, height: 12, width: 30) == mask || fitting != .refuse)
  }

  #if ImageCodecs

    /// Made by Pillow: indices 0 to 5 of a palette, in 8, 4 and 2 bits, and a grey image of 1 bit.
    ///
    ///     image = Image.new("P", (3, 2)); image.putdata([0, 1, 2, 3, 2, 1])
    ///     image.putpalette([0, 0, 0, 200, 30, 30, 30, 200, 30, 30, 30, 200])
    ///     image.save(buffer, "PNG", bits=8)
    @Test(arguments: MaskSamples.all.keys.sorted())
    func palettesAreIndices(name: String) throws {
      let sample = try #require(MaskSamples.all[name])
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "mask.png")
        try #require(Data(base64Encoded: sample.file)).write(to: file)
        let mask = try PixelImage(maskFile: file.path)
        #expect(mask.width == 3 && mask.height == 2 && mask.channels == 1)
        #expect(mask.pixels == sample.pixels)
      }
    }

    @Test func masksInColoursAreRefused() throws {
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "mask.png")
        try PixelImage(width: 2, height: 2, channels: 3).write(to: file)
        expectCourseError(.format, "one channel", "a palette", "in colours") {
          _ = try PixelImage(maskFile: file.path)
        }
      }
    }

    /// A 16-bit image would lose its low bits, where small classes are, and JPEG changes values.
    @Test func masksOfInexactValuesAreRefused() throws {
      let deep = try #require(PNGSample.all.first { $0.name == "grey 16" })
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "mask.png")
        for (sample, words) in [(deep, "16 bits"), (JPEGSamples.all[0], "JPEG")] {
          try bytes(sample.png).write(to: file)
          expectCourseError(.format, "the exact value of each pixel", words, "mask.png") {
            _ = try PixelImage(maskFile: file.path)
          }
        }
      }
    }

    @Test func scenesAreReadBack() throws {
      let scenes = SyntheticScenes(size: 32, count: 5, seed: 2)
      try withTemporaryFolder { folder in
        let path = folder.appending(path: "scenes").path
        try scenes.write(toFolder: path)
        let read = try AnnotatedFolder(path)
        #expect(read.count == 5 && read.pixelClassNames == scenes.pixelClassNames)
        for index in 0..<5 {
          let (file, drawn) = (try read.annotatedImage(at: index), scenes.scene(at: index))
          #expect(file.image == drawn.image && file.mask == drawn.mask)
        }
        let document = try JSONValue(
          parsing: Data(contentsOf: URL(filePath: "\(path)/annotations.json")), name: "boxes")
        let annotations = try #require(document.object?["annotations"]?.array)
        let boxes = (0..<5).flatMap { scenes.scene(at: $0).boxes }
        try #require(annotations.count == boxes.count)
        for (annotation, box) in zip(annotations, boxes) {
          let object = try #require(annotation.object)
          #expect(
            object["bbox"]?.array?.compactMap(\.integer)
              == [box.left, box.top, box.width, box.height].map { Int($0) })
          #expect(object["category_id"]?.integer == box.label + 1)
          let area = try #require(object["area"]?.integer)
          #expect(area > 0 && Float(area) <= box.area)
        }
        #expect(document.object?["categories"]?.array?.count == 5)
        #expect(try PixelImage(contentsOf: "\(path)/preview.png").channels == 3)
        expectCourseError(.file, path, "not empty") { try scenes.write(toFolder: path) }
      }
    }

  #endif
}
