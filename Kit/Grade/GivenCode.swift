import Foundation

/// The names by which the file of a task could get its answer from other code: from a kernel, from a part that is given,
/// or from another task.
///
/// They are read from the sources of the instructor. A name that the instructor's own file uses is open to all.
struct GivenCode {
  /// The functions of the kernels, and those that choose between a kernel and what a student writes.
  private(set) var functions: Set<String> = ["fit", "kernel", "runsKernel", "withKernelParts"]
  /// The given layers, losses, optimizers and so on.
  private(set) var types: Set<String> = Self.sharedTypes
  /// The types that tasks write, with the file of each.
  private var works: [String: String] = [:]

  /// What `Shared` has for users of networks, and computes the whole of a task.
  static let sharedTypes: Set<String> = [
    "Accuracy", "Activation", "BinaryAccuracy", "Branches", "ClassificationReport",
    "ConfusionMatrix", "FeatureScaler", "MeanIoU", "NeuralNetwork", "PixelAccuracy", "Residual",
    "Sequential", "Skip", "StandardInitializer", "TopKAccuracy",
  ]

  /// - Parameter tasks: those of one module
  init(package: URL, tasks: [CourseTask]) {
    let folder = String(tasks[0].scope.folder.prefix { $0 != "/" })
    let own = Set(tasks.flatMap(\.files))
    func sources(_ folder: String) -> [(path: String, text: String)] {
      SourceModule.swiftFiles(in: package.appending(path: folder)).map { file in
        let path = String(file.path.dropFirst(package.path.count).drop { $0 == "/" })
        return (path, (try? String(contentsOf: file, encoding: .utf8)) ?? "")
      }
    }
    for (_, text) in sources("Shared/Fused") {
      functions.formUnion(text.matches(of: /package (?:mutating )?func (\w+)/).map { "\($0.1)" })
    }
    // Those of a pass: there is none without a kernel.
    functions.subtract(["gradient", "backward"])
    for (path, text) in sources(folder) {
      if own.contains(path) {
        for match in text.matches(
          of: /(?m)^(?:public |final )*(?:struct|class|enum|extension) (\w+)/)
        where !["Tensor", "WindowAxis"].contains(match.1) { works["\(match.1)"] = path }
        continue
      }
      let parts =
        /(?m)^(?:public |final )*(?:struct|class) (\w+)[^{\n]*: [^{\n]*(?:Layer|Loss|Optimizer|Penalty|Drawing|Source)\b/
      types.formUnion(text.matches(of: parts).map { "\($0.1)" })
      if path.hasSuffix("+Fast.swift") {
        functions.formUnion(text.matches(of: /(?m)^  (?:mutating )?func (\w+)/).map { "\($0.1)" })
      } else if path.contains("Transforms/Tensor+") {
        functions.formUnion(text.matches(of: /func (\w+)[^{]*-> Tensor/).map { "\($0.1)" })
      }
    }
    types.subtract(works.keys)
  }

  /// The types of tasks among some names, with their files.
  func works(namedIn names: Set<String>) -> [(type: String, path: String)] {
    works.filter { names.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
