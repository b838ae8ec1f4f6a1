import CourseTestSupport
import ExplorationNetworks
import Foundation
import Networks
import Testing

@Suite(.watched) struct UNetTests {
  private func network(
    _ shape: [Int] = [3, 16, 16], levels: Int = 2, skips: Bool = true
  ) throws -> NeuralNetwork {
    try NeuralNetwork.unet(
      inputShape: shape, classCount: 6, width: 4, levels: levels, skips: skips,
      optimizer: Adam(learningRate: 0.01), seed: 1)
  }

  /// Weights of the 3 x 3 convolutions, batch norms, transposed and 1 x 1 convolutions, counted by hand.
  @Test func layersAndSizes() throws {
    var network = try network()
    #expect(network.inputShape == [3, 16, 16] && network.outputShape == [6, 16, 16])
    var named: [String: [Int]] = [:]
    network.forEachParameter { name, parameter in named[name] = parameter.value.shape }
    // The first level: 3 to 4 channels on the way down, 8 to 4 on the way up.
    #expect(named["layers.0.convolution.weights"] == [4, 3, 3, 3])
    #expect(named["layers.3.convolution.weights"] == [4, 8, 3, 3])
    // The second within the first, the third within the second.
    #expect(named["layers.2.body.1.convolution.weights"] == [8, 4, 3, 3])
    #expect(named["layers.2.body.3.body.2.convolution.weights"] == [16, 16, 3, 3])
    #expect(named["layers.2.body.3.body.3.weights"]?.reduce(1, *) == 16 * 8 * 4)
    #expect(named["layers.5.weights"] == [6, 4, 1, 1])
    func double(_ input: Int, _ output: Int) -> Int { 9 * output * (input + output) + 4 * output }
    let blocks = double(3, 4) + double(4, 8) + double(8, 16) + double(16, 8) + double(8, 4)
    let up = 16 * 8 * 4 + 8 + 8 * 4 * 4 + 4
    #expect(network.parameterCount == blocks + up + 4 * 6 + 6)
    // Without skips the convolutions on the way up see half as many channels.
    let plain = try self.network(skips: false)
    #expect(plain.outputShape == [6, 16, 16])
    #expect(plain.parameterCount == network.parameterCount - 9 * (4 * 4 + 8 * 8))
  }

  /// Where nothing comes up from the levels below, a network without skips sees nothing of the image.
  @Test func theDetailsGoAroundTheLevelsBelow() throws {
    let x = Tensor(normal: [2, 3, 16, 16], key: RandomKey(seed: varied(3)))
    for skips in [true, false] {
      var network = try network(skips: skips)
      network.forEachParameter { _, parameter in
        // The transposed convolution of the first level: 8 to 4 channels.
        if parameter.value.shape.sorted() == [2, 2, 4, 8] {
          parameter.value = Tensor(zeros: parameter.value.shape)
        }
      }
      let y = network.forward(x, mode: .training)
      let spread = y.max(axis: 3).max(axis: 2) - y.min(axis: 3).min(axis: 2)
      #expect((spread.max() > 0.1) == skips, "skips: \(skips), spread \(spread.max())")
    }
  }

  @Test func sizesThatCannotBeHalvedAreNamed() throws {
    expectCourseError(
      .shapeMismatch, "halves the image 3 times", "multiples of 8, such as 48 x 64", "50 x 63",
      "ImageInput"
    ) { _ = try network([3, 50, 63], levels: 3) }
    expectCourseError(.invalidArgument, "levels", "1 to 8", "0") {
      _ = try network(levels: 0)
    }
    expectCourseError(.shapeMismatch, "images [C, H, W]") { _ = try network([3, 16]) }
    #expect(throws: Never.self) { try UNet.checkSize(height: 64, width: 8, levels: 3) }
  }

  @Test func learnsScenesAndIsSaved() throws {
    let scenes = SyntheticScenes(size: 32, count: 6, seed: 5, figures: 2)
    let data = try Dataset(scenes, as: ImageInput(channels: 3, height: 32, width: 32))
    var network = try NeuralNetwork.unet(
      inputShape: [3, 32, 32], classCount: 6, width: 8, levels: 2,
      optimizer: Adam(learningRate: 0.01), seed: 1)
    network.classNames = data.classNames
    try network.fit(data, options: TrainingOptions(epochs: 25, batchSize: 3))
    let after = try network.evaluate(data)
    #expect(after.metrics["pixel accuracy"]! > 0.93, "\(after.metrics)")
    #expect(after.metrics["mean IoU without background"]! > 0.2, "\(after.metrics)")
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "u.safetensors")
      try network.save(to: file)
      let loaded = try NeuralNetwork(contentsOf: file)
      let x = data.batch(at: [0, 1]).features
      expectClose(
        try loaded.predict(x), try network.predict(x), "predictions", atol: 0, rtol: 0)
      #expect(loaded.loss is LossSum)
      expectClose(
        try loaded.fused().predict(x), try network.predict(x), "fused", atol: 1e-3, rtol: 1e-3)
    }
  }
}
