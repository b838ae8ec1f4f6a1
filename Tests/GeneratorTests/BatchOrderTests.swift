import CourseTestSupport
import Generator
import Shared
import Testing

/// Task 4.3.
@Suite(.watched) struct BatchOrderTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  static let steps: FirstSteps = FirstSteps(
    of: "BatchOrder.next",
    [
      ("wrappingFillsFromTheStart()", fillsFromTheStart),
      ("epochsThatFitNeedNoFilling()", needsNoFilling),
      ("wrappingCanGoOnBehindTheFilling()", goesOnBehindTheFilling),
      ("lastBatchesMayBeShortOrDropped()", isShortOrDropped),
      ("everyImageComesOnceAnEpoch()", comesOnceAnEpoch),
    ],
    hints: [
      "out of range":
        "order has count images: the last batch ends at count, not at position + batchSize",
      "out of bounds":
        "order has count images: the last batch ends at count, not at position + batchSize",
      "Range requires": "position may not lie beyond the end of the images taken",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      BatchOrderTests.steps.tryAndExit()
    }
  }

  @Test func wrappingFillsFromTheStart() async throws { try await Self.steps.run(0) }
  @Test func epochsThatFitNeedNoFilling() async throws { try await Self.steps.run(1) }
  @Test func wrappingCanGoOnBehindTheFilling() async throws { try await Self.steps.run(2) }
  @Test func lastBatchesMayBeShortOrDropped() async throws { try await Self.steps.run(3) }
  @Test func everyImageComesOnceAnEpoch() async throws { try await Self.steps.run(4) }

  @Test func ordersAreThoseOfTraining() async throws {
    try await Self.steps.require()
    var order = Self.order(10, 5, shuffle: true)
    let first = order.next() + order.next()
    #expect(first == NeuralNetwork.order(epoch: 0, exampleCount: 10, seed: varied(3)))
  }

  // MARK: What they do

  private static func order(
    _ count: Int, _ batchSize: Int, shuffle: Bool = false, _ lastBatch: LastBatch = .wrap
  ) -> BatchOrder {
    BatchOrder(
      count: count, batchSize: batchSize, shuffle: shuffle, seed: varied(3), lastBatch: lastBatch)
  }

  /// Takes batches of two out of some images in order, and compares them and the epochs.
  private static func check(
    _ count: Int, _ lastBatch: LastBatch, _ expected: [[Int]], _ expectedEpochs: [Int],
    mistakes: KeyValuePairs<String, [[Int]]>, epochMistakes: KeyValuePairs<String, [Int]>
  ) throws {
    var order = order(count, 2, lastBatch)
    var (batches, epochs): ([[Int]], [Int]) = ([], [])
    for _ in expected {
      batches.append(order.next())
      epochs.append(order.epoch)
    }
    func say(_ what: String, _ expected: String, _ received: String) -> String {
      """
      BatchOrder.next, .\(lastBatch), \(count) images in batches of 2: \(what)
        expected \(expected)
        got      \(received)
      """
    }
    let named = mistakes.first { $0.value == batches }?.key
    let isTooLong = batches.contains { $0.count > 2 }
    let isEmpty = batches.allSatisfy(\.isEmpty)
    try require(
      batches == expected,
      say(
        isEmpty
          ? "no images: a batch is what order has from position on"
          : named
            ?? (isTooLong
              ? "a batch is longer than batchSize: what is missing is batchSize - batch.count"
              : "other images"),
        "\(expected)", "\(batches)"))
    let namedEpoch = epochMistakes.first { $0.value == epochs }?.key
    try require(
      epochs == expectedEpochs,
      say(
        namedEpoch
          ?? (Set(epochs) == [0] ? "the epoch is not counted" : "epoch is wrong after these calls"),
        "epoch \(expectedEpochs)", "epoch \(epochs)"))
  }

  private static let early = "the epoch rises when the next one begins, not before"

  private static func fillsFromTheStart() throws {
    try check(
      5, .wrap, [[0, 1], [2, 3], [4, 0], [0, 1], [2, 3]], [0, 0, 0, 1, 1],
      mistakes: [
        "the last batch is not filled": [[0, 1], [2, 3], [4], [0, 1], [2, 3]],
        "after a filled batch the next epoch begins at its first image, not after the filling":
          [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]],
        "each batch is the first one: position moves past the images that were taken":
          [[0, 1], [0, 1], [0, 1], [0, 1], [0, 1]],
        "position moves by one image: it moves past those that were taken":
          [[0, 1], [1, 2], [2, 3], [3, 4], [4, 0]],
        "no new epoch begins: when this one is used up, position goes back to 0":
          [[0, 1], [2, 3], [4, 0], [0, 1], [0, 1]],
        "nothing comes after the first epoch: when it is used up, position goes back to 0":
          [[0, 1], [2, 3], [4, 0], [], []],
        "the images that do not fill a batch are left out, which .drop does":
          [[0, 1], [2, 3], [0, 1], [2, 3], [0, 1]],
        "the last batch is filled with the images before it, not with those at the start":
          [[0, 1], [2, 3], [3, 4], [0, 1], [2, 3]],
        "the last batch is filled with the last image, not with the first ones":
          [[0, 1], [2, 3], [4, 4], [0, 1], [2, 3]],
      ],
      epochMistakes: [
        early: [0, 0, 1, 1, 1], "epochs count from 0": [1, 1, 1, 2, 2],
        "each call counts an epoch: only one that begins an epoch does": [0, 1, 2, 3, 4],
        "each call counts an epoch: only the one that begins an epoch does": [1, 2, 3, 4, 5],
      ])
  }

  private static func needsNoFilling() throws {
    for lastBatch in LastBatch.allCases {
      try check(
        4, lastBatch, [[0, 1], [2, 3], [0, 1], [2, 3], [0, 1]], [0, 0, 1, 1, 2],
        mistakes: [
          "an epoch whose images fit ends with an empty batch: begin the next one where count is "
            + "reached, not where it is passed": [[0, 1], [2, 3], [], [0, 1], [2, 3]],
          "the last batch of an epoch is left out: one that fits exactly is whole":
            [[0, 1], [0, 1], [0, 1], [0, 1], [0, 1]],
        ],
        epochMistakes: [early: [0, 1, 1, 2, 2]])
    }
  }

  private static func goesOnBehindTheFilling() throws {
    try check(
      5, .wrapAndContinue, [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4], [0, 1]], [0, 0, 1, 1, 1, 2],
      mistakes: [
        "the next epoch continues after the filling; it began at its first image, as .wrap does":
          [[0, 1], [2, 3], [4, 0], [0, 1], [2, 3], [4, 0]],
        "the last batch is not filled": [[0, 1], [2, 3], [4], [0, 1], [2, 3], [4]],
      ],
      epochMistakes: [
        "the filling belongs to the next epoch, which begins in the call that fills":
          [0, 0, 0, 1, 1, 1],
        "the epoch rises once where it begins, in the call that fills": [0, 0, 1, 2, 2, 3],
      ])
  }

  private static func isShortOrDropped() throws {
    try check(
      5, .short, [[0, 1], [2, 3], [4], [0, 1]], [0, 0, 0, 1],
      mistakes: [
        "a .short batch is not filled": [[0, 1], [2, 3], [4, 0], [0, 1]],
        "a .short batch is handed out, not dropped": [[0, 1], [2, 3], [0, 1], [2, 3]],
      ], epochMistakes: [early: [0, 0, 1, 1]])
    try check(
      5, .drop, [[0, 1], [2, 3], [0, 1], [2, 3]], [0, 0, 1, 1],
      mistakes: [
        "what does not fill a batch is left out with .drop": [[0, 1], [2, 3], [4], [0, 1]],
        "what does not fill a batch is left out with .drop, and not filled":
          [[0, 1], [2, 3], [4, 0], [0, 1]],
      ], epochMistakes: [early: [0, 1, 1, 2]])
  }

  private static func comesOnceAnEpoch() throws {
    for (count, batchSize) in [(100, 60), (100, 83), (7, 7), (10, 3), (1, 1)] {
      for shuffle in [false, true] {
        var order = order(count, batchSize, shuffle: shuffle)
        func say(_ what: String) -> String {
          "BatchOrder.next, \(count) images in batches of \(batchSize)\(shuffle ? ", shuffled" : ""): "
            + what
        }
        var orders: [[Int]] = []
        for epoch in 0..<4 {
          var images: [Int] = []
          for _ in 0..<order.batchesPerEpoch {
            let batch = order.next()
            try require(batch.count == batchSize, say("a batch of \(batch.count)"))
            try require(order.epoch == epoch, say("epoch \(order.epoch) instead of \(epoch)"))
            try require(Set(batch).count == batchSize, say("no image twice in a batch"))
            images += batch
          }
          try require(
            images[..<count].sorted() == Array(0..<count), say("each image comes once an epoch"))
          try require(
            Array(images[count...]) == Array(images[..<(images.count - count)]),
            say("the filling is the start of the epoch's order"))
          orders.append(Array(images[..<count]))
        }
        guard shuffle, count > 1 else { continue }
        try require(orders[0] != Array(0..<count), say("the first epoch is shuffled, too"))
        try require(
          Set(orders).count == 4,
          say("reshuffled each epoch: newOrder() is that of the epoch counted"))
        for (epoch, order) in orders.enumerated() {
          try require(
            order == NeuralNetwork.order(epoch: epoch, exampleCount: count, seed: varied(3)),
            say("the order of epoch \(epoch) is that of newOrder()"))
        }
      }
      try staysOnceInAStream(count, batchSize)
    }
  }

  /// The stream without repetition: the same orders, one behind the other.
  private static func staysOnceInAStream(_ count: Int, _ batchSize: Int) throws {
    for shuffle in [false, true] {
      var stream = order(count, batchSize, shuffle: shuffle, .wrapAndContinue)
      var all: [Int] = []
      for _ in 0..<((4 * count + batchSize - 1) / batchSize) { all += stream.next() }
      try require(
        all.count >= 4 * count, "BatchOrder.next, .wrapAndContinue: batches are too short")
      for epoch in 0..<4 {
        try require(
          all[(epoch * count)..<((epoch + 1) * count)].sorted() == Array(0..<count),
          "BatchOrder.next, .wrapAndContinue, \(count) images in batches of \(batchSize): each image "
            + "comes once in epoch \(epoch) of the stream; the filling comes from the new order")
      }
    }
  }
}
