import CourseTestSupport
import Foundation
import Synchronization
import Testing

@testable import CourseKit

@Suite(.watched) struct HandoutTests {
  private typealias Scope = CourseTask.Scope
  /// Each part alone, some together, and all.
  private static let selections: [Set<CourseTask.Scope>] =
    Scope.allCases.map { [$0] } + [[.firstPrinciples, .phase1], Set(Scope.allCases)]

  private static let handouts = Mutex<[HandoutPlan: Handout]>([:])

  /// A handout of this package; each is made once.
  private static func handout(
    _ tasks: Set<CourseTask.Scope>, given: Set<CourseTask.Scope> = [], hasTool: Bool = true,
    isForInstructors: Bool = false
  ) throws -> Handout {
    let plan = try HandoutPlan(
      tasks: tasks, given: given, hasTool: hasTool, isForInstructors: isForInstructors)
    return try handouts.withLock { handouts in
      if let known = handouts[plan] { return known }
      let new = try Handout(plan, of: packageFolder)
      handouts[plan] = new
      return new
    }
  }

  private static func text(_ path: String, of handout: Handout) throws -> String {
    String(decoding: try #require(handout.files[path], "\(path)"), as: UTF8.self)
  }

  // MARK: Solutions

  @Test(arguments: selections)
  func noLineOfASolutionReachesAHandout(tasks: Set<CourseTask.Scope>) throws {
    let handout = try Self.handout(tasks)
    let texts = handout.files.filter { !$0.key.hasSuffix(".npy") && !$0.key.hasSuffix(".png") }
    let squeezedTexts = texts.mapValues(squeezed)
    var (regions, secrets) = (0, 0)
    for task in handout.tasks {
      for file in task.files {
        let original = try String(contentsOf: packageFolder.appending(path: file), encoding: .utf8)
        let source = try MarkedSource(original, file: file)
        let inside = Set(source.regions.flatMap { Array($0.body) })
        let given = Set(
          source.lines.indices.filter { !inside.contains($0) }.map { trimmed(source.lines[$0]) })
        for region in source.regions where region.task == task.number {
          regions += 1
          // What is there is found, so that what is not found is not there.
          let stub = Data("notWritten(\"\(task.number)\"".utf8)
          #expect(texts[file].map { holds($0, stub) } == true, "\(file)")
          let lines = region.code.map(trimmed).filter { $0.count > 12 && !given.contains($0) }
          secrets += lines.count
          for line in lines {
            let text = try #require(texts[file])
            #expect(!holds(text, Data(" \(line)\n".utf8)), "\(file): \(line)")
            for (path, text) in texts where path.hasSuffix(".md") && line.count >= 50 {
              #expect(!holds(text, Data("\n\(line)\n".utf8)), "\(path): \(line)")
            }
          }
          // The whole of it stands nowhere, not even spaced differently.
          let code = squeezed(Data(region.code.joined().utf8))
          if code.count > 60 {
            for (path, text) in squeezedTexts {
              #expect(!holds(text, code), "\(path) holds a solution of \(task.number)")
            }
          }
        }
      }
    }
    #expect(regions >= handout.tasks.count && secrets >= regions)
  }

  private func trimmed(_ line: String) -> String { line.trimmingCharacters(in: .whitespaces) }

  private func squeezed(_ text: Data) -> Data { text.filter { $0 > UInt8(ascii: " ") } }

  /// Byte by byte: `String.contains` takes characters apart, and minutes for a handout.
  private func holds(_ text: Data, _ part: Data) -> Bool { text.range(of: part) != nil }

  @Test(arguments: selections)
  func everyRegionOfAHandoutIsAStub(tasks: Set<CourseTask.Scope>) throws {
    let handout = try Self.handout(tasks)
    var count = 0
    for (path, data) in handout.files where path.hasSuffix(".swift") {
      guard Scope.allCases.contains(where: { path.hasPrefix("\($0.folder)/") }) else { continue }
      let source = try MarkedSource(String(decoding: data, as: UTF8.self), file: path)
      #expect(source.regions.allSatisfy { $0.isUnwritten && $0.code.count == 1 }, "\(path)")
      count += source.regions.count
    }
    #expect(count > 80)
  }

  /// The licence of the definitions must be in all copies.
  @Test func aLicenceTravelsWithItsData() throws {
    let folder = "ExplorationNetworks/Definitions"
    for hasTool in [true, false] {
      let files = try Self.handout([.phase1], hasTool: hasTool).files
      #expect((files["\(folder)/definitions.csv"] != nil) == hasTool)
      #expect((files["\(folder)/LICENSE.txt"] != nil) == hasTool)
    }
  }

  @Test func partsThatAreGivenAreComplete() throws {
    let handout = try Self.handout([.phase3], given: [.phase1])
    let dense = "Phase1-FeedForward/Dense.swift"
    #expect(
      try Self.text(dense, of: handout)
        == Self.text(dense, of: Self.handout([.phase2], given: [.phase1])))
    #expect(try !Self.text(dense, of: handout).contains("notWritten("))
    #expect(try Self.text("Phase2-CNN/Adam.swift", of: handout).contains("notWritten("))
    #expect(handout.files["Protocols/Phase1-FeedForward.md"] == nil)
    #expect(handout.files["Tests/Phase1FeedForwardTests/DenseTests.swift"] == nil)
    expectCourseError(.invalidArgument, "phase1") {
      try HandoutPlan(tasks: [.phase1], given: [.phase1])
    }
  }

