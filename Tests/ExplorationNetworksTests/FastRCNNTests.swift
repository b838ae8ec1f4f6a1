import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

/// Detection: proposals, samples of regions, the network, and boxes out of its answers.
@Suite(.watched) struct FastRCNNTests {
  private static let scenes = SyntheticScenes(size: 32, count: 12, seed: 3, figures: 2)

  private func data(
    _ range: Range<Int> = 0..<4, proposals: DetectionData.ProposalMethod = .windows
  ) throws -> DetectionData {
    try DetectionData(
      name: "scenes", images: range.map { Self.scenes.scene(at: $0) },
      classNames: Self.scenes.classNames, proposals: proposals)
  }

  private func network(regions: Int = 8, boxWeight: Float = 1) throws -> NeuralNetwork {
    try NeuralNetwork.fastRCNN(
      imageSize: [32, 32], classNames: Self.scenes.classNames, channels: [4, 6], size: 2,
      hidden: 8, regions: regions, boxWeight: boxWeight, optimizer: Adam(learningRate: 0.01),
      seed: 1)
  }

  // MARK: Proposals

  @Test func slidingWindowsCoverTheImage() {
    let boxes = Box.slidingWindows(width: 40, height: 32, sizes: [16], ratios: [1, 4])
    // Squares at x = 0, 4, ..., 24 and y = 0, ..., 16; boxes of 32 x 8 at x = 0, 8 and y = 0, 2, ..., 24.
    #expect(boxes.count == 7 * 5 + 2 * 13)
    #expect(boxes[0] == Box(x1: 0, y1: 0, x2: 16, y2: 16))
    #expect(boxes[34] == Box(x1: 24, y1: 16, x2: 40, y2: 32))
    #expect(boxes.last == Box(x1: 8, y1: 24, x2: 40, y2: 32))
    #expect(Box.slidingWindows(width: 10, height: 10, sizes: [16]).isEmpty)
    // Each within the image, however its sizes are rounded.
    for side in 30..<130 {
      let edge = Float(side)
      let all = Box.slidingWindows(width: side, height: side, sizes: [7.3, 0.37 * edge])
      #expect(all.allSatisfy { $0.x1 >= 0 && $0.y1 >= 0 && $0.x2 <= edge && $0.y2 <= edge })
    }
    // The documentation.
    #expect(Box.slidingWindows(width: 64, height: 64, sizes: [16, 32]).count == 613)
  }

