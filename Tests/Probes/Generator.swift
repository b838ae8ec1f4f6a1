import Foundation
import Shared

@testable import Generator

/// The tasks of the generator.
let probes: [String: @Sendable (inout Probe) -> Void] = [
  "4.1": { probe in
    let files = FileManager.default
    let root = files.temporaryDirectory.appending(path: "probe-\(UUID().uuidString)")
    defer { try? files.removeItem(at: root) }
    orStop {
      // Names in an order that is not theirs; the pixels are not read.
      for name in ["b", "a10", "a9"].prefix(probe.size(2...3)) {
        let folder = root.appending(path: name)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in probe.classes(probe.size(1...5), below: 20) {
          try Data().write(to: folder.appending(path: "\(number).npy"))
        }
      }
      let index = try ImageFolder.index(FolderListing(of: root.path)) { throw $0 }
      for name in index.classNames { probe.write("class \(name)", [1]) }
      for entry in index.entries {
        let path = entry.path.split(separator: "/").suffix(2).joined(separator: " in ")
        probe.write("image \(path)", [entry.label])
      }
    }
  },
  "4.2": { probe in
    var (files, labels): ([Int: String], [Int: Int]) = ([:], [:])
    for number in probe.classes(12, below: 30) {
      files[number] = "\(number).npy"
      if probe.size(0...3) > 0 { labels[number] = probe.size(0...4) }
    }
    for entry in NumberedFolder.paired(files: files, labels: labels) {
      probe.write("image \(entry.path)", [entry.number, entry.label])
    }
  },
  "4.3": { probe in
    for lastBatch in LastBatch.allCases {
      let count = probe.size(3...9)
      var order = BatchOrder(
        count: count, batchSize: probe.size(1...count), shuffle: probe.flag(), seed: 3,
        lastBatch: lastBatch)
      for _ in 1...9 {
        probe.write("\(lastBatch), batch", order.next())
        probe.write("\(lastBatch), epoch", [order.epoch])
      }
    }
  },
  "4.4": { probe in
    let image = probe.tensor([probe.size(1...3), probe.size(2...5), probe.size(2...6)])
    probe.write("mirrored", image.mirroredReference())
    probe.write("turned", image.rotated90Reference())
  },
  "4.5": { probe in
    let image = probe.tensor([probe.size(1...3), probe.size(2...6), probe.size(2...6)])
    for (height, width) in [(probe.size(1...9), probe.size(1...9)), (probe.size(6...12), 3)] {
      probe.write("resized", image.resizedReference(height: height, width: width))
    }
  },
]