  @Test func aSolutionInAnotherPlaceIsFound() throws {
    let text = """
      func f() {
        // TODO(1.2): the sum.
        // BEGIN SOLUTION
        let total = first + second
        let average = total / 2.0
        return average * someFactor + theOffsetThatBelongsToIt
        // END SOLUTION
      }
      """
    let source = try MarkedSource(text, file: "A.swift")
    var leaks = HandoutLeaks()
    leaks.keep(source.regions, of: source)
    func check(_ path: String, _ text: String) throws { try leaks.check([path: Data(text.utf8)]) }
    try check("A.swift", source.stubbed())
    try check("B.swift", "let total = first + second\n  let average = total / 2.0\n")
    for (path, text) in [
      ("A.swift", text), (".stubs/A.swift", "// let x\nlet average = total / 2.0\n"),
      (
        "B.swift",
        """
        let total = first + second

            let average = total / 2.0
        return average * someFactor + theOffsetThatBelongsToIt
        """
      ), ("B.md", "Write:\n\n    return average * someFactor + theOffsetThatBelongsToIt\n"),
    ] {
      expectCourseError(.invalidData, "1.2", path) { try check(path, text) }
    }
  }

  // MARK: Files

  @Test func holdsWhatItsTasksNeedAndNoMore() throws {
    let handout = try Self.handout([.firstPrinciples, .phase1], hasTool: false)
    for path in [
      "course", "LICENSE", ".gitignore", "Package.swift", "README.md",
      ".github/workflows/check.yml", ".devcontainer/devcontainer.json",
      "Shared/Tensor/Tensor.swift",
      "Shared/Kernels/Internal.h", "Phase1-FeedForward/Dense.swift", "Kit/Program/main.swift",
      "Tests/Phase1FeedForwardTests/DenseTests.swift", "Tests/TestSupport/ExpectClose.swift",
      "Tests/Phase1FeedForwardTests/FirstPrinciples/NeuronTests.swift",
      "Protocols/Phase1-FeedForward.md", "Protocols/First-Principles.md",
    ] {
      #expect(handout.files[path] != nil, "\(path)")
    }
    let absent = [
      "Phase2", "Phase3", "Generator", "Explorations", "Networks", "ExplorationNetworks",
      "Pictures", "Training", "CourseTool", "Tests/Shared", "Tests/Kit",
    ]
    for path in handout.files.keys {
      #expect(!absent.contains { path.hasPrefix($0) }, "\(path)")
    }
    #expect(handout.files["Protocols/Phase2-CNN.md"] == nil)
  }

