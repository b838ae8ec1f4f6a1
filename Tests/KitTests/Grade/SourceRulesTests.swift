import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct SourceRulesTests {
  private let rules = SourceRules()

  @Test(arguments: [
    ("import Foundation", "line 1 imports Foundation"),
    ("import Shared\n@testable import Glibc", "line 2 uses the attribute @testable"),
    ("import Shared\npublic import Glibc", "line 2 imports Glibc"),
    ("import func Darwin.exit", "imports Darwin"),
    ("let a = 1; import Foundation", "imports Foundation"),
    ("import\n  Foundation", "imports Foundation"),
    ("/* import Shared */ import Dispatch", "imports Dispatch"),
    ("/* /* */ */ import Dispatch", "imports Dispatch"),
    ("let a = \" // \"; import Dispatch", "imports Dispatch"),
    ("let a = \"/*\"\nimport Dispatch\nlet b = \"*/\"", "line 2 imports Dispatch"),
    ("let a = \"\"\"\n  \" /*\n  \"\"\"\nimport Dispatch // */", "line 4 imports Dispatch"),
    ("let a = #\"\"\"#; import Dispatch", "does not end"),
    ("@_silgen_name(\"exit\") func leave(_: Int32)", "@_silgen_name"),
    ("@_cdecl(\"f\") func f() {}", "@_cdecl"),
    ("@_extern(c) func exit(_: Int32)", "@_extern"),
    ("@convention(c)", "@convention"), ("@main struct A {}", "@main"),
    ("let a = \"\\({ @_silgen_name(\"exit\") func f() }())\"", "@_silgen_name"),
    ("#sourceLocation(file: \"a\", line: 1)", "#sourceLocation"),
    ("macro f() = #externalMacro(module: \"A\", type: \"B\")", "macro"),
    ("let x = #stringify(1)", "#stringify"),
    ("x.withUnsafeBytes { _ in }", "withUnsafeBytes"),
    ("UnsafeMutablePointer<Int>(bitPattern: 1)!.pointee = 2", "UnsafeMutablePointer"),
    ("unsafeBitCast(a, to: Int.self)", "unsafeBitCast"),
    ("let r = /\"/; let s = \" // \"; import Dispatch", "regular expression"),
    ("let r = #/ /* /#; import Dispatch", "regular expression"),
    ("return /[/]*/", "regular expression"), ("/* open", "does not end"),
    ("let a = \"open\nimport Dispatch", "does not end"),
  ])
  func refuses(source: String, words: String) {
    let reason = rules.refusal(of: source)
    #expect(reason?.contains(words) == true, "\(source): \(reason ?? "accepted")")
  }

  @Test(arguments: [
    "import Shared", "// import Foundation", "/* import Foundation */ let a = 1",
    "/// @_silgen_name and #sourceLocation in words", "let a = \"import Foundation @_cdecl\"",
    "let a = #\"a \" /* b\"#", "let a = b / c / d", "let a = (b) / c + x[1] / y",
    "numbers.reduce(1, /)", "a /= 2", "let macro = 1", "@inline(__always) func f() {}",
    "@discardableResult func f() -> Int { 1 }", "#if DEBUG\n#endif", "x.import(1)",
    "let `import` = 1",
    "let text = \"\"\"\n  \"quoted\" // no comment\n  \"\"\"", "let a = \"\\(b / c) \\\"\"",
  ])
  func accepts(source: String) {
    let reason = rules.refusal(of: source)
    #expect(reason == nil, "\(source): \(reason ?? "")")
  }

  @Test func whereFoundationIsAllowedItsMathematicsAre() {
    let rules = SourceRules(imports: ["Shared", "Foundation"])
    #expect(rules.refusal(of: "import Foundation\nlet a = Foundation.exp(1) + pow(2, 3)") == nil)
    for call in [
      "exit(0)", "Foundation.exit(0)", "fopen(\"a\", \"w\")", "FileManager.default", "Process()",
      "import Glibc", "let f = Foundation", "kill(1, 9)", "write(3, \"a\", 1)",
    ] {
      #expect(rules.refusal(of: "import Foundation\n\(call)") != nil, "\(call)")
    }
  }

  // MARK: Given code

  /// The package, also where its folders are symbolic links.
  private static let root = packageFolder.appending(path: "Tests").resolvingSymlinksInPath()
    .deletingLastPathComponent()
  private static let catalogue = try! Catalogue(package: root)

  /// The rules for a file of a task, and the instructor's own text of it.
  private func rules(_ path: String) throws -> (rules: SourceRules, own: String) {
    let module = try #require(Self.catalogue.tasks.first { $0.files.contains(path) }).scope.targets
      .sources
    let tasks = Self.catalogue.tasks.filter { $0.scope.targets.sources == module }
    let own = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    return (
      SourceRules(given: GivenCode(package: Self.root, tasks: tasks), reference: own), own
    )
  }

  /// Ways to let given code do a task: kernels, the choice between a kernel and the student's body, given layers, and what
  /// `Shared` has for users of networks.
  @Test(arguments: [
    ("Phase1-FeedForward/ReLU.swift", "Activation.relu(input)", "Activation"),
    (
      "Phase1-FeedForward/SoftmaxCrossEntropyLoss.swift", "x.softmaxCrossEntropy(labels: [1])",
      "soft"
    ),
    ("Phase1-FeedForward/TrainingLoop.swift", "network.fit(.init(), options: .init())", "fit"),
    ("Phase1-FeedForward/FeedForwardNetwork.swift", "var n: NeuralNetwork?", "NeuralNetwork"),
    ("Phase1-FeedForward/Initialization.swift", "StandardInitializer.heNormal", "Standard"),
    ("Phase1-FeedForward/FirstPrinciples/ClassificationCost.swift", "Accuracy()", "Accuracy"),
    ("Phase1-FeedForward/FirstPrinciples/Axes.swift", "FeatureScaler.fit", "FeatureScaler"),
    ("Phase2-CNN/Conv2D+Reference.swift", "input.convolved(with: w, geometry)", "convolved"),
    ("Phase2-CNN/Conv2D+Reference.swift", "dZ.convolutionWeightGradient", "convolutionWeight"),
    ("Phase2-CNN/Conv2D+Reference.swift", "copy.implementation = .kernel", "kernel"),
    ("Phase2-CNN/Conv2D+Reference.swift", "copy.implementation = .`kernel`", "kernel"),
    ("Phase2-CNN/Conv2D+Reference.swift", "var runsKernel: Bool { true }", "runsKernel"),
    ("Phase2-CNN/AveragePool2D+Reference.swift", "GlobalAveragePool2D()", "GlobalAverage"),
    ("Phase2-CNN/MaxPool2D+Reference.swift", "MaxPool1D(2)", "MaxPool1D"),
    ("Phase2-CNN/Momentum.swift", "value.momentumStep(gradient: g)", "momentumStep"),
    ("Phase2-CNN/Adam.swift", "AdamW(weightDecay: 0)", "AdamW"),
    ("Phase2-CNN/SandwichLayers.swift", "var copy = withKernelParts", "withKernelParts"),
    ("Phase2-CNN/Assembly.swift", "var network: NeuralNetwork", "NeuralNetwork"),
    ("Phase3-RNN-Regularization/LSTM+Reference.swift", "x.recurrentForward(cell: 1)", "recurrent"),
    (
      "Phase3-RNN-Regularization/BatchNorm+Reference.swift", "let f = fastInference",
      "fastInference"
    ),
    ("Phase3-RNN-Regularization/BatchNorm+Reference.swift", "x.normalized(a)", "normalized"),
    ("Phase3-RNN-Regularization/BatchNorm+Reference.swift", "LayerNorm(3)", "LayerNorm"),
    ("Phase3-RNN-Regularization/Dropout.swift", "SpatialDropout2D(rate: 0.5)", "SpatialDropout2D"),
    ("Phase3-RNN-Regularization/L1.swift", "ElasticNet(l1: 1, l2: 0)", "ElasticNet"),
    ("Generator/Tensor+GeometryReference.swift", "let f = rotated", "rotated"),
    ("Generator/Tensor+GeometryReference.swift", "mirroredByKernel()", "mirroredByKernel"),
    ("Generator/Tensor+ResizeReference.swift", "resized(height: 2, width: 3)", "resized"),
  ])
  func givenCodeIsClosed(path: String, code: String, name: String) throws {
    let (rules, own) = try rules(path)
    let source = try MarkedSource(own, file: path)
    let text = source.replacing { $0 == source.regions[0] ? [code] : nil }
    let reason = try #require(rules.refusal(of: text), "\(path): \(code)")
    #expect(reason.contains("uses \(name)") && reason.contains("compute it here"), "\(reason)")
    #expect(reason.hasPrefix("line \(source.regions[0].body.lowerBound + 1) "), "\(reason)")
  }

  @Test func namesThatMeanSomethingElseStayOpen() throws {
    let path = "Phase2-CNN/Conv2D+Reference.swift"
    let (rules, own) = try rules(path)
    for code in ["let kernel = 3, normalized = kernel", "let fit = Conv2D.self", "// convolved(x)"]
    {
      let reason = rules.refusal(of: own + code)
      #expect(reason == nil, "\(code): \(reason ?? "")")
    }
  }

  @Test func theTypesInQuestionExist() throws {
    let shared = try SourceModule.swiftFiles(in: Self.root.appending(path: "Shared")).map {
      try String(contentsOf: $0, encoding: .utf8)
    }.joined()
    for type in GivenCode.sharedTypes {
      let declaration = try Regex("(struct|enum) \(type)\\b")
      #expect(shared.contains(declaration), "\(type)")
    }
  }

  /// No solution may be refused, and no other right one.
  @Test func rightFilesOfAllTasksAreAccepted() throws {
    for path in Set(Self.catalogue.tasks.flatMap(\.files)) {
      let (rules, own) = try rules(path)
      let reason = rules.refusal(of: own)
      #expect(reason == nil, "\(path): \(reason ?? "")")
    }
    for scope in CourseTask.Scope.allCases {
      let right = try Verifier(package: Self.root).mutants(of: scope).filter {
        $0.equivalent != nil
      }
      let sources = try MutatedSources(
        right, of: Self.catalogue.tasks(named: scope.rawValue), package: Self.root, place: "")
      for (path, text) in sources.files {
        let reason = try rules(path).rules.refusal(of: text)
        #expect(reason == nil, "\(path): \(reason ?? "")")
      }
    }
  }
}
