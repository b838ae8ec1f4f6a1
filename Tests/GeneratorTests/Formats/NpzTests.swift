import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.watched) struct NpzTests {
  #if ImageCodecs

    /// Images `[2, 2, 3, 3]` of 0, 1, 2, ... and the labels [4, 1], by
    /// `numpy.savez(f, x_train=numpy.arange(36, dtype="uint8").reshape(2, 2, 3, 3), y_train=numpy.array([[4], [1]]))`.
    private func stored() throws -> Data { try bytes(NpzSamples.stored) }

    @Test(arguments: [NpzSamples.stored, NpzSamples.deflated])
    func archivesOfNumPyAreRead(base64: String) throws {
      let data = try Dataset(npzData: bytes(base64), path: "data.npz", part: .train)
      #expect(data.inputShape == [3, 2, 3] && data.targets == .classes([4, 1]))
      let first = Array(data.bytes?.bytes(at: 0) ?? [])
      #expect(first == [0, 3, 6, 9, 12, 15, 1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17])
      #expect(data.name == "data.npz (train)")
    }

    @Test func floatsBecomeNumbers() throws {
      let data = try Dataset(npzData: bytes(NpzSamples.floats), path: "data.npz")
      #expect(data.inputShape == [2] && data.targets == .classes([1, 0]))
      #expect(data.features == Tensor([[0.5, 1.5], [2.5, -1]]))
    }

    @Test func whatIsMissingIsNamed() throws {
      expectCourseError(
        .format, "data.npz", "not in this archive", "x_test and y_test", "x_train, y_train"
      ) { try Dataset(npzData: stored(), path: "data.npz", part: .test) }
      expectCourseError(.format, "a and b", "numpy.savez(path, a=..., b=...)") {
        try Dataset(
          npzData: stored(), path: "data.npz", names: NpzNames(inputs: "a", labels: "b"))
      }
      expectCourseError(.invalidData, "out of range", "0 to 2", "got 4") {
        try Dataset(
          npzData: stored(), path: "data.npz", part: .train, classNames: ["a", "b", "c"])
      }
      expectCourseError(.format, "data.npz, offset 0", "not a .npz file", "a PNG image") {
        try Dataset(npzData: Data(PNGHeader.signature), path: "data.npz")
      }
    }

    @Test func aPartToValidateOnIsOne() throws {
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "data.npz")
        try bytes(NpzSamples.parts).write(to: file)
        #expect(try Dataset.npzParts(file.path) == [.train, .validation, .test])
        let counts = try DatasetPart.allCases.map { try Dataset(npz: file.path, part: $0).count }
        #expect(counts == [2, 1, 1])
        let validation = try Dataset(npz: file.path, part: .validation)
        #expect(validation.targets == .classes([1]) && validation.inputShape == [1, 2, 2])
      }
    }

    @Test(arguments: [NpzSamples.stored, NpzSamples.deflated])
    func damageIsNoticed(base64: String) throws {
      let result = damage(try bytes(base64)) { data in
        _ = try Dataset(npzData: data, path: "data.npz", part: .train)
      }
      // Dates and the like may be anything; what is content is under a CRC.
      #expect(Double(result.noticed) > 0.6 * Double(result.all), "\(result)")
    }

    @Test func absurdSizesAreRefusedBeforeMemoryIsTaken() throws {
      var data = try bytes(NpzSamples.deflated)
      let directory = try #require(data.firstRange(of: Data([0x50, 0x4B, 1, 2]))).lowerBound
      data.replaceSubrange((directory + 24)..<(directory + 28), with: [0, 0, 0, 0x70])
      expectCourseError(.format, "makes no sense", "1879048192 bytes") {
        try Dataset(npzData: data, path: "bomb.npz", part: .train)
      }
    }

  #else

    @Test func withoutTheTraitTheErrorSaysHowToTurnItOn() throws {
      expectCourseError(.file, "npz is off in this build", "data.npz") {
        try Dataset(npzData: bytes(NpzSamples.stored), path: "data.npz", part: .train)
      }
    }

  #endif
}
