import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course generator bench SOURCE`
enum GeneratorBenchCommand: Command {
  private static let seconds = Option(
    "seconds", .positive(upTo: 600), "duration of each measurement (default: 1; --training: 5)")
  private static let threads = Option(
    "threads", .integer(in: 1...256), "threads that prepare batches (default: all cores)")

  private static let training = Flag(
    "training", "benchmark training steps of cifar10-3layer with and without the generator")

  static let description = CommandDescription(
    name: "generator bench",
    abstract: "Benchmark image loading and augmentation, in images per second.",
    discussion: """
      Decoding and the single augmentations run on one thread, the generator on
      --threads, without training. Benchmarks/dataloader_pytorch.py benchmarks
      PyTorch's DataLoader on the same folder.
      """,
    operands: [Operand("SOURCE", .one, "images, as for 'generator preview'")],
    options: [
      GeneratorPreviewCommand.size, seconds, threads, training, RunOptions.skipBroken,
      CommonOptions.quiet,
    ])

  private static let usual: [Augmentation] = [
    .mirror, .crop(padding: 4), .normalize(mean: [0.5], std: [0.25]),
  ]

  struct Rate: Encodable {
    var name: String
    var threads: Int
    var imagesPerSecond: Double
  }

  struct Record: Encodable {
    var source: String
    var images: Int
    var size: [Int]
    var rates: [Rate]
    var peakMemory: Int
  }

  struct StepRecord: Encodable {
    var source: String
    var images: Int
    var steps: [StepComparison]
    var peakMemory: Int
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let (source, remarks) = try openImages(
      arguments.operands[0], skipBroken: arguments[RunOptions.skipBroken],
      progress: terminal.progress(for: arguments))
    remarks.report(on: terminal.error)
    let first = try source.image(at: 0)
    guard !isDebugBuild else {
      throw CourseError(
        .invalidArgument, "benchmarks require a release build", expected: "a release build",
        received: "a debug build", remedy: "Run: swift run -c release course generator bench")
    }
    if arguments[training] { return try compareSteps(on: source, arguments, terminal) }
    let size =
      [try source.commonChannels()]
      + (arguments[GeneratorPreviewCommand.size].map { [$0.height, $0.width] }
        ?? [first.height, first.width])
    let seconds = Double(arguments[seconds] ?? 1)
    let threads = arguments[threads] ?? Parallelism.availableCores
    let single = augmentations(size: size)
    let batches: [(String, [Augmentation], Int)] =
      [("decode", [], 1), ("decode, mixup:0.2", [.mixup(alpha: 0.2)], 1)]
      + Set([1, threads]).sorted().map { ("decode, mirror, crop:4, normalize", usual, $0) }
    let progress = ProgressLine(
      "measuring", total: 1 + single.count + batches.count, on: terminal.progress(for: arguments))
    defer { progress.clear() }
    var rates: [Rate] = []
    func report(_ name: String, threads: Int, _ work: (_ turn: Int) throws -> Int) throws {
      progress.show(rates.count, title: name)
      let rate = try imagesPerSecond(for: seconds, work)
      progress.clear()
      rates.append(Rate(name: name, threads: threads, imagesPerSecond: rate))
      if !arguments[CommonOptions.json] {
        terminal.output.line(
          name.padded(right: 52) + "\(threads)".padded(left: 8)
            + fixed(rate, 0).padded(left: 12))
      }
    }
    if !arguments[CommonOptions.json] {
      terminal.output.line(
        "\(source.name): \(counted(source.count, "image")), batches of \(size)\n")
      terminal.output.line(
        "".padded(right: 52) + "threads".padded(left: 8)
          + "images/s".padded(left: 12))
    }
    // Few enough to be in the file cache soon; the batches go through all images.
    let order = NeuralNetwork.order(epoch: 0, exampleCount: source.count, seed: 1).prefix(1000)
    try report("decode", threads: 1) { turn in
      _ = try source.image(at: order[turn % order.count])
      return 1
    }
    // Each alone, on decoded images, applied to every one.
    let images = try (0..<min(64, source.count)).map { try source.image(at: $0) }
    for (name, augmentation) in single {
      try report(augmentation == nil ? name : "  and \(name)", threads: 1) { turn in
        var sample = ImageSample(images[turn % images.count])
        augmentation?.with(probability: 1)(&sample, key: RandomKey(seed: UInt64(turn)))
        _ = sample.image
        return 1
      }
    }
    for (name, augmentation, count) in batches {
      let generator = try ImageGenerator(
        source, batchSize: min(128, source.count), imageSize: size, augmentation: augmentation,
        seed: 1, threads: count)
      try report("batches: \(name)", threads: count) { _ in try generator.next().count }
    }
    if arguments[CommonOptions.json] {
      try terminal.output.json(
        Record(
          source: source.name, images: source.count, size: size, rates: rates,
          peakMemory: Machine.peakMemory()))
    } else {
      terminal.output.line("\npeak memory of the process \(Machine.peakMemory() >> 20) MB")
    }
  }

  /// Training steps on batches from the generator and on tensors in memory, with one thread and with all cores.
  private static func compareSteps(
    on source: any ImageSource, _ arguments: Arguments, _ terminal: Terminal
  ) throws {
    let counts = Set([1, Parallelism.availableCores]).sorted()
    let progress = ProgressLine(
      "measuring", total: counts.count, on: terminal.progress(for: arguments))
    defer { progress.clear() }
    let comparisons = try counts.enumerated().map { done, count in
      progress.show(done, title: "training steps, \(counted(count, "thread"))")
      return try StepComparison.take(
        source, augmentation: usual, threads: count, making: arguments[threads],
        seconds: Double(arguments[seconds] ?? 5))
    }
    progress.clear()
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        StepRecord(
          source: source.name, images: source.count, steps: comparisons,
          peakMemory: Machine.peakMemory()))
    }
    terminal.output.line(
      "Training step of cifar10-3layer on \(comparisons[0].batchSize) images of \(source.name)\n")
    terminal.output.line("threads  in memory  generator     ratio     quartiles  batch on 1 thread")
    for one in comparisons {
      let milliseconds = [one.inMemory, one.fromGenerator].map {
        (fixed($0 * 1e3, 2) + " ms").padded(left: 11)
      }
      terminal.output.line(
        "\(one.threads)".padded(left: 7) + milliseconds.joined()
          + fixed(one.ratio, 3).padded(left: 10)
          + "\(fixed(one.lowerQuartile, 3)) - \(fixed(one.upperQuartile, 3))".padded(left: 15)
          + (fixed(one.making * 1e3, 2) + " ms").padded(left: 19))
    }
    terminal.output.line("\npeak memory of the process \(Machine.peakMemory() >> 20) MB")
  }

  /// The augmentations that are measured one by one; first none.
  private static func augmentations(size: [Int]) -> [(name: String, augmentation: Augmentation?)] {
    [
      ("bytes to numbers", nil), ("mirror", .mirror), ("rotate90", .rotate90),
      ("rotate:15", .rotate(degrees: 15)), ("crop:4", .crop(padding: 4)),
      ("resize to half", .resize(height: max(1, size[1] / 2), width: max(1, size[2] / 2))),
      (
        "resize to half, bicubic",
        .resize(height: max(1, size[1] / 2), width: max(1, size[2] / 2), interpolation: .bicubic)
      ),
      ("brightness:0.2", .brightness(0.2)), ("contrast:0.2", .contrast(0.2)),
      ("saturation:0.2", .saturation(0.2)), ("hue:0.1", .hue(0.1)),
      ("noise:0.05", .noise(standardDeviation: 0.05)), ("cutout:8", .cutout(size: 8)),
      ("normalize", .normalize(mean: [0.5], std: [0.25])),
    ]
  }

  /// The median of ten rates, insensitive to pauses of the machine.
  private static func imagesPerSecond(
    for seconds: Double, _ work: (_ turn: Int) throws -> Int
  ) throws -> Double {
    let clock = ContinuousClock()
    for turn in 0..<3 { _ = try work(turn) }
    var turn = 3
    let rates = try (0..<10).map { _ in
      let start = clock.now
      var images = 0
      while true {
        images += try work(turn)
        turn += 1
        // Reading the clock for every image would cost time.
        guard turn.isMultiple(of: 8) else { continue }
        let elapsed = (clock.now - start) / .seconds(1)
        if elapsed >= seconds / 10 { return Double(images) / elapsed }
      }
    }.sorted()
    return (rates[4] + rates[5]) / 2
  }
}