  @Test(arguments: [
    (Set([Scope.phase1]), false, ["Phase1FeedForward", "Phase1FeedForwardTests"]),
    (Set([.firstPrinciples]), false, ["Phase1FeedForward", "Phase1FeedForwardTests"]),
    (
      Set([.phase2, .generator]), false,
      ["Phase2CNN", "CCourseCodecs", "Generator", "Phase2CNNTests", "GeneratorTests"]
    ),
    (
      Set([.phase3]), true,
      [
        "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "CCourseCodecs", "Generator",
        "Explorations", "CCourseTexts", "Networks", "CCourseDefinitions", "ExplorationNetworks",
        "CCoursePictures",
        "Pictures",
        "CourseTraining", "CourseDemoTool", "CourseTool", "Phase3RNNRegularizationTests",
      ]
    ),
  ])
  func theManifestHasTheTargetsThatAreHeld(
    tasks: Set<CourseTask.Scope>, hasTool: Bool, targets: [String]
  ) throws {
    let handout = try Self.handout(tasks, hasTool: hasTool)
    let manifest = try Self.text("Package.swift", of: handout)
    let named = manifest.matches(of: /\.\w*[tT]arget\(\s*name: "(\w+)"/).map { String($0.1) }
    let always = [
      "CCourseKernels", "CCourseKernelSets", "CCourseData", "Shared", "CourseCommandLine",
      "CourseKit", "CourseKitTool", "CourseTestSupport",
    ]
    #expect(Set(named) == Set(targets + always) && named.count == targets.count + always.count)
    for folder in manifest.matches(of: /path: "([^"]+)"/).map({ String($0.1) }) {
      #expect(handout.files.keys.contains { $0.hasPrefix("\(folder)/") }, "\(folder)")
    }
    let products = manifest.matches(
      of: /\.(?:library|executable)\(\s*name: "([\w-]+)",\s*targets: \[([^\]]*)\]/)
    #expect(products.map { String($0.1) }.contains("Shared"))
    for product in products {
      for target in product.2.matches(of: /"(\w+)"/) {
        #expect(named.contains(String(target.1)), "\(product.1)")
      }
    }
    #expect(products.contains { $0.1 == "Networks" } == named.contains("Networks"))
  }

  /// The tests of First Principles and of Phase 1 share a target; a handout may hold either without the other.
  @Test func testsOfOneTargetThatAreHandedOutApartDoNotUseEachOther() throws {
    for (one, other) in [(Scope.phase1, Scope.firstPrinciples), (.firstPrinciples, .phase1)] {
      let (ours, theirs) = (try Self.handout([one]), try Self.handout([other]))
      let names = Set(
        theirs.files.filter { $0.key.hasPrefix("\(other.tests)/") && ours.files[$0.key] == nil }
          .flatMap { file in
            String(decoding: file.value, as: UTF8.self)
              .matches(of: /(?m)^(?:@Suite\S* )?(?:func|struct|enum|class|extension) (\w+)/)
              .map { String($0.1) }
          })
      #expect(!names.isEmpty)
      for (path, data) in ours.files where path.hasPrefix("\(one.tests)/") {
        let words = Set(
          String(decoding: data, as: UTF8.self).split { !$0.isLetter && !$0.isNumber }.map(
            String.init))
        let used = words.intersection(names)
        #expect(used.isEmpty, "\(path) uses \(used)")
      }
    }
  }

  @Test func aManifestOfAnotherFormIsAnError() {
    expectCourseError(.format, "Package.swift") {
      try HandoutManifest.text(from: "let a = 1\n") { _ in true }
    }
    let text = """
        targets: [
          .target(name: "A", path: "A"),
          .target(name: "B", dependencies: ["A"], path: "B"),
        ]
      """
    expectCourseError(.format, "B on A") { try HandoutManifest.text(from: text) { $0 != "A" } }
  }

  @Test(arguments: selections)
  func everyLinkLeadsToAFile(tasks: Set<CourseTask.Scope>) throws {
    let handout = try Self.handout(tasks)
    var count = 0
    for path in handout.files.keys where path.hasSuffix(".md") {
      let folder = path.split(separator: "/").dropLast()
      for match in try Self.text(path, of: handout).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
        var place = folder
        for part in match.1.split(separator: "/") {
          if part == ".." { _ = place.popLast() } else { place.append(part) }
        }
        let target = place.joined(separator: "/")
        let isThere = handout.files.keys.contains { $0 == target || $0.hasPrefix("\(target)/") }
        #expect(isThere, "\(path): \(match.0)")
        #expect(!target.hasSuffix("Instructors.md"), "\(path)")
        count += 1
      }
    }
    #expect(count > 5)
  }

  @Test(arguments: selections)
  func theREADMELeadsIntoTheFirstTaskWithin60Words(tasks: Set<CourseTask.Scope>) throws {
    let handout = try Self.handout(tasks)
    let first = try #require(handout.tasks.first)
    let words = try Self.text("README.md", of: handout).split { $0.isWhitespace }.prefix(60)
      .joined(separator: " ")
    for needed in [first.link, first.files[0], "./course check \(first.number)"] {
      #expect(words.contains(needed), "\(needed)")
    }
  }

  @Test func sameHandoutTwiceAndNoPathOfThisMachine() throws {
    let first = try Self.handout([.phase2])
    let second = try Handout(HandoutPlan(tasks: [.phase2]), of: packageFolder)
    #expect(first.files == second.files)
    let user = FileManager.default.homeDirectoryForCurrentUser.path
    for path in first.files.keys.sorted() where !path.hasSuffix(".npy") && !path.hasSuffix(".png") {
      let text = try Self.text(path, of: first)
      #expect(!text.contains(packageFolder.path), "\(path)")
      #expect(user == "/" || !text.contains("\(user)/"), "\(path)")
    }
  }

  @Test func instructorsGetSolutionsAndHiddenTests() throws {
    let (students, instructors) = (
      try Self.handout([.phase1]), try Self.handout([.phase1], isForInstructors: true)
    )
    let dense = "Phase1-FeedForward/Dense.swift"
    let original = try Data(contentsOf: packageFolder.appending(path: dense))
    #expect(instructors.files["Solutions/\(dense)"] == original)
    #expect(instructors.files[dense] == students.files[dense])
    let hidden = "Tests/Phase1FeedForwardTests/Hidden/DenseTests+Hidden.swift"
    #expect(instructors.files[hidden] != nil)
    #expect(try Self.text("Tests/hidden-tests.txt", of: students).contains("\n1.2\n"))
    #expect(!students.files.keys.contains { $0.hasPrefix("Solutions") || $0.contains("/Hidden/") })
  }

  // MARK: Writing

  @Test func writesTheFilesIntoANewFolder() throws {
    try withTemporaryFolder { folder in
      let handout = try Self.handout([.phase1], hasTool: false)
      let place = folder.appending(path: "handout")
      try handout.write(to: place)
      let written = try FileManager.default.subpathsOfDirectory(atPath: place.path).filter {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(
          atPath: place.appending(path: $0).path, isDirectory: &isFolder)
        return !isFolder.boolValue
      }
      #expect(Set(written) == Set(handout.files.keys))
      #expect(FileManager.default.isExecutableFile(atPath: place.appending(path: "course").path))
      // Nothing else is left beside it, and a second one is refused.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["handout"])
      expectCourseError(.file, "not empty") { try handout.write(to: place) }
      let empty = folder.appending(path: "empty")
      try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: false)
      try handout.write(to: empty)
      #expect(FileManager.default.fileExists(atPath: empty.appending(path: "course").path))
    }
  }

  @Test func aFailureLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let handout = try Self.handout([.phase1], hasTool: false)
      expectCourseError(.file, "Create it first") {
        try handout.write(to: folder.appending(path: "none/handout"))
      }
      try Data("mine".utf8).write(to: folder.appending(path: "file"))
      expectCourseError(.file, "not empty") {
        try handout.write(to: folder.appending(path: "file"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }
  }

  @Test func aPackageWithStubsMakesNoHandout() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "handout")
      try Self.handout([.phase1], hasTool: false).write(to: place)
      expectCourseError(.invalidData, "stubs itself", "with the solutions") {
        try Handout(HandoutPlan(tasks: [.phase1], hasTool: false), of: place)
      }
    }
  }

  @Test func theTextsOfAHandoutMakeACatalogue() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "handout")
      let handout = try Self.handout([.firstPrinciples, .phase1], hasTool: false)
      try handout.write(to: place)
      #expect(try Catalogue(package: place).tasks == handout.tasks)
    }
  }
}
