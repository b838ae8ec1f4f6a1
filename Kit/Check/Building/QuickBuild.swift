import CourseCommandLine
import Foundation
import Shared

/// Builds the tests of a task with the compiler alone, in a second or two: planning a whole package, and building and
/// linking what depends on the phase, is what makes `swift test --filter` slow.
///
/// `Shared` and the kernels are those that SwiftPM built with the checker. In `.course/check` lie the modules of the
/// phases, the support of the tests, and for each phase a program with tests:
///
///     Modules/                 the interfaces; one that stays as it was keeps its age
///     Phase1FeedForward/       objects
///     CourseTestSupport/
///     Phase1FeedForwardTests/  the tests of the tasks that were checked, and the program
///
/// The compiler finds out itself which files of a module have to be compiled again. After an edit within a body that is
/// one file; the module's interface does not change, and nothing else is compiled.
package struct QuickBuild {
  /// The package.
  let package: URL
  /// The folder in which SwiftPM built the checker.
  let base: URL
  /// The folder of all that is built here.
  let folder: URL
  let report: (String) -> Void
  /// Flags of the compiler for code that is not trusted.
  var flags: [String] = []
  /// How much one call of the compiler may take.
  var limits = ChildProcess.Limits(seconds: 900)

  /// - Parameters:
  ///   - base: the folder of the program `course-kit`, by default that of this process
  ///   - report: is told what is being built, and with an empty text that it goes on
  package init(package: URL, base: URL? = nil, report: @escaping (String) -> Void = { _ in }) {
    self.package = package
    self.base = base ?? URL(filePath: Bundle.main.executablePath ?? "").deletingLastPathComponent()
    folder = package.appending(path: ".course/check")
    self.report = report
  }

  /// The quick way is not open: the reason.
  struct Unavailable: Error {
    let reason: String
  }

  /// Removes all that was built here.
  func removeAll() {
    for file in SourceModule.entries(of: folder) where file.lastPathComponent != "lock" {
      try? FileManager.default.removeItem(at: file)
    }
  }

  // MARK: The tests of a task

  /// Builds the program with a task's tests.
  /// - Throws: `CompileErrors` for the code of the student, `Unavailable` where this way is not open
  func tests(of task: CourseTask) throws -> URL {
    try tests(of: [task], title: "the tests of \(task.number) \(task.title)")
  }

  /// Builds one program with the tests of several tasks of a module.
  func tests(of tasks: [CourseTask], title: String) throws -> URL {
    let scope = tasks[0].scope
    let (modules, objects) = try phase(scope)
    let support = try supportForTests()
    let tests = package.appending(path: "Tests/\(scope.targets.tests)")
    let place = scope.targets.tests
    let chosen = try testFiles(of: tasks, in: tests)
    func build(_ files: Set<URL>) throws -> [URL] {
      let module = SourceModule(
        name: scope.targets.tests, sources: files.sorted { $0.path < $1.path },
        imports: modules + [support.name],
        flags: ["-Xfrontend", "-enable-cross-import-overlays"], isImported: false)
      return try compile(module, in: place, title)
    }
    // What was compiled for other tasks stays: tasks share their helpers. Where it no longer compiles, it is left out;
    // and since the files were chosen by names alone, one may be missing.
    let kept = Set(
      compiled(in: place).filter { $0.path.hasPrefix(tests.path) && changeTime(of: $0) != nil })
    var bundle: [URL]
    do {
      bundle = try build(chosen.union(kept))
    } catch let error as CompileErrors {
      func isElsewhere(_ error: Diagnostic) -> Bool {
        error.file.hasPrefix("Tests/")
          && !chosen.contains { $0.path == package.appending(path: error.file).path }
      }
      if !kept.isSubset(of: chosen), error.errors.allSatisfy(isElsewhere) {
        bundle = try build(chosen)
      } else {
        let all = Set(SourceModule.swiftFiles(in: tests))
        guard all != chosen, error.errors.allSatisfy({ $0.file.hasPrefix("Tests/") }) else {
          throw error
        }
        bundle = try build(all)
      }
    }
    bundle += try compile(
      SourceModule(name: "CourseTestRunner", sources: [try runner()], isImported: false),
      in: "CourseTestRunner", "the start of the tests")
    return try link(
      bundle + objects + support.objects + baseObjects(),
      into: folder.appending(path: "\(place)/tests"),
      libraries: scope == .generator ? codecLibraries : [])
  }

  /// The files to compile for some tasks. Reading all tests takes longer than compiling, so the choice is remembered.
  private func testFiles(of tasks: [CourseTask], in tests: URL) throws -> Set<URL> {
    let names = tasks.map { "\($0.number)" }.joined(separator: "-")
    let memory = folder.appending(path: "files-\(names)")
    let filters = tasks.flatMap(\.filters)
    let inputs = SourceModule.files(in: tests) + [tests]
    if let time = changeTime(of: memory),
      inputs.allSatisfy({ (changeTime(of: $0) ?? .infinity) <= time })
    {
      let known = try String(contentsOf: memory, encoding: .utf8).split(separator: "\n").map(
        String.init)
      if known.first == filters.joined(separator: " ") {
        return Set(known.dropFirst().map { URL(filePath: $0) })
      }
    }
    let began = Date()
    let chosen = try TestFiles(folder: tests).chosen(for: filters)
    guard !chosen.isEmpty else {
      throw CourseError(
        .file, "the tests of \(names) are missing",
        expected: filters.joined(separator: ", "),
        location: tests.path)
    }
    try FileManager.default.createDirectory(
      at: memory.deletingLastPathComponent(), withIntermediateDirectories: true)
    let text = ([filters.joined(separator: " ")] + chosen.map(\.path)).joined(separator: "\n")
    try Stamp(file: memory).write(text, began: began)
    return Set(chosen)
  }

  /// The program that runs Swift Testing, as SwiftPM generates it.
  private func runner() throws -> URL {
    let file = folder.appending(path: "CourseTestRunner.swift")
    let text = """
      import Testing

      @main struct CourseTestRunner {
        static func main() async { await Testing.__swiftPMEntryPoint() as Never }
      }

      """
    if (try? String(contentsOf: file, encoding: .utf8)) != text {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try AtomicFile.write(Data(text.utf8), to: file)
    }
    return file
  }

  // MARK: Modules

  /// Builds the phase of a scope: the names of what its tests import, and the objects.
  func phase(_ scope: CourseTask.Scope) throws -> (modules: [String], objects: [URL]) {
    let name = scope.targets.sources
    let sources = SourceModule.swiftFiles(
      in: package.appending(path: String(scope.folder.prefix { $0 != "/" })))
    let shims = scope == .generator ? try codecShims() : []
    let objects = try compile(SourceModule(name: name, sources: sources), in: name, name)
    return ([name], objects + shims)
  }

  private func supportForTests() throws -> (name: String, objects: [URL]) {
    let name = "CourseTestSupport"
    let sources = SourceModule.swiftFiles(in: package.appending(path: "Tests/TestSupport"))
    return (name, try compile(SourceModule(name: name, sources: sources), in: name, name))
  }

  /// Compiles a module unless it is up to date.
  /// - Returns: its objects
  func compile(_ module: SourceModule, in place: String, _ title: String) throws -> [URL] {
    let folder = folder.appending(path: place)
    let interfaces = self.folder.appending(path: "Modules")
    let objects = outputs(of: module, in: folder).map(\.object)
    let needsCodecs = (module.imports + [module.name]).contains("Generator")
    let flags = commonFlags + (needsCodecs ? codecFlags : []) + module.flags + self.flags
    let content = ([module.name] + flags + module.sources.map(\.path)).joined(separator: "\n")
    let stamp = Stamp(file: folder.appending(path: "stamp"))
    let imports =
      [base.appending(path: "Modules/Shared.swiftmodule")]
      + module.imports.map { interfaces.appending(path: "\($0).swiftmodule") }
    if stamp.isCurrent(content, inputs: module.sources + imports) { return objects }

    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(at: interfaces, withIntermediateDirectories: true)
    let missing = objects.count { changeTime(of: $0) == nil }
    let files = missing == 1 ? "1 file" : "\(missing) files"
    report(missing > 0 ? "Building \(title) (\(files))" : "Compiling \(title)")
    let began = Date()
    let map = folder.appending(path: "files.json")
    try writeFileMap(of: module, in: folder, to: map)
    // The compiler overlooks a change within a second of its last build, unless the object is missing.
    let last = (changeTime(of: stamp.file) ?? 0) - 0.1
    func isNew(_ file: URL) -> Bool { (changeTime(of: file) ?? last) > last }
    let hasNewImport = imports.contains(where: isNew)
    for (source, object) in outputs(of: module, in: folder) where hasNewImport || isNew(source) {
      try? FileManager.default.removeItem(at: object)
    }
    var command = [
      compiler, "-module-name", module.name, "-c", "-incremental",
      "-enable-batch-mode", "-j\(ProcessInfo.processInfo.activeProcessorCount)", "-output-file-map",
      map.path, "-diagnostic-style", "llvm", "-suppress-warnings",
    ]
    if !module.isProgram { command.append("-parse-as-library") }
    let interface = folder.appending(path: "\(module.name).swiftmodule")
    if module.isImported { command += ["-emit-module", "-emit-module-path", interface.path] }
    command += flags + module.sources.map(\.path)
    try run(command)
    if module.isImported {
      try publish(interface, to: interfaces.appending(path: interface.lastPathComponent))
    }
    try stamp.write(content, began: began)
    return objects
  }

  /// The sources that were compiled together the last time.
  private func compiled(in place: String) -> [URL] {
    let stamp = folder.appending(path: "\(place)/stamp")
    let lines = (try? String(contentsOf: stamp, encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.filter { $0.hasSuffix(".swift") }.map { URL(filePath: String($0)) }
  }

  /// Copies an interface to where others import it from, if it is another: so those that import it stay up to date.
  private func publish(_ new: URL, to place: URL) throws {
    let data = try Data(contentsOf: new)
    if (try? Data(contentsOf: place)) != data { try AtomicFile.write(data, to: place) }
  }

  /// The objects of a module's files, named by the path of the file, since two folders can hold the same name.
  private func outputs(of module: SourceModule, in folder: URL) -> [(source: URL, object: URL)] {
    module.sources.map { source in
      let name =
        source.path.hasPrefix(package.path)
        ? source.path.dropFirst(package.path.count) : source.path[...]
      let flat = String(name.split(separator: "/").joined(separator: "."))
      return (source, folder.appending(path: flat + ".o"))
    }
  }

  private func writeFileMap(of module: SourceModule, in folder: URL, to map: URL) throws {
    var entries = ["": ["swift-dependencies": folder.appending(path: "module.swiftdeps").path]]
    for (source, object) in outputs(of: module, in: folder) {
      let stem = object.deletingPathExtension().path
      entries[source.path] = [
        "object": object.path, "swift-dependencies": stem + ".swiftdeps",
        "dependencies": stem + ".d",
        "swiftmodule": stem + "~partial.swiftmodule",
      ]
    }
    let text = Data(try JSONCoding.text(entries).utf8)
    if (try? Data(contentsOf: map)) != text { try AtomicFile.write(text, to: map) }
  }

  /// Links a program unless it is newer than its objects.
  func link(_ objects: [URL], into program: URL, libraries: [String] = []) throws -> URL {
    let content = (objects.map(\.path) + libraries).joined(separator: "\n")
    let stamp = Stamp(file: program.appendingPathExtension("objects"))
    if stamp.isCurrent(content, inputs: objects), changeTime(of: program) != nil { return program }
    let began = Date()
    let list = program.appendingPathExtension("link")
    try AtomicFile.write(
      Data(objects.map { "\"\($0.path)\"" }.joined(separator: "\n").utf8), to: list)
    try run(
      [compiler, "-emit-executable", "-use-ld=lld", "-o", program.path, "@\(list.path)"]
        + libraries.map { "-l\($0)" })
    try stamp.write(content, began: began)
    return program
  }

  // MARK: The compiler

  private var compiler: String { "swiftc" }

  /// As SwiftPM compiles for debugging: the interfaces have to fit those that it has made.
  private var commonFlags: [String] {
    let maps = [
      base.appending(path: "CCourseData.build/module.modulemap"),
      package.appending(path: "Shared/Kernels/include/module.modulemap"),
    ]
    let headers = ["Shared/Kernels/include", "Shared/BundledData/include"].map {
      package.appending(path: $0)
    }
    let clang: [String] =
      maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0.path)"] }
      + headers.flatMap { ["-Xcc", "-I", "-Xcc", $0.path] }
    return [
      "-swift-version", "6", "-package-name", packageName, "-Onone", "-enable-testing", "-g",
      "-DDEBUG",
      "-DSWIFT_PACKAGE", "-module-cache-path", folder.appending(path: "ModuleCache").path,
    ] + interfaces.flatMap { ["-I", $0.path] } + clang
  }

  /// Where interfaces are found, the first place first. Those that are made here come before those beside the checker, since
  /// SwiftPM leaves interfaces of the same modules there, which are out of date when a file was edited after `swift test`.
  private var interfaces: [URL] {
    [folder.appending(path: "Modules"), base.appending(path: "Modules")]
  }

  /// The name that SwiftPM gives the package: that of its folder, as an identifier.
  private var packageName: String {
    let name = package.standardizedFileURL.lastPathComponent.lowercased()
    let word = name.map { $0.isLetter || $0.isNumber || $0 == "_" ? String($0) : "_" }.joined()
    return word.first?.isNumber == true ? "_\(word.dropFirst())" : word
  }

  /// Runs the compiler.
  /// - Throws: `CompileErrors` if it finds errors in files of the package, `Unavailable` if it fails otherwise
  private func run(_ command: [String]) throws {
    let result = try ChildProcess.run(
      command, in: package, limits: limits, tick: { report("") })
    guard result.ending != .exited(0) else { return }
    let text = result.errors + result.output
    let errors = Diagnostic.errors(in: text, package: package)
    // A module that cannot be imported is no mistake of the file that imports it.
    let isOurs = errors.contains {
      $0.text.contains(
        /^(module compiled with|missing required module|cannot load|malformed|no such module 'Shared')/
      )
    }
    if !errors.isEmpty, !isOurs { throw CompileErrors(errors: errors) }
    if result.ending == .ranTooLong { throw Unavailable(reason: "the compiler takes too long") }
    throw Unavailable(reason: text.split(separator: "\n").suffix(12).joined(separator: "\n"))
  }

  // MARK: What SwiftPM has built

  /// The objects of Shared and of its C modules, from the list of those that make up the checker: in the folders lie
  /// also those of files that no longer exist.
  func baseObjects() throws -> [URL] {
    let list = base.appending(path: "course-kit.product/Objects.LinkFileList")
    guard let text = try? String(contentsOf: list, encoding: .utf8) else {
      throw Unavailable(reason: "SwiftPM left no list of objects: \(list.path)")
    }
    let objects = text.split(separator: "\n").map { line in
      line.trimmingCharacters(in: CharacterSet(charactersIn: "'\""))
    }.filter { path in
      ["Shared", "CCourseKernels", "CCourseKernelSets", "CCourseData"].contains {
        path.contains("/\($0).build/")
      }
    }
    guard !objects.isEmpty else {
      throw Unavailable(reason: "no objects of Shared in \(list.path)")
    }
    return objects.map { URL(filePath: $0) }
  }

  // MARK: C code of the generator

  /// The file that says that the libraries of image files are not installed: then what needs them is left out, as in a
  /// build without the trait.
  private var noCodecs: URL { folder.appending(path: "CCourseCodecs/without-codecs") }
  private var hasCodecs: Bool { changeTime(of: noCodecs) == nil }

  private var codecFlags: [String] {
    let include = package.appending(path: "Generator/CodecShims/include").path
    return [
      "-Xcc", "-fmodule-map-file=\(folder.appending(path: "CCourseCodecs/module.modulemap").path)",
    ]
      + ["-Xcc", "-I", "-Xcc", include] + (hasCodecs ? ["-DImageCodecs"] : [])
  }

  var codecLibraries: [String] { ["dl"] + (hasCodecs ? ["z", "png", "turbojpeg"] : []) }

  private func codecShims() throws -> [URL] {
    let shims = package.appending(path: "Generator/CodecShims")
    let place = folder.appending(path: "CCourseCodecs")
    let files = SourceModule.files(in: shims)
    let sources = files.filter { $0.pathExtension == "c" }
    let objects = sources.map { place.appending(path: $0.lastPathComponent + ".o") }
    let stamp = Stamp(file: place.appending(path: "stamp"))
    let content = sources.map(\.path).joined(separator: "\n")
    if stamp.isCurrent(content, inputs: files) { return objects }
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    report("Building CCourseCodecs (\(sources.count) files)")
    let began = Date()
    let map = "module CCourseCodecs {\n    umbrella \"\(shims.path)/include\"\n    export *\n}\n"
    try AtomicFile.write(Data(map.utf8), to: place.appending(path: "module.modulemap"))
    func compile(_ flags: [String]) throws {
      for (source, object) in zip(sources, objects) {
        try run(
          ["clang", "-O0", "-g", "-fPIC", "-fblocks", "-DSWIFT_PACKAGE=1", "-DDEBUG=1"] + flags
            + ["-I", shims.appending(path: "include").path, "-c", source.path, "-o", object.path])
      }
    }
    do {
      try compile(["-DCOURSE_IMAGE_CODECS"])
      try? FileManager.default.removeItem(at: noCodecs)
    } catch is Unavailable {
      // A header is missing.
      try compile([])
      try AtomicFile.write(Data(), to: noCodecs)
    }
    try stamp.write(content, began: began)
    return objects
  }
}
