import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

/// Task 2.10. Dense layers and loss are those of the tests, and the structure of a network is looked at before any data
/// flows: so this task can be done before the others, up to the training.
@Suite(.watched) struct AssemblyTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func threeLayers() async throws { try await Self.steps.run() }
  @Test func oneBlock() async throws { try await Self.steps.run() }
  @Test func blocksOfTwo() async throws { try await Self.steps.run() }
  @Test func oddSizes() async throws { try await Self.steps.run() }
  @Test func parametersOfOneBlock() async throws { try await Self.steps.run() }
  @Test func parametersOfAnyNetwork() async throws { try await Self.steps.run() }
  @Test func allLayersFitTogether() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = FirstSteps(
    of: "networks",
    [
      ("threeLayers()", { threeLayer(threeLayerPlan) }),
      ("oneBlock()", { vgg(oneBlockPlan) }),
      ("blocksOfTwo()", { vgg(blocksPlan) }),
      (
        "oddSizes()",
        {
          threeLayer(oddThreeLayerPlan)
          for plan in oddPlans { vgg(plan) }
        }
      ),
      ("parametersOfOneBlock()", { count(threeLayerPlan) }),
      ("parametersOfAnyNetwork()", { for plan in [blocksPlan] + oddPlans { count(plan) } }),
      ("allLayersFitTogether()", { try shapes() }),
    ],
    hints: [
      "Index out of range": "inputShape is [C, H, W]: its indices are 0, 1 and 2.",
      "channels do not divide": "inputChannels are those that the layer before returns.",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      AssemblyTests.steps.tryAndExit()
    }
  }

  static let threeLayerPlan = ConvNetPlan(
    inputShape: [3, 8, 12], blocks: [[5]], kernelSize: 5, hiddenSizes: [7], classCount: 4)
  static let oddThreeLayerPlan = ConvNetPlan(
    inputShape: [2, 9, 7], blocks: [[4]], kernelSize: 7, hiddenSizes: [6], classCount: 3)
  static let oneBlockPlan = ConvNetPlan(
    inputShape: [3, 8, 12], blocks: [[5, 6]], hiddenSizes: [7], classCount: 4)
  static let blocksPlan = ConvNetPlan(
    inputShape: [3, 16, 24], blocks: [[4, 5], [6, 7]], hiddenSizes: [9, 8], classCount: 10)
  static let oddPlans = [
    ConvNetPlan(
      inputShape: [1, 15, 9], blocks: [[2], [3, 4, 5], [6]], hiddenSizes: [8], classCount: 3),
    ConvNetPlan(inputShape: [2, 5, 6], blocks: [[3]], hiddenSizes: [], classCount: 2),
  ]

  private static func threeLayer(_ plan: ConvNetPlan) {
    tell(
      "threeLayerConvNetLayers",
      threeLayerConvNetLayers(
        inputShape: plan.inputShape, filters: plan.blocks[0][0], kernelSize: plan.kernelSize,
        hiddenSize: plan.hiddenSizes[0], classCount: plan.classCount, dense: AssembledDense.init
      ).map(layerLine), plan)
  }

  private static func layers(_ plan: ConvNetPlan) -> [any Layer] {
    vggNetLayers(
      inputShape: plan.inputShape, blocks: plan.blocks, hiddenSizes: plan.hiddenSizes,
      classCount: plan.classCount, dense: AssembledDense.init)
  }

  private static func vgg(_ plan: ConvNetPlan) {
    tell("vggNetLayers", layers(plan).map(layerLine), plan)
  }

  /// Records an issue unless the layers are those of the plan, in the words of the mistake that has made them.
  private static func tell(_ function: String, _ layers: [String], _ plan: ConvNetPlan) {
    let expected = plan.layers()
    if layers == expected { return }
    // A mistake among the layers of images may give the dense layers behind them other sizes than the plan's.
    func ofImages(_ layers: [String]) -> [String] {
      Array(layers.prefix { $0 != "Flatten" && !$0.hasPrefix("Dense") })
    }
    let fault =
      (plan.layerFaults.first { plan.layers($0) == layers }
      ?? plan.layerFaults.first {
        ofImages(layers) != ofImages(expected) && ofImages(plan.layers($0)) == ofImages(layers)
      })?.rawValue
    var words = fault ?? "these are other layers"
    if layers.isEmpty { words = "there is no layer yet" }
    if fault == nil, layers.count == expected.count,
      let place = layers.indices.first(where: { layers[$0] != expected[$0] })
    {
      words = "layer \(place) is another one: expected \(expected[place]), got \(layers[place])"
    }
    fail(
      """
      \(function), images \(plan.inputShape), blocks \(plan.blocks): \(words)
        expected \(expected.joined(separator: " | "))
        got      \(layers.joined(separator: " | "))
      """)
  }

  private static func count(_ plan: ConvNetPlan) {
    tellCount(
      convNetParameterCount(
        inputShape: plan.inputShape, blocks: plan.blocks, kernelSize: plan.kernelSize,
        hiddenSizes: plan.hiddenSizes, classCount: plan.classCount), plan)
  }

  private static func tellCount(_ count: Int, _ plan: ConvNetPlan) {
    let expected = plan.parameterCount()
    if count == expected { return }
    let fault = plan.countFaults.first { plan.parameterCount($0) == count }?.rawValue
    fail(
      """
      convNetParameterCount, images \(plan.inputShape), blocks \(plan.blocks), kernels of \
      \(plan.kernelSize) x \(plan.kernelSize), hidden \(plan.hiddenSizes), \(plan.classCount) classes: \
      \(fault ?? (count == 0 ? "nothing is counted yet" : "it is another number"))
        expected \(expected)
        got      \(count)
      """)
  }

  private static func shapes() throws {
    let plan = blocksPlan
    var network = NeuralNetwork(inputShape: plan.inputShape, seed: 1)
    for layer in layers(plan) { try network.append(layer) }
    try require(
      network.layerOutputShapes == [
        [4, 16, 24], [5, 8, 12], [6, 8, 12], [7, 4, 6], [168], [9], [8], [10],
      ], "vggNetLayers: the shapes are \(network.layerOutputShapes)")
    try require(
      network.parameterCount == plan.parameterCount(),
      "the network has \(network.parameterCount) parameters, by hand \(plan.parameterCount())")
  }

  /// What the steps tell: each mistake in its own words, where a plan shows it.
  @Test func everyMistakeIsToldInItsOwnWords() {
    var told: Set<AssemblyFault> = [.none]
    func note(_ fault: AssemblyFault, _ messages: [String]) {
      if messages.first?.contains(": \(fault.rawValue)\n") == true { told.insert(fault) }
    }
    for plan in [Self.threeLayerPlan, Self.oneBlockPlan, Self.blocksPlan] + Self.oddPlans {
      for fault in plan.layerFaults {
        note(fault, complaints { Self.tell("f", plan.layers(fault), plan) })
      }
      for fault in plan.countFaults {
        note(fault, complaints { Self.tellCount(plan.parameterCount(fault), plan) })
      }
    }
    #expect(Set(AssemblyFault.allCases).subtracting(told) == [])
    let plan = Self.threeLayerPlan
    #expect(complaints { Self.tell("f", [], plan) }.first?.contains("no layer yet") == true)
    #expect(complaints { Self.tellCount(0, plan) }.first?.contains("nothing is counted") == true)
    #expect(
      complaints { Self.tell("f", plan.layers().dropLast() + ["Reshape"], plan) }.first?
        .contains("layer 3 is another one: expected Dense 7 -> 4, identity, got Reshape") == true)
  }

  // MARK: Training

  enum Kind: CaseIterable { case threeLayer, vgg }

  private static func network(_ kind: Kind) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [1, 8, 8], loss: TinySoftmaxCrossEntropy(),
      optimizer: TinyMomentum(learningRate: 0.01), seed: varied(1))
    network.preprocessing = .dividing(by: 16)
    let layers =
      switch kind {
      case .threeLayer:
        threeLayerConvNetLayers(
          inputShape: [1, 8, 8], filters: 8, kernelSize: 5, hiddenSize: 32, classCount: 10,
          dense: AssembledDense.init)
      case .vgg:
        vggNetLayers(
          inputShape: [1, 8, 8], blocks: [[8, 8], [16, 16]], hiddenSizes: [32], classCount: 10,
          dense: AssembledDense.init)
      }
    for layer in layers { try network.append(layer) }
    return network
  }

  private static let few = Dataset.digits.subset(0..<50).reshaped(to: [1, 8, 8])

  /// CS231n's first checks: the loss by chance is ln C, and a penalty makes it larger.
  @Test(
    .waits(for: Conv2DTests.steps), .waits(for: MaxPool2DTests.steps),
    .waits(for: FlattenTests.steps), .waits(for: SandwichTests.steps), .waits(for: steps),
    arguments: Kind.allCases)
  func theLossBeforeTrainingIsThatOfChance(kind: Kind) throws {
    var network = try Self.network(kind)
    // With scores near 0 every class has the probability 1/C. (Those of He's weights are not: in a deep, narrow network
    // their size depends much on chance.)
    network.forEachParameter { name, parameter in
      if parameter.value.shape == [32, 10] { parameter.value *= 0.001 }
    }
    let start = try network.evaluate(Self.few).loss
    expectClose(
      Float(start), logf(10), "\(kind): the loss of scores near 0, without a penalty", atol: 0.01)
    network.penalty = TinyPenalty(0.01)
    let withPenalty = try network.evaluate(Self.few).loss
    #expect(withPenalty > start + 0.1, "\(kind): a penalty makes the loss larger")
  }

  @Test(
    .waits(for: Conv2DTests.steps), .waits(for: MaxPool2DTests.steps),
    .waits(for: FlattenTests.steps), .waits(for: SandwichTests.steps), .waits(for: steps),
    arguments: Kind.allCases)
  func fiftyImagesAreLearntByHeart(kind: Kind) throws {
    var network = try Self.network(kind)
    let history = try network.fit(Self.few, options: TrainingOptions(epochs: 40, batchSize: 10))
    let losses = history.epochs.map(\.training.loss)
    #expect(
      losses[39] < losses[0] / 20, "\(kind): the loss does not fall, from epoch to epoch: \(losses)"
    )
    let end = try network.evaluate(Self.few)
    #expect(
      end.accuracy == 1,
      "\(kind): 50 images must be learnt by heart: their loss is \(end.loss) after 40 epochs")
  }
}
