import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.watched) struct CIFARTests {
  /// Two images: labels `first` and `first + 1`, planes of 10 times the label, plus 0, 1 and 2.
  private func records(_ first: UInt8) -> [UInt8] {
    [first, first + 1].flatMap { label -> [UInt8] in
      let planes = (0..<3 as Range<UInt8>).map { [UInt8](repeating: 10 * label + $0, count: 1024) }
      return [label] + planes.joined()
    }
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      for number in 1...5 {
        try Data(records(UInt8(number))).write(
          to: folder.appending(path: "data_batch_\(number).bin"))
      }
      try Data(records(7)).write(to: folder.appending(path: "test_batch.bin"))
      try body(folder)
    }
  }

  private func read(_ part: DatasetPart, _ place: URL) throws -> Dataset {
    try .cifar10(part, in: place, imagesInAFile: 2)
  }

  private func check(_ data: Dataset) {
    #expect(data.count == 10 && data.inputShape == [3, 32, 32] && data.classCount == 10)
    #expect(data.targets == .classes([1, 2, 2, 3, 3, 4, 4, 5, 5, 6]))
    #expect(data.classNames[9] == "truck" && data.bytes != nil)
    for (index, label) in data.targets.classIndices.enumerated() {
      let bytes = data.bytes?.bytes(at: index) ?? []
      let expected = (0..<3).flatMap { [UInt8](repeating: UInt8(10 * label + $0), count: 1024) }
      #expect(bytes.elementsEqual(expected), "image \(index)")
    }
  }

  @Test func aFolderIsReadFileByFile() throws {
    try withFolder { folder in
      check(try read(.train, folder))
      let test = try read(.test, folder)
      #expect(test.targets == .classes([7, 8]) && test.name == "CIFAR-10 (test)")
      let inner = folder.appending(path: "cifar-10-batches-bin")
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
      for name in try names(in: folder) where name.hasSuffix(".bin") {
        try FileManager.default.moveItem(
          at: folder.appending(path: name), to: inner.appending(path: name))
      }
      check(try read(.train, folder))
    }
  }

  @Test func oneFileOfAnyLengthIsRead() throws {
    try withFolder { folder in
      let path = folder.appending(path: "data_batch_3.bin").path
      let data = try Dataset(cifarFile: path, classNames: (0..<10).map { "\($0)" })
      #expect(data.targets == .classes([3, 4]) && data.name == "data_batch_3.bin")
    }
  }

  @Test func wrongFilesAreRefusedWithTheirPlace() throws {
    try withFolder { folder in
      let path = folder.appending(path: "data_batch_2.bin")
      try Data(records(2).dropLast()).write(to: path)
      expectCourseError(
        .format, "data_batch_2.bin, offset 3073", "6146 bytes, 2 images", "6145 bytes"
      ) { try read(.train, folder) }
      try Data(records(2) + [0]).write(to: path)
      expectCourseError(.format, "longer", "6146 bytes") { try read(.train, folder) }
      try Data(records(9)).write(to: path)
      expectCourseError(.invalidData, "offset 3073 (example 1)", "0 to 9", "got 10") {
        try read(.train, folder)
      }
      try FileManager.default.removeItem(at: path)
      expectCourseError(.file, "data_batch_2.bin", "cannot open") { try read(.train, folder) }
      // What the real archive must have.
      expectCourseError(.format, "30730000 bytes, 10000 images") {
        try Dataset.cifar10(.test, in: folder)
      }
    }
    try withTemporaryFolder { empty in
      expectCourseError(.file, empty.path, "not in this folder", "cifar-10-binary.tar.gz") {
        try read(.train, empty)
      }
    }
  }

  @Test func theLabelsOfCIFAR100AreChosen() throws {
    try withTemporaryFolder { folder in
      let pixels = [UInt8](repeating: 9, count: 3072)
      try Data([3, 77] + pixels + [19, 99] + pixels).write(to: folder.appending(path: "train.bin"))
      func labels(_ which: CIFAR100Labels) throws -> Target {
        try Dataset.cifar100(.train, labels: which, in: folder, imagesInAFile: 2).targets
      }
      #expect(try labels(.fine) == .classes([77, 99]))
      #expect(try labels(.coarse) == .classes([3, 19]))
      let names = (0..<20).map { "group \($0)" }.joined(separator: "\n")
      try Data(names.utf8).write(to: folder.appending(path: "coarse_label_names.txt"))
      let data = try Dataset.cifar100(.train, labels: .coarse, in: folder, imagesInAFile: 2)
      #expect(data.classNames[19] == "group 19" && data.classCount == 20)
    }
  }

  #if ImageCodecs

    /// The same files in Python's tar.gz, in the order of the real archive: 1, 3, 4, test, 5, 2.
    private let archive =
      "H4sIAAAAAAACA+3dT2vTcBzA4Tr/Ej2qR+1RhdWkTbbL9Kge1Tcw0jazxXUtaQq+fMPcqVoGsqWw7/McmpBLDuEHDZ"
      + "9f+E7mZ2V9mKWH47KZzKr14Xh+8b53s9LWUZ5fHlvbx7/PsywfZr1+0evAZt2UdXv7XkyTfz3/admUp5cXTrNBe+"
      + "FWn3+Wp+lw6/nneVr0+qnnf+vuJUBYT4GwngFhHTwHwnoBhPUSCKtHYNf1v9G++t+x/teF+6+AsF4DYfWBsB68AcJ"
      + "6C4T1DghLA9P/dve/fE/9L0v1vy54/Qev/4DXfyCQh0MgrBEQVg6EpYHpf1v9r6nWzZ/+dwP177/6X/uvVP/rwuNPQ"
      + "FifgbC+AGE9+QqE9Q0I6zsQlgam/+3+/q/Y1/d/mf7XBdt/wfZfwPZfIJBHJ0BYH4CwPgJhaWD63+7+N9zX/L8j/a8"
      + "LBwagQ1wGoENcBqBDXAaAgwHggAHgQCAamP631f+uzgeLqikHza/mVvtf67jY7n/FsND/ulDO69V5eVEl5aZZLpbj+"
      + "XmVjOf1NJmUTTKtqjqZLn8kZ3X7M1vW6ypZz+arpKk3k59JYvnczfVfV+V0UQ1mzeL8Ju5x7fpPR1vrf1Tk5n924mR"
      + "lAxAAAAAAANw1vwG5clNdAMgAAA=="

    @Test func anArchiveIsReadInAnyOrder() throws {
      try withTemporaryFolder { folder in
        let url = folder.appending(path: "cifar-10-binary.tar.gz")
        try bytes(archive).write(to: url)
        check(try read(.train, url))
        check(try read(.train, folder))
        #expect(try read(.test, url).targets == .classes([7, 8]))
        // Unpacked, as some browsers leave it.
        let tar = try Gzip.decompressed(bytes(archive), path: "", limit: 1 << 20)
        try Data(tar).write(to: url)
        check(try read(.train, url))
        expectCourseError(.format, "not complete", "none of train.bin") {
          try Dataset.cifar100(.train, labels: .fine, in: url, imagesInAFile: 2)
        }
      }
    }

    @Test func damageToAnArchiveIsNoticed() throws {
      try withTemporaryFolder { folder in
        let url = folder.appending(path: "archive")
        let data = try bytes(archive)
        for length in stride(from: 0, to: data.count, by: 23) {
          try data.prefix(length).write(to: url)
          #expect(throws: CourseError.self) { try read(.train, url) }
        }
        // The header of gzip has fields that mean nothing; what follows is under its checksum.
        for place in stride(from: 10, to: data.count, by: 17) {
          var damaged = data
          damaged[place] ^= 1 << (place % 8)
          try damaged.write(to: url)
          #expect(throws: CourseError.self, "byte \(place)") { try read(.train, url) }
        }
      }
    }

  #endif
}