  @Test func selectiveSearchFindsAPlainRectangle() {
    var image = Tensor(repeating: 0.2, shape: [3, 24, 24])
    for c in 0..<3 {
      for row in 6..<15 { for column in 8..<20 { image[c, row, column] = 0.8 } }
    }
    let boxes = Box.selectiveSearch(image)
    let truth = Box(x1: 8, y1: 6, x2: 20, y2: 15)
    #expect(boxes.contains { $0.overlap(with: truth) > 0.7 }, "\(boxes)")
    #expect(boxes.contains(Box(x1: 0, y1: 0, x2: 24, y2: 24)))
    // An image of one colour is one region.
    #expect(
      Box.selectiveSearch(Tensor(zeros: [3, 12, 9])) == [Box(x1: 0, y1: 0, x2: 9, y2: 12)])
  }

  /// Each image is counted, and an error ends the work.
  @Test func theSearchForProposalsIsHeardAndStopped() throws {
    func search(_ progress: DetectionData.Progress) throws -> DetectionData {
      try DetectionData(
        name: "scenes", images: (0..<12).map { Self.scenes.scene(at: $0) },
        classNames: Self.scenes.classNames, proposals: .both, progress: progress)
    }
    var heard: [Int] = []
    let data = try search { work, done, count in
      #expect(work == .proposing && count == 12)
      heard.append(done)
    }
    #expect(heard == Array(1...12))
    #expect(try data.proposals == self.data(0..<12, proposals: .both).proposals)
    heard = []
    #expect(throws: CancellationError.self) {
      _ = try search { _, done, _ in
        heard.append(done)
        if done == 3 { throw CancellationError() }
      }
    }
    #expect(heard == [1, 2, 3])
  }

  @Test func proposalsFindMostOfTheThings() throws {
    let both = try data(0..<12, proposals: .both)
    let recall = try #require(both.proposalRecall())
    #expect(recall >= 0.9)
    #expect(try #require(both.proposalRecall(overlap: 0.9)) < recall)
    // On any number of threads the same.
    let threads = Parallelism.threadCount
    defer { Parallelism.threadCount = threads }
    Parallelism.threadCount = 1
    #expect(try data(0..<12, proposals: .both).proposals == both.proposals)
  }

  // MARK: Samples

  @Test func aSampleIsAQuarterThingsAtMost() throws {
    let data = try data()
    var batches = DetectionBatches(data, regions: 16, batchSize: 2, seed: 1, mirrors: false)
    let batch = batches.nextBatch()
    #expect(batch.features == data.images.rows(at: [0, 1]))
    guard case .tasks(let tasks) = batch.targets, case .values(let targets)? = tasks["box"] else {
      Issue.record("no targets of boxes")
      return
    }
    let boxes = try #require(batch.sideInputs["regions"])
    #expect(boxes.shape == [2, 16, 4] && targets.shape == [2, 16, 5])
    let classes = try #require(tasks["class"]).classIndices
    for image in 0..<2 {
      var (things, far) = (0, 0)
      for region in 0..<16 {
        let label = classes[image * 16 + region]
        #expect(Float(label) == targets[image, region, 0])
        let edge = { boxes[image, region, $0] }
        let box = Box(x1: edge(0), y1: edge(1), x2: edge(2), y2: edge(3))
        let best = data.truth[image].max {
          $0.box.overlap(with: box) < $1.box.overlap(with: box)
        }!
        guard label < data.classNames.count else {
          #expect(best.box.overlap(with: box) < 0.5)
          if best.box.overlap(with: box) < 0.1 { far += 1 }
          continue
        }
        things += 1
        #expect(label == best.label && best.box.overlap(with: box) >= 0.5)
        let o = (0..<4).map { targets[image, region, $0 + 1] * DetectionBatches.offsetScale[$0] }
        let moved = box.moved(by: BoxOffset(dx: o[0], dy: o[1], dw: o[2], dh: o[3]))
        #expect(moved.overlap(with: best.box) > 0.99)
      }
      #expect((1...4).contains(things))
      // Background that overlaps a thing comes first.
      let near = data.proposals[image].count { box in
        let overlap = data.truth[image].map { $0.box.overlap(with: box) }.max()!
        return overlap >= 0.1 && overlap < 0.5
      }
      #expect(near > 0 && far == max(0, 16 - things - near))
    }
  }

  @Test func aDatasetHasOneSampleOfEachImage() throws {
    let data = try data()
    let batches = DetectionBatches(data, regions: 8, batchSize: 2, seed: 1)
    let set = try batches.dataset()
    #expect(set.count == 4 && set.inputShape == [3, 32, 32] && set.bytes != nil)
    #expect(set.classNames == data.classNames + ["background"])
    #expect(try #require(set.sideInputs["regions"]).shape == [4, 8, 4])
    let part = data.subset([2, 0])
    #expect(part.truth == [data.truth[2], data.truth[0]] && part.count == 2)
    #expect(part.remark.hasPrefix("\(data.proposals[0].count) proposals an image"))
    var network = try network()
    try network.fit(batches, options: TrainingOptions(epochs: 1, batchSize: 2))
    let evaluation = try network.evaluate(set)
    #expect(evaluation.loss.isFinite && evaluation.metrics["class accuracy"] != nil)
  }

  @Test func aBatchIsAFunctionOfItsNumber() throws {
    let data = try data()
    var a = DetectionBatches(data, regions: 8, batchSize: 3, seed: 1)
    var b = a
    let first = (0..<5).map { _ in a.nextBatch() }
    // Two batches an epoch, of 3 and 1 images.
    #expect(first.map(\.targets.count) == [3, 1, 3, 1, 3])
    b.seek(batch: 4)
    let again = b.nextBatch()
    #expect(again.features == first[4].features && again.targets == first[4].targets)
    #expect(again.sideInputs == first[4].sideInputs)
    #expect(first[0].sideInputs != first[2].sideInputs)
  }

  @Test func mirroredImagesHaveMirroredBoxes() throws {
    let data = try data(0..<1)
    let plain = data.images.rows(at: [0])
    let turned = plain.reshaped(to: [3, 32, 32]).mirrored().reshaped(to: [1, 3, 32, 32])
    var batches = DetectionBatches(data, regions: 8, batchSize: 1, seed: 1)
    let all = (0..<20).map { _ in batches.nextBatch() }
    let mirrored = all.filter { $0.features != plain }
    #expect((3...17).contains(mirrored.count))
    let batch = try #require(mirrored.first)
    #expect(batch.features == turned)
    guard case .tasks(let tasks) = batch.targets, case .values(let targets)? = tasks["box"] else {
      Issue.record("no targets of boxes")
      return
    }
    let boxes = try #require(batch.sideInputs["regions"])
    let things = (0..<8).filter { targets[0, $0, 0] < 5 }
    #expect(!things.isEmpty)
    for region in things {
      let box = Box(
        x1: boxes[0, region, 0], y1: boxes[0, region, 1], x2: boxes[0, region, 2],
        y2: boxes[0, region, 3])
      let o = (0..<4).map { targets[0, region, $0 + 1] * DetectionBatches.offsetScale[$0] }
      let moved = box.moved(by: BoxOffset(dx: o[0], dy: o[1], dw: o[2], dh: o[3]))
      let seen = Box(x1: 32 - moved.x2, y1: moved.y1, x2: 32 - moved.x1, y2: moved.y2)
      #expect(data.truth[0].contains { $0.box.overlap(with: seen) > 0.99 })
    }
  }

  // MARK: The network

  @Test func theNetworkTrainsIsSavedAndFindsThings() throws {
    let data = try data()
    let batches = DetectionBatches(data, regions: 8, batchSize: 2, seed: 1)
    var network = try network()
    let options = TrainingOptions(epochs: 2, batchSize: 2)
    let history = try network.fit(batches, validation: batches, options: options)
    #expect(history.epochs[1].training.loss < history.epochs[0].training.loss)
    #expect(history.epochs[1].training.metrics.keys.contains("class accuracy"))
    #expect(network.classNames == data.classNames + ["background"])
    let found = try Detector(network).detect(in: data)
    #expect(found.count == 4)
    for detection in found.joined() {
      #expect(detection.score >= 0.05 && detection.box.area > 0)
      #expect(detection.box == detection.box.clipped(width: 32, height: 32))
    }
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "detector.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url, adding: NeuralNetwork.explorationTypes)
      #expect(try Detector(copy).detect(in: data) == found)
    }
    // Halfway, it resumes with the same bits.
    var whole = try self.network()
    try whole.fit(batches, options: TrainingOptions(epochs: 3, batchSize: 2))
    try network.fit(batches, options: TrainingOptions(epochs: 3, batchSize: 2), resuming: true)
    expectSame(
      network.parameters["layers.3.weights"]!.value, whole.parameters["layers.3.weights"]!.value,
      "weights of a resumed training")
  }

  /// A detector whose answers are those of an oracle: the heads have no weights, and biases that say "class 1, one step
  /// to the right".
  @Test func answersBecomeBoxes() throws {
    let data = try data()
    var network = try network()
    try network.fit(
      DetectionBatches(data, regions: 8, batchSize: 4, seed: 1),
      options: TrainingOptions(epochs: 1, batchSize: 4))
    network.forEachParameter { name, parameter in
      guard name.hasPrefix("layers.5.") else { return }
      parameter.value = Tensor(zeros: parameter.value.shape)
      if name == "layers.5.0.bias" { parameter.value[1] = 10 }
      // Class 1: dx = 2 · 0.1 of the width.
      if name == "layers.5.1.bias" { parameter.value[4] = 2 }
    }
    let images = data.images.rows(at: [0, 1])
    let box = Box(x1: 10, y1: 4, x2: 20, y2: 12)
    let near = Box(x1: 10, y1: 5, x2: 20, y2: 13)
    var detector = try Detector(network)
    let found = try detector.detect(
      in: images, proposals: [[box, near], [Box(x1: 24, y1: 4, x2: 32, y2: 12)]])
    // Of two that overlap, the first of the same score remains.
    #expect(found[0].map(\.label) == [1])
    let moved = found[0][0].box
    expectClose(
      Tensor([moved.x1, moved.y1, moved.x2, moved.y2]), Tensor([12, 4, 22, 12]), "moved box",
      atol: 1e-4)
    expectClose(found[0][0].score, exp(10) / (exp(10) + 5), "score")
    // Cut to the image.
    #expect(found[1][0].box.x2 == 32)
    detector.movesBoxes = false
    #expect(try detector.detect(in: images, proposals: [[box], [box]])[0][0].box == box)
    // An offset beyond all numbers is not a box.
    var wild = network
    wild.forEachParameter { name, parameter in
      if name == "layers.5.1.bias" { parameter.value[4] = 3e38 }
    }
    let whole = Box(x1: 0, y1: 0, x2: 32, y2: 32)
    #expect(try Detector(wild).detect(in: images, proposals: [[whole], [whole]])[0].isEmpty)
    detector.minimumScore = 1
    #expect(try detector.detect(in: images, proposals: [[box], [box]])[0].isEmpty)
  }

  // MARK: Refusals

  @Test func impossibleDataAreRefused() throws {
    let scene = Self.scenes.scene(at: 0)
    var plain = scene
    plain.boxes = []
    expectCourseError(.invalidData, "mine", "no boxes in any image") {
      _ = try DetectionData(name: "mine", images: [plain], classNames: ["a"], proposals: .windows)
    }
    expectCourseError(.invalidData, "mine", "no images") {
      _ = try DetectionData(name: "mine", images: [], classNames: ["a"], proposals: .windows)
    }
    func box(_ l: Float, _ t: Float, _ r: Float, _ b: Float, _ label: Int = 0) -> ImageBox {
      ImageBox(left: l, top: t, right: r, bottom: b, label: label)
    }
    var first = scene
    first.boxes = [box(1, 1, 9, 9)]
    func makeSecond(_ boxes: [ImageBox], size: Int = 32) throws {
      var other = SyntheticScenes(size: size, count: 1, seed: 1).scene(at: 0)
      other.boxes = boxes
      _ = try DetectionData(
        name: "mine", images: [first, other], classNames: ["circle", "cross"],
        proposals: .windows)
    }
    expectCourseError(.invalidData, "mine, image 1, box 1", "without an area") {
      try makeSecond([box(1, 1, 5, 5), box(4, 4, 4, 9)])
    }
    expectCourseError(.invalidData, "mine, image 1, box 0", "beyond its image", "(32, 32)") {
      try makeSecond([box(20, 1, 33, 5)])
    }
    expectCourseError(.invalidData, "mine, image 1, box 0", "unknown class", "0 to 1", "got 2") {
      try makeSecond([box(1, 1, 5, 5, 2)])
    }
    expectCourseError(.shapeMismatch, "mine, image 1", "different sizes", "got 40 x 40") {
      try makeSecond([box(1, 1, 5, 5)], size: 40)
    }
  }

  @Test func batchesOfNothingAreRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let data = try FastRCNNTests().data(0..<1)
      _ = DetectionBatches(data, regions: 8, batchSize: 0, seed: 1)
    }
    expectWords(of: result, "DetectionBatches", "at least one image", "batches of 0")
  }

  @Test func otherNetworksAndSizesAreRefused() throws {
    var plain = NeuralNetwork(inputShape: [4], loss: MeanSquaredErrorLoss(), seed: 1)
    try plain.append(Dense(outputSize: 2))
    expectCourseError(.invalidArgument, "not a detector") { _ = try Detector(plain) }
    // One box for all classes is a head of another kind, whose numbers would be read beyond their end.
    var agnostic = try network()
    let classes = agnostic.classNames.count
    agnostic.loss = MultiTaskLoss([
      .init("class", outputs: 0..<classes, loss: SequenceCrossEntropyLoss()),
      .init("box", outputs: classes..<(classes + 4), loss: RegionBoxLoss()),
    ])
    expectCourseError(.invalidArgument, "other outputs than it has classes") {
      _ = try Detector(agnostic)
    }
    expectCourseError(.invalidArgument, "size out of range") {
      _ = try NeuralNetwork.fastRCNN(
        imageSize: [64, 64], classNames: ["cat"], channels: Array(repeating: 1, count: 65),
        optimizer: Adam(), seed: 1)
    }
    expectCourseError(.invalidArgument, "size of the images", "height and width", "[64]") {
      _ = try DetectionData(folder: "none", size: [64])
    }
    expectCourseError(.shapeMismatch, "halved so often", "that 4 divides", "30 x 32") {
      _ = try NeuralNetwork.fastRCNN(
        imageSize: [30, 32], classNames: ["a"], optimizer: Adam(), seed: 1)
    }
    expectCourseError(.invalidArgument, "weight of the boxes", "at least 0", "-1") {
      _ = try network(boxWeight: -1)
    }
    let detector = try Detector(network())
    expectCourseError(.shapeMismatch, "images or proposals") {
      _ = try detector.detect(in: Tensor(zeros: [1, 3, 32, 32]), proposals: [[]])
    }
  }

  @Test func otherRegionsThanThoseOfTheNetworkAreNamed() throws {
    var network = try network(regions: 8)
    let batches = DetectionBatches(try data(), regions: 6, batchSize: 2, seed: 1)
    for attempt in [
      { try network.fit(batches, options: TrainingOptions(epochs: 1)) as Any },
      { try network.fit(batches.dataset(), options: TrainingOptions(epochs: 1)) },
      { try network.evaluate(batches) },
    ] {
      expectCourseError(
        .shapeMismatch, "side input \"regions\" does not fit: expected [8, 4]", "got [6, 4]"
      ) { _ = try attempt() }
    }
    expectCourseError(.invalidArgument, "no classes", "the name of at least one") {
      _ = try DetectionData(
        name: "scenes", images: [Self.scenes.scene(at: 0)], classNames: [])
    }
  }

  @Test func aDetectorWithoutTrainingAndImagesOfNoNumbersAreRefused() throws {
    var network = try network()
    let data = try data(0..<2)
    expectCourseError(.invalidData, "BatchNorm was never trained") {
      _ = try Detector(network).detect(in: data)
    }
    try network.fit(
      DetectionBatches(data, regions: 8, batchSize: 2, seed: 1), options: TrainingOptions(epochs: 1)
    )
    var images = Tensor(zeros: [2, 3, 32, 32])
    images[1, 2, 3, 4] = .nan
    expectCourseError(.invalidData, "a pixel is not finite", "example 1") {
      _ = try Detector(network).detect(in: images, proposals: data.proposals)
    }
  }

  /// As `predict` refuses them.
  @Test func proposalsWithoutAPixelAreRefused() throws {
    var network = try network()
    try network.fit(
      DetectionBatches(data(), regions: 8, batchSize: 2, seed: 1),
      options: TrainingOptions(epochs: 1))
    let detector = try Detector(network)
    let good = Box(x1: 0, y1: 0, x2: 9, y2: 9)
    for box in [
      Box(x1: 3, y1: 3, x2: 3, y2: 5), Box(x1: 32, y1: 0, x2: 40, y2: 9),
      Box(x1: -1e30, y1: 0, x2: 1e30, y2: 9),
    ] {
      expectCourseError(.invalidData, "a region without an area", "example 1, region 1") {
        _ = try detector.detect(
          in: Tensor(zeros: [2, 3, 32, 32]), proposals: [[good], [good, box]])
      }
      expectCourseError(.invalidData, "a region without an area", "example 0, region 0") {
        _ = try detector.answer(to: Tensor(zeros: [3, 32, 32]), proposals: [box])
      }
    }
  }
}
