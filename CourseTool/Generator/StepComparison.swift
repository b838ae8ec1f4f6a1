import Networks

/// How much longer a training step takes when a generator makes its batches than on tensors in memory.
struct StepComparison: Encodable, Sendable {
  /// How many threads train.
  var threads: Int
  var batchSize: Int
  var pairs: Int
  /// The median time of a step on tensors in memory, in seconds.
  var inMemory: Double
  /// The median time of a step that waits for its batch.
  var behindGenerator: Double
  /// The median of the second by the first, each time measured one after the other; and its quartiles.
  var ratio: Double
  var lowerQuartile: Double
  var upperQuartile: Double
  /// How long one thread takes to read and augment a batch, in seconds.
  var making: Double

  /// Measures the recipe cifar10-3layer on 3 x 32 x 32 images for about so many seconds, by turns with and
  /// without the generator: what else the machine does then slows both.
  /// - Parameter making: how many threads the generator has; `nil` for as many as there are cores
  static func take(
    _ source: any ImageSource, augmentation: [Augmentation], threads: Int, making: Int?,
    seconds: Double
  ) throws -> StepComparison {
    let batchSize = min(50, source.count)
    func generator(threads: Int? = nil) throws -> ImageGenerator {
      try ImageGenerator(
        source, batchSize: batchSize, imageSize: [3, 32, 32], augmentation: augmentation, seed: 1,
        threads: threads)
    }
    var network = try NeuralNetwork.convolutional(
      inputShape: [3, 32, 32], blocks: [[32]], kernelSize: 7, hiddenSizes: [500],
      classCount: source.classNames.count, optimizer: Adam(learningRate: 1e-3), seed: 1)
    var loss = SoftmaxCrossEntropyLoss()
    func step(_ batch: Batch) {
      let output = network.forward(batch.images, mode: .training)
      _ = loss.forward(output, target: batch.targets)
      network.backward(loss.backward())
      network.applyGradients()
    }
    let clock = ContinuousClock()
    func time(_ count: Int, _ work: () throws -> Void) rethrows -> Double {
      let start = clock.now
      for _ in 0..<count { try work() }
      return (clock.now - start) / .seconds(1) / Double(count)
    }

    let previous = Parallelism.threadCount
    Parallelism.threadCount = threads
    defer { Parallelism.threadCount = previous }
    let alone = try generator(threads: 0)
    let ready = try (0..<8).map { _ in try alone.next() }
    let ahead = try generator(threads: making)
    for batch in ready { step(batch) }
    step(try ahead.next())

    var (inMemory, behind, times): ([Double], [Double], [Double]) = ([], [], [])
    let start = clock.now
    while inMemory.count < 7 || (clock.now - start) / .seconds(1) < seconds {
      // On the same machine at the same time, as far as possible: all three by turns, the two steps every
      // other time the other way round.
      times.append(try time(2) { _ = try alone.next() })
      for isInMemory in inMemory.count.isMultiple(of: 2) ? [true, false] : [false, true] {
        if isInMemory {
          var turn = 0
          inMemory.append(
            time(8) {
              step(ready[turn % ready.count])
              turn += 1
            })
        } else {
          // The batches that were made ahead while nobody waited for them do not count.
          for _ in 0..<ahead.prefetch { step(try ahead.next()) }
          behind.append(try time(8) { step(try ahead.next()) })
        }
      }
    }
    func quantile(_ values: [Double], _ part: Double) -> Double {
      values.sorted()[Int(Double(values.count - 1) * part)]
    }
    let ratios = zip(behind, inMemory).map { $0 / $1 }
    return StepComparison(
      threads: threads, batchSize: batchSize, pairs: ratios.count,
      inMemory: quantile(inMemory, 0.5), behindGenerator: quantile(behind, 0.5),
      ratio: quantile(ratios, 0.5), lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75), making: quantile(times, 0.5))
  }
}
