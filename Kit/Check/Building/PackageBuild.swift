import Foundation
import Shared

/// Builds the tests of a phase with SwiftPM, in a package of symbolic links that holds nothing else: the way where the
/// quick one is not open. The first build takes as long as that of Shared, a minute or two.
struct PackageBuild {
  let package: URL
  let report: (String) -> Void
  var folder: URL { package.appending(path: ".course/check/package") }

  /// Builds the tests of a scope.
  /// - Returns: the command that runs them, to which arguments are added
  func tests(of scope: CourseTask.Scope) throws -> [String] {
    let links = PackageCopy(package: package, folder: folder)
    try links.link("Shared", "Tests", phaseFolder(scope))
    try links.write(Data(manifest(for: scope).utf8), to: "Package.swift")
    let result = try ChildProcess.run(
      ["swift", "build", "--build-tests", "--package-path", folder.path], in: folder,
      limits: .init(seconds: 3600), tick: { report("") })
    guard result.ending == .exited(0) else {
      let errors = Diagnostic.errors(in: result.output + result.errors, package: package)
      guard errors.isEmpty else { throw CompileErrors(errors: errors) }
      throw CourseError(
        .file, "the tests cannot be built:\n\((result.output + result.errors).suffix(4000))",
        location: folder.path, remedy: "Run 'swift build --build-tests' in that folder.")
    }
    #if os(Linux)
      return [folder.appending(path: ".build/debug/CourseCheckPackageTests.xctest").path]
    #else
      return ["swift", "test", "--skip-build", "--package-path", folder.path]
    #endif
  }

  private func phaseFolder(_ scope: CourseTask.Scope) -> String {
    String(scope.folder.prefix { $0 != "/" })
  }

  private func manifest(for scope: CourseTask.Scope) -> String {
    let (sources, tests) = scope.targets
    let isGenerator = scope == .generator
    let codecs = """
          .target(
            name: "CCourseCodecs", path: "Generator/CodecShims",
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

      """
    return """
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "CourseCheck",
        platforms: [.macOS(.v15)],
        targets: [
          .target(
            name: "CCourseKernelSets", path: "Shared/Kernels/Sets", publicHeadersPath: ".",
            cSettings: [.headerSearchPath("..")]),
          .target(
            name: "CCourseKernels", dependencies: ["CCourseKernelSets"], path: "Shared/Kernels",
            exclude: ["Sets"], cSettings: [.headerSearchPath(".")]),
          .target(
            name: "CCourseData", path: "Shared/BundledData",
            exclude: ["digits.csv", "iris.csv"]),
          .target(
            name: "Shared", dependencies: ["CCourseKernels", "CCourseData"], path: "Shared",
            exclude: ["Kernels", "BundledData"]),
      \(isGenerator ? codecs : "")    .target(
            name: "\(sources)",
            dependencies: ["Shared"\(isGenerator ? ", \"CCourseKernels\", \"CCourseCodecs\"" : "")],
            path: "\(phaseFolder(scope))"\(isGenerator ? ", exclude: [\"CodecShims\", \"SampleData\"]" : "")),
          .target(name: "CourseTestSupport", dependencies: ["Shared"], path: "Tests/TestSupport"),
          .testTarget(
            name: "\(tests)", dependencies: ["Shared", "\(sources)", "CourseTestSupport"],
            path: "Tests/\(tests)"),
        ]
      )

      """
  }
}
