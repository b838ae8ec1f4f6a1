import Foundation
import Shared
import Synchronization

extension SyntheticScenes {
  /// Draws all scenes into a folder, on all threads, in the form that `AnnotatedFolder` reads:
  ///
  ///     images/000000.png      the picture
  ///     masks/000000.png       the class of each pixel as a grey value, 0 for the background
  ///     classes.txt            the names of the values 0, 1, 2, ..., one a line
  ///     annotations.json       the boxes, as in COCO
  ///     preview.png            the first scenes with their masks in colours and their boxes, to look at
  ///
  /// In `annotations.json`, as the COCO API and torchvision's `CocoDetection` read it, `bbox` is `[x, y, width, height]`
  /// of the visible part, on continuous coordinates; `area` is its number of pixels; `category_id` is the grey value of
  /// the class in the masks, so that 0 is free for the background. Images and annotations are numbered from 1.
  ///
  /// - Parameters:
  ///   - format: the format of images and masks; the preview needs PNG
  ///   - isCancelled: asked before each scene
  /// - Throws: when the folder has something in it already, or cannot be written, and `.interrupted` when it was
  ///   cancelled; the files written until then are removed
  public func write(
    toFolder folder: String, format: ImageFileFormat = .png,
    isCancelled: @Sendable () -> Bool = { false }
  ) throws {
    try NewFolder.write(folder, subfolders: ["images", "masks"]) { files in
      let boxes = Mutex([[(box: ImageBox, area: Int)]](repeating: [], count: count))
      try files.draw(count, isCancelled) { index in
        let (scene, areas) = drawing(index)
        let name = fileName(index, format)
        try files.write(format.data(of: scene.image), "images/\(name)")
        try files.write(format.data(of: scene.mask), "masks/\(name)")
        boxes.withLock { $0[index] = Array(zip(scene.boxes, areas)) }
      }
      if format == .png { try files.write(preview.pngData(), "preview.png") }
      try files.write(
        Data((pixelClassNames.joined(separator: "\n") + "\n").utf8), "classes.txt")
      // Last, so that a folder with it is complete.
      try files.write(document(boxes.withLock { $0 }, format), "annotations.json")
    }
  }

  /// `000017.png`, so that the order of the names is that of the numbers.
  private func fileName(_ index: Int, _ format: ImageFileFormat) -> String {
    let number = "\(index)"
    return String(repeating: "0", count: max(0, 6 - number.count)) + "\(number).\(format.rawValue)"
  }

  private func document(
    _ boxes: [[(box: ImageBox, area: Int)]], _ format: ImageFileFormat
  ) -> Data {
    func lines(_ name: String, _ items: [String]) -> String {
      "\"\(name)\": [\n" + items.joined(separator: ",\n") + "\n]"
    }
    let images = (0..<count).map { index in
      "{\"id\": \(index + 1), \"file_name\": \"\(fileName(index, format))\", \"width\": \(size), "
        + "\"height\": \(size)}"
    }
    var number = 0
    let annotations = boxes.enumerated().flatMap { index, boxes in
      boxes.map { box, area in
        number += 1
        return "{\"id\": \(number), \"image_id\": \(index + 1), \"category_id\": \(box.label + 1), "
          + "\"bbox\": [\(Int(box.left)), \(Int(box.top)), \(Int(box.width)), \(Int(box.height))], "
          + "\"area\": \(area), \"iscrowd\": 0}"
      }
    }
    let categories = classNames.enumerated().map { label, name in
      "{\"id\": \(label + 1), \"name\": \"\(name)\"}"
    }
    let text = [
      lines("images", images), lines("annotations", annotations), lines("categories", categories),
    ].joined(separator: ",\n")
    return Data(("{" + text + "}\n").utf8)
  }

  /// The first scenes, each beside its mask in colours and with its boxes.
  private var preview: PixelImage {
    let scenes = (0..<min(count, 12)).map { scene(at: $0) }
    return ContactSheet(columns: 6, scale: max(1, 128 / size)).image(
      of: scenes.flatMap { scene in
        var boxed = scene.image
        for box in scene.boxes { boxed.outline(box) }
        let names = Set(scene.boxes.map(\.label)).sorted().map { classNames[$0] }
        return [
          (scene.image, names.joined(separator: " ")), (scene.mask.coloredMask, "mask"),
          (boxed, "boxes"),
        ]
      })
  }
}
