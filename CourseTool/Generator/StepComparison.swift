import Networks

/// A comparison of training steps on batches from a generator and on tensors in memory.
struct StepComparison: Encodable, Sendable {
  /// The number of threads that train.
  var threads: Int
  var batchSize: Int
  var pairs: Int
  /// The median time of a step on tensors in memory, in seconds.
  var inMemory: Double
  /// The median time of a step on a batch from the generator.
  var fromGenerator: Double
  /// The median ratio of two such times measured in succession, and its quartiles.
  var ratio: Double
  var lowerQuartile: Double
  var upperQuartile: Double
  /// The time in which one thread reads and augments a batch, in seconds.
  var making: Double

  /// Measures the recipe cifar10-3layer on 3 x 32 x 32 images for a number of seconds, alternately with and
  /// without the generator, so that other load on the machine slows both.
  /// - Parameter making: the number of the generator's threads; `nil` for one per core
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

    var (inMemory, generated, times): ([Double], [Double], [Double]) = ([], [], [])
    let start = clock.now
    while inMemory.count < 7 || (clock.now - start) / .seconds(1) < seconds {
      // All three in turns, and the two steps in alternating order: the same conditions for all.
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
          // Batches that were prepared during the other measurement do not count.
          for _ in 0..<ahead.prefetch { step(try ahead.next()) }
          generated.append(try time(8) { step(try ahead.next()) })
        }
      }
    }
    func quantile(_ values: [Double], _ part: Double) -> Double {
      values.sorted()[Int(Double(values.count - 1) * part)]
    }
    let ratios = zip(generated, inMemory).map { $0 / $1 }
    return StepComparison(
      threads: threads, batchSize: batchSize, pairs: ratios.count,
      inMemory: quantile(inMemory, 0.5), fromGenerator: quantile(generated, 0.5),
      ratio: quantile(ratios, 0.5), lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75), making: quantile(times, 0.5))
  }
}
