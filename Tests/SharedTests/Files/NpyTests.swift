import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct NpyTests {
  private func data(_ base64: String) throws -> Data { try #require(Data(base64Encoded: base64)) }

  private func read(_ data: Data) throws -> Tensor { try Tensor(npyData: data, path: "x.npy") }

  /// A file with any header, padded as NumPy does for version 1, or not at all.
  private func file(
    _ header: String, _ body: [UInt8] = [], version: [UInt8] = [1, 0], length: Int? = nil
  ) -> Data {
    let length = length ?? header.utf8.count
    let bytes = (0..<(version[0] == 1 ? 2 : 4)).map { UInt8(length >> (8 * $0) & 0xFF) }
    return Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59] + version + bytes + header.utf8 + body)
  }

  private func header(_ descr: String, _ shape: String, order: String = "False") -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }\n"
  }

  private let one: [UInt8] = [0, 0, 0x80, 0x3F]

  // MARK: Against NumPy

  @Test(arguments: numpyFiles)
  func theBytesAreThoseOfNumPy(tensor: Tensor, base64: String) throws {
    #expect(tensor.npyData.base64EncodedString() == base64)
    #expect(try read(data(base64)) == tensor)
  }

  // len(bytes of numpy.save of np.zeros(shape, "f4")) - 4 * size; for the fourth shape and the last
  // three the text ends exactly at a multiple of 64, where NumPy adds 64 spaces more.
  @Test(arguments: [
    (0, 1_000_000, 128), (9, 1, 128), (18, 1, 192), (13, 100, 192), (19, 1, 192), (34, 1000, 256),
    (35, 1, 256), (56, 10, 320),
  ])
  func theHeaderHasNumPysLength(ones: Int, last: Int, length: Int) throws {
    let shape = [Int](repeating: 1, count: ones) + [last]
    let bytes = Tensor(zeros: shape).npyData
    #expect(bytes.count - 4 * shape.reduce(1, *) == length)
    #expect(try read(bytes).shape == shape)
  }

  @Test func otherFormatsOfNumPyAreRead() throws {
    // np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3))
    let columns = """
      k05VTVBZAQB2AHsnZGVzY3InOiAnPmY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAg\
      ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAEAIAAAAAAAA\
      P/AAAAAAAABAEAAAAAAAAEAAAAAAAAAAQBQAAAAAAAA=
      """
    #expect(try read(data(columns)) == [[0, 1, 2], [3, 4, 5]])
    // np.array([1.5, -65504, 6e-8, np.inf], "<f2")
    let halves = """
      k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAg\
      ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPv/7AQAAfA==
      """
    #expect(try read(data(halves)) == Tensor([1.5, -65504, 0x1p-24, .infinity]))
    // np.array([[True], [False]])
    let truths = """
      k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDEpLCB9ICAg\
      ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAA==
      """
    #expect(try read(data(truths)) == [[1], [0]])
    // np.int64([-1, 2**40])
    let wholes = """
      k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAg\
      ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr//////////wAAAAAAAQAA
      """
    #expect(try read(data(wholes)) == [-1, 0x1p40])
  }

  @Test(arguments: [
    // base64 of np.array([0, 1, -2, 100]).astype(descr).tobytes()
    ("<f2", "AAAAPADAQFY="), (">f2", "AAA8AMAAVkA="), ("<f4", "AAAAAAAAgD8AAADAAADIQg=="),
    (">f4", "AAAAAD+AAADAAAAAQsgAAA=="),
    ("<f8", "AAAAAAAAAAAAAAAAAADwPwAAAAAAAADAAAAAAAAAWUA="),
    (">f8", "AAAAAAAAAAA/8AAAAAAAAMAAAAAAAAAAQFkAAAAAAAA="), ("|i1", "AAH+ZA=="),
    ("<i2", "AAABAP7/ZAA="), (">i2", "AAAAAf/+AGQ="), ("=i4", "AAAAAAEAAAD+////ZAAAAA=="),
    (">i4", "AAAAAAAAAAH////+AAAAZA=="), ("i8", "AAAAAAAAAAABAAAAAAAAAP7/////////ZAAAAAAAAAA="),
    (">i8", "AAAAAAAAAAAAAAAAAAAAAf/////////+AAAAAAAAAGQ="),
  ])
  func allNumberFormatsBecomeFloat(descr: String, base64: String) throws {
    let body = try [UInt8](data(base64))
    #expect(try read(file(header("'\(descr)'", "(4,)"), body)) == [0, 1, -2, 100])
  }

  @Test func unsignedIntegersAreNotNegative() throws {
    for (descr, size) in [("|u1", 1), ("<u2", 2), ("<u4", 4), ("<u8", 8)] {
      let body = [UInt8](repeating: 0xFF, count: size)
      let expected = Float(sign: .plus, exponent: 8 * size, significand: 1) - 1
      #expect(try read(file(header("'\(descr)'", "(1,)"), body)) == Tensor([expected]))
    }
  }

  @Test(arguments: [
    "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (1, 1)}",
    "{'shape': (1L, 1L), 'fortran_order': False, 'descr': '<f4'}",
    "{'shape':(1,1,),'descr':'<f4','fortran_order':True,}   \n",
    "  { 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 1 , 1 ) , }  ",
  ])
  func headersOfOtherWritersAreRead(header: String) throws {
    for version: [UInt8] in [[1, 0], [2, 0], [3, 0]] {
      #expect(try read(file(header, one, version: version)) == [[1]])
    }
  }

  @Test func columnMajorTensorsOfHigherRankAreRead() throws {
    // np.asfortranarray(np.arange(24).reshape(2, 3, 4)).astype("|u1").tobytes(order="F")
    let body: [UInt8] = [
      0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23,
    ]
    let tensor = try read(file(header("'|u1'", "(2, 3, 4)", order: "True"), body))
    #expect(tensor == Tensor(arange: 0, to: 24).reshaped(to: [2, 3, 4]))
  }

  @Test func filesSurviveWritingAndReading() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "x.npy")
      let x = Tensor(normal: [3, 5, 2], key: RandomKey(seed: 4))
      try x.writeNpy(to: url)
      #expect(try Tensor(npy: url) == x)
      #expect(try Data(contentsOf: url) == x.npyData)
      expectCourseError(.invalidArgument, "64", "65") {
        try Tensor(zeros: [Int](repeating: 1, count: 65)).writeNpy(to: url)
      }
      expectCourseError(.file, "no such file") {
        try Tensor(npy: folder.appending(path: "none.npy"))
      }
    }
  }

  // MARK: What is refused

  @Test(arguments: [
    ("'|O'", "run code"), ("'<U5'", "texts"), ("'|S3'", "texts"), ("'<c8'", "complex"),
    ("[('a', '<f4'), ('b', '<i4')]", "structured"), ("'<M8[ns]'", "not supported"),
    ("'<f16'", "not supported"), ("''", "not supported"), ("5", "cannot be read"),
  ])
  func whatIsNotAnArrayOfNumbersIsRefused(descr: String, word: String) {
    expectCourseError(.format, "x.npy", word) { try read(file(header(descr, "(1,)"), one)) }
  }

  @Test(arguments: [
    "", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': '(1,)'}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': True}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "{'descr", "{'descr': '<f4'",
  ])
  func damagedHeadersAreRefused(header: String) {
    expectCourseError(.format, "x.npy") { try read(file(header, one)) }
  }

  @Test func dataThatDoesNotFitIsRefused() throws {
    for (shape, size) in [("(2,)", 4), ("(2,)", 12), ("()", 0), ("(0,)", 1), ("(1, 3)", 11)] {
      expectCourseError(.format, "does not fit", "got \(size) byte\(size == 1 ? "" : "s") ") {
        try read(file(header("'<f4'", shape), [UInt8](repeating: 0, count: size)))
      }
    }
    for shape in [
      "(4611686018427387904, 4)", "(0, 4611686018427387904, 4)", "(0, 1125899906842624)",
    ] {
      expectCourseError(.format, "does not fit") { try read(file(header("'<f4'", shape))) }
    }
    expectCourseError(.format, "too long", "10001") {
      try read(file(String(repeating: " ", count: 10_001)))
    }
    expectCourseError(.format, "version", "4.0") { try read(file("{}", version: [4, 0])) }
    expectCourseError(.format, "bytes of the header", "truncated") {
      try read(file("{}", length: 50))
    }
    expectCourseError(.format, "not a NumPy array", "ZIP") { try read(Data([0x50, 0x4B, 3, 4])) }
    let huge = withUnsafeBytes(of: (1e300).bitPattern.littleEndian) { Array($0) }
    expectCourseError(.format, "too large", "element 0") {
      try read(file(header("'<f8'", "(1,)"), huge))
    }
  }

  @Test func noTruncationAndNoFlippedBitTraps() throws {
    let data = Tensor([[1, 2, 3]]).npyData
    for length in 0..<data.count {
      #expect(throws: CourseError.self, "\(length) bytes") { try read(data.prefix(length)) }
    }
    for bit in 0..<(data.count * 8) {
      var damaged = data
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do { _ = try read(damaged) } catch { #expect(error is CourseError) }
    }
  }
}

/// Arrays, and the bytes that NumPy wrote for them.
private let numpyFiles: [(Tensor, String)] = [
  // base64.b64encode(bytes written by numpy.save(file, np.float32([[1, 2.5, -3], [4, 5, 6]])))
  (
    [[1, 2.5, -3], [4, 5, 6]] as Tensor,
    """
    k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAg\
    ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAgQAAAQMAAAIBA\
    AACgQAAAwEA=
    """
  ),
  // np.array(7, "f4")
  (
    Tensor(7),
    """
    k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAg\
    ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAOBA
    """
  ),
  // np.float32([1, 2, 3, 4, 5])
  (
    [1, 2, 3, 4, 5],
    """
    k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDUsKSwgfSAgICAg\
    ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQAAAQEAAAIBA\
    AACgQA==
    """
  ),
  // np.zeros((0, 3), "f4")
  (
    Tensor(zeros: [0, 3]),
    """
    k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDAsIDMpLCB9ICAg\
    ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo=
    """
  ),
]
