// swift-tools-version: 6.2
import PackageDescription

// A target names all modules on which it depends, also through others, and so does a library: SwiftPM compiles a target
// again only after a change in a module that it names. With one more property in a layer, the others would crash.

let package = Package(
  name: "DeepLearningCourse",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Shared", targets: ["Shared"]),
    .library(name: "Phase1FeedForward", targets: ["Shared", "Phase1FeedForward"]),
    .library(name: "Phase2CNN", targets: ["Shared", "Phase2CNN"]),
    .library(name: "Phase3RNNRegularization", targets: ["Shared", "Phase3RNNRegularization"]),
    .library(name: "Generator", targets: ["Shared", "Generator"]),
    .library(name: "Explorations", targets: ["Shared", "Explorations"]),
    .library(
      name: "Networks",
      targets: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Networks",
      ]),
    .library(
      name: "ExplorationNetworks",
      targets: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Explorations", "Networks", "ExplorationNetworks",
      ]),
    .library(
      name: "Pictures",
      targets: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Networks", "Pictures",
      ]),
    .executable(name: "course", targets: ["CourseTool"]),
    .executable(name: "course-demo", targets: ["CourseDemoTool"]),
    .executable(name: "course-kit", targets: ["CourseKitTool"]),
  ],
  traits: [
    // System libraries: `Generator` and `Pictures` look at it. One trait, since SwiftPM hands several to the compiler in
    // an order that changes from run to run, and after a change builds everything again.
    .trait(
      name: "ImageCodecs",
      description:
        "PNG, JPEG and gzip files, and pictures as PNG and GIF, through system libraries. The core needs none of them."
    ),
    .default(enabledTraits: ["ImageCodecs"]),
  ],
  targets: [
    // MARK: Libraries
    // Apart from the other kernels, since Shared waits for its own C targets only: the compiler takes seconds for
    // each set, on the processor that Shared leaves idle.
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
    .target(name: "Phase1FeedForward", dependencies: ["Shared"], path: "Phase1-FeedForward"),
    .target(name: "Phase2CNN", dependencies: ["Shared"], path: "Phase2-CNN"),
    .target(
      name: "Phase3RNNRegularization", dependencies: ["Shared"], path: "Phase3-RNN-Regularization"),
    .target(
      name: "CCourseCodecs", path: "Generator/CodecShims",
      cSettings: [.define("COURSE_IMAGE_CODECS", .when(traits: ["ImageCodecs"]))],
      linkerSettings: [
        .linkedLibrary("dl", .when(platforms: [.linux])),
        .linkedLibrary("z", .when(platforms: [.linux, .macOS], traits: ["ImageCodecs"])),
        .linkedLibrary("png", .when(platforms: [.linux], traits: ["ImageCodecs"])),
        .linkedLibrary("turbojpeg", .when(platforms: [.linux], traits: ["ImageCodecs"])),
      ]),
    .target(
      name: "Generator", dependencies: ["Shared", "CCourseKernels", "CCourseCodecs"],
      path: "Generator",
      exclude: ["CodecShims", "SampleData"]),
    .target(name: "Explorations", dependencies: ["Shared"], path: "Explorations"),
    // Apart from CCourseData, since the demo, which links that, has no use for a megabyte of text.
    .target(name: "CCourseTexts", path: "Networks/Texts", exclude: ["shakespeare.txt"]),
    .target(
      name: "Networks",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "CCourseTexts",
      ],
      path: "Networks", exclude: ["Texts"]),
    .target(
      name: "CCourseDefinitions", path: "ExplorationNetworks/Definitions",
      exclude: ["definitions.csv", "LICENSE.txt"]),
    .target(
      name: "ExplorationNetworks",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Explorations", "Networks", "CCourseDefinitions",
      ],
      path: "ExplorationNetworks", exclude: ["Definitions"]),
    .target(
      name: "CCoursePictures", path: "Pictures/CanvasShims",
      cSettings: [
        .define("COURSE_PICTURES", .when(platforms: [.linux], traits: ["ImageCodecs"]))
      ],
      linkerSettings: [
        .linkedLibrary("cairo", .when(platforms: [.linux], traits: ["ImageCodecs"])),
        .linkedLibrary("fontconfig", .when(platforms: [.linux], traits: ["ImageCodecs"])),
        .linkedLibrary("gif", .when(platforms: [.linux], traits: ["ImageCodecs"])),
      ]),
    .target(
      name: "Pictures",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Networks", "CCoursePictures",
      ],
      path: "Pictures", exclude: ["CanvasShims"]),

    // MARK: Command line
    .target(name: "CourseCommandLine", dependencies: ["Shared"], path: "CommandLine"),
    .target(
      name: "CourseTraining", dependencies: ["Shared", "Phase1FeedForward", "CourseCommandLine"],
      path: "Training", exclude: ["Program"]),
    .executableTarget(
      name: "CourseDemoTool",
      dependencies: ["Shared", "Phase1FeedForward", "CourseCommandLine", "CourseTraining"],
      path: "Training/Program"),
    .executableTarget(
      name: "CourseTool",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Explorations", "Networks", "ExplorationNetworks", "Pictures", "CourseCommandLine",
        "CourseTraining",
      ],
      path: "CourseTool"),
    .target(
      name: "CourseKit", dependencies: ["Shared", "CourseCommandLine"], path: "Kit",
      exclude: ["Program"]),
    .executableTarget(
      name: "CourseKitTool", dependencies: ["Shared", "CourseCommandLine", "CourseKit"],
      path: "Kit/Program"),

    // MARK: Tests
    .target(name: "CourseTestSupport", dependencies: ["Shared"], path: "Tests/TestSupport"),
    .testTarget(
      name: "SharedTests", dependencies: ["Shared", "CCourseKernels", "CourseTestSupport"],
      path: "Tests/SharedTests"),
    .testTarget(
      name: "Phase1FeedForwardTests",
      dependencies: ["Shared", "Phase1FeedForward", "CourseTestSupport"],
      path: "Tests/Phase1FeedForwardTests"),
    .testTarget(
      name: "Phase2CNNTests", dependencies: ["Shared", "Phase2CNN", "CourseTestSupport"],
      path: "Tests/Phase2CNNTests"),
    .testTarget(
      name: "Phase3RNNRegularizationTests",
      dependencies: ["Shared", "Phase3RNNRegularization", "CourseTestSupport"],
      path: "Tests/Phase3RNNRegularizationTests"),
    .testTarget(
      name: "GeneratorTests", dependencies: ["Shared", "Generator", "CourseTestSupport"],
      path: "Tests/GeneratorTests"),
    .testTarget(
      name: "ExplorationsTests", dependencies: ["Shared", "Explorations", "CourseTestSupport"],
      path: "Tests/ExplorationsTests"),
    .testTarget(
      name: "NetworksTests",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Networks", "CourseTestSupport",
      ],
      path: "Tests/NetworksTests"),
    .testTarget(
      name: "ExplorationNetworksTests",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Explorations", "Networks", "ExplorationNetworks", "CourseTestSupport",
      ],
      path: "Tests/ExplorationNetworksTests"),
    .testTarget(
      name: "PicturesTests",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Networks", "Pictures", "CourseTestSupport",
      ],
      path: "Tests/PicturesTests"),
    .testTarget(
      name: "CourseToolTests",
      dependencies: [
        "Shared", "Phase1FeedForward", "Phase2CNN", "Phase3RNNRegularization", "Generator",
        "Explorations", "Networks", "ExplorationNetworks", "Pictures", "CourseCommandLine",
        "CourseTraining", "CourseDemoTool", "CourseTool", "CourseTestSupport",
      ],
      path: "Tests/CourseToolTests"),
    .testTarget(
      name: "KitTests",
      dependencies: [
        "Shared", "CourseCommandLine", "CourseKit", "CourseKitTool", "CourseTestSupport",
      ],
      path: "Tests/KitTests"),
  ]
)
