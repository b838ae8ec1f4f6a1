import CourseTestSupport
import Foundation
import Networks
import Testing

@Suite(.watched) struct ConvolutionalNetworkTests {
  private let optimizer = SGD(learningRate: 0.05)

  private func types(_ network: NeuralNetwork) -> [String] {
    network.layers.map { type(of: $0).typeName }
  }

  @Test func leNetHasTheBenchmarksSizes() throws {
    let network = try NeuralNetwork.leNet(optimizer: optimizer, seed: 1)
    #expect(types(network) == ["ConvReLUPool", "ConvReLUPool", "Flatten", "Dense", "Dense"])
    #expect(network.layerOutputShapes == [[20, 14, 14], [50, 7, 7], [2450], [500], [10]])
    let convolutions = 25 * 20 + 20 + 25 * 20 * 50 + 50
    #expect(network.parameterCount == convolutions + 2451 * 500 + 501 * 10)
  }

  @Test func leNet5HasTheExercisesParameters() throws {
    let network = try NeuralNetwork.leNet5(optimizer: optimizer, seed: 1)
    #expect(network.layerOutputShapes == [[6, 14, 14], [16, 7, 7], [784], [120], [84], [10]])
    #expect(network.parameterCount == 107_786)
    var copy = network
    copy.forEachParameter { name, parameter in
      if name.hasSuffix("bias") {
        #expect(parameter.value == Tensor(repeating: 0.1, shape: parameter.value.shape), "\(name)")
      }
    }
  }

  @Test func threeLayerConvNetTakesItsSizes() throws {
    let network = try NeuralNetwork.threeLayerConvNet(optimizer: optimizer, seed: 1)
    #expect(types(network) == ["ConvReLUPool", "Flatten", "Dense", "Dense"])
    #expect(network.layerOutputShapes == [[32, 16, 16], [8192], [500], [10]])
    let small = try NeuralNetwork.threeLayerConvNet(
      inputShape: [1, 9, 7], filters: 4, kernelSize: 3, hiddenSize: 6, classCount: 3,
      optimizer: optimizer, seed: 1)
    #expect(small.layerOutputShapes == [[4, 4, 3], [48], [6], [3]])
    #expect(small.parameterCount == 9 * 4 + 4 + 49 * 6 + 7 * 3)
  }

  @Test func vggNetClosesEachBlockWithAPooling() throws {
    let network = try NeuralNetwork.vggNet(
      blocks: [[4, 5], [6], [7, 8]], hiddenSizes: [12, 11], optimizer: optimizer, seed: 1)
    #expect(
      types(network) == [
        "ConvReLU", "ConvReLUPool", "ConvReLUPool", "ConvReLU", "ConvReLUPool", "Flatten", "Dense",
        "Dense", "Dense",
      ])
    #expect(
      network.layerOutputShapes == [
        [4, 32, 32], [5, 16, 16], [6, 8, 8], [7, 8, 8], [8, 4, 4], [128], [12], [11], [10],
      ])
    #expect(
      try NeuralNetwork.vggNet(optimizer: optimizer, seed: 1).layerOutputShapes.contains([4096]))
  }

  @Test func weightsAreDrawnAsHeEtAlHaveIt() throws {
    var network = try NeuralNetwork.vggNet(
      inputShape: [16, 8, 8], blocks: [[32, 48]], optimizer: optimizer, seed: 1)
    network.forEachParameter { name, parameter in
      guard name.hasSuffix("weights") else { return }
      let shape = parameter.value.shape
      let fanIn = shape.count == 4 ? shape[1] * shape[2] * shape[3] : shape[0]
      let variance = square(parameter.value).mean()
      // 4608 weights or more: six standard deviations of the estimate are below 13 %.
      expectClose(variance * Float(fanIn) / 2, 1, "\(name) in units of 2 / fan-in", atol: 0.13)
    }
  }

  @Test func sizesThatMakeNoNetworkAreRefused() {
    expectCourseError(.shapeMismatch, "images [C, H, W]", "[28, 28]", "channel axis") {
      try NeuralNetwork.leNet(inputShape: [28, 28], optimizer: optimizer, seed: 1)
    }
    expectCourseError(.invalidArgument, "layer sizes", "[[]]") {
      try NeuralNetwork.vggNet(blocks: [[]], optimizer: optimizer, seed: 1)
    }
    expectCourseError(.invalidArgument, "layer sizes", "0 classes") {
      try NeuralNetwork.leNet5(classCount: 0, optimizer: optimizer, seed: 1)
    }
    expectCourseError(.shapeMismatch, "window larger than its input", "layer 2 (ConvReLUPool)") {
      try NeuralNetwork.vggNet(
        inputShape: [3, 4, 4], blocks: [[2], [2], [2]], optimizer: optimizer, seed: 1)
    }
    expectCourseError(.invalidArgument, "the network is too large for this machine", " GB") {
      try NeuralNetwork.threeLayerConvNet(
        inputShape: [1, 512, 512], filters: 64, hiddenSize: 1 << 20, optimizer: optimizer, seed: 1)
    }
  }

  @Test func aSavedNetworkPredictsTheSameElsewhere() throws {
    try withTemporaryFolder { folder in
      let digits = Dataset.digits.subset(0..<60).reshaped(to: [1, 8, 8])
      var network = try NeuralNetwork.vggNet(
        inputShape: [1, 8, 8], blocks: [[4, 4], [6]], hiddenSizes: [8], optimizer: optimizer,
        seed: 3)
      network.preprocessing = .dividing(by: 16)
      try network.fit(digits, options: TrainingOptions(epochs: 1, batchSize: 20))
      let url = folder.appending(path: "vgg.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url)
      #expect(types(copy) == types(network))
      let predictions = try [copy, network].map { try $0.predict(digits.features) }
      #expect(predictions[0] == predictions[1])
    }
  }

  @Test func memorisesFiftyImagesCompletely() throws {
    let few = Dataset.digits.subset(0..<50).reshaped(to: [1, 8, 8])
    var network = try NeuralNetwork.leNet(
      inputShape: [1, 8, 8], maps: [8, 16], hiddenSizes: [32], optimizer: optimizer, seed: 1)
    network.preprocessing = .dividing(by: 16)
    try network.fit(few, options: TrainingOptions(epochs: 40, batchSize: 10))
    #expect(try network.evaluate(few).accuracy == 1, "50 images must be learned by heart")
  }

  @Test func everyKindOfLayerSurvivesAFile() throws {
    try withTemporaryFolder { folder in
      var network = NeuralNetwork(inputShape: [2, 36], seed: 1)
      try network.append(Conv1D(inputChannels: 2, outputChannels: 2, kernelSize: 3, padding: .same))
      try network.append(MaxPool1D(kernelSize: 3, stride: 1, padding: .same))
      try network.append(AveragePool1D(kernelSize: 3, stride: 1, padding: .same))
      try network.append(Reshape([2, 6, 6]))
      try network.append(Conv2D(inputChannels: 2, outputChannels: 4, kernelSize: 2, groups: 2))
      try network.append(MaxPool2D(kernelSize: 2, stride: 1))
      try network.append(AveragePool2D(kernelSize: 2, stride: 1))
      try network.append(ConvReLU(inputChannels: 4, outputChannels: 3, kernelSize: 2))
      try network.append(ConvReLUPool(inputChannels: 3, outputChannels: 3, kernelSize: 1, pool: 1))
      try network.append(GlobalAveragePool2D())
      let url = folder.appending(path: "all.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url)
      #expect(types(copy) == types(network))
      let input = Tensor(normal: [2, 2, 36], key: RandomKey(seed: 1))
      let outputs = try [copy, network].map { try $0.predict(input) }
      #expect(outputs[0] == outputs[1])
    }
  }
}
