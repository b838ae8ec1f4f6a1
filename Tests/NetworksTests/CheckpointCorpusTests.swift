import CourseTestSupport
import Foundation
import Networks
import Testing

/// Single changes to saved files: each is refused with words, or taken at its word.
@Suite(.watched) struct CheckpointCorpusTests {
  enum Kind: String, CaseIterable { case images, signals, sequences, containers }

  private static func network(_ kind: Kind) throws -> NeuralNetwork {
    switch kind {
    case .images: try CheckpointCorpus.images()
    case .signals: try CheckpointCorpus.signals()
    case .sequences: try CheckpointCorpus.sequences()
    case .containers: try CheckpointCorpus.containers()
    }
  }

  /// The fields that may hold any finite number, so that negating or enlarging one makes another good file.
  private static let anyNumber: Set = [
    "offset", "scale", "loss", "penalty", "paddingValue", "value", "low", "high", "mean",
    "forgetBias",
  ]
  /// Scores that may be no number at all.
  private static let anyScore: Set = ["loss", "penalty"]
  /// Where zero is as good a value as another: at least 0 is what is asked for.
  private static let zeroIsRight: Set = [
    "learningRate", "baseLearningRate", "momentum", "beta1", "beta2", "rate", "decay", "strength",
    "l1", "l2", "accuracy", "standardDeviation", "negativeSlope", "paddingIndex", "before", "after",
    "optimizerStep", "minimum", "sum", "count", "seen", "limit",
  ]

  /// Fields that may hold any finite number above 0.
  private static let anyPositive: Set = [
    "learningRate", "baseLearningRate", "strength", "l1", "l2", "epsilon", "standardDeviation",
    "_0", "minimum",
  ]
  /// Counts that nothing in the file bounds.
  private static let anyCount: Set = ["epochs", "optimizerStep", "duration"]

  /// Whether a file with such a change may be accepted, where the loader takes it at its word.
  private func isGood(_ path: JSONPath, _ change: String) -> Bool {
    switch change {
    case "negated", "Int.min", "1e308", "-1e308": Self.anyNumber.contains(path.key)
    case "Int.max", "2^31":
      Self.anyNumber.union(Self.anyPositive).contains(path.key)
        || Self.anyCount.contains(path.key) && (change == "2^31" || path.key != "optimizerStep")
    case "nan", "inf": Self.anyScore.contains(path.key)
    case "zero": Self.anyNumber.union(Self.zeroIsRight).contains(path.key)
    default: true
    }
  }

  /// Every so many changes are tried. No number of changes to a field is a multiple of it, so that each kind
  /// of change meets many fields; 1 tries all of them, in a minute.
  private static let interval = 5

  @Test(arguments: Kind.allCases) func noChangeToTheMetadataIsTakenForAnotherOne(kind: Kind) throws
  {
    let network = try Self.network(kind)
    try withTemporaryFolder { folder in
      let (url, copy) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try network.save(to: url)
      let good = try SafetensorsFile(contentsOf: url)
      var (count, accepted) = (0, 0)
      for part in ["model", "training"] {
        let json = try JSONValue(parsing: try #require(good.metadata[part]), name: part)
        for (path, value) in json.places() {
          for (name, new) in value.changes where new != value {
            guard let changed = json.replacing(path.steps[...], by: new) else { continue }
            count += 1
            guard count.isMultiple(of: Self.interval) else { continue }
            var file = good
            file.metadata[part] = changed.description
            try file.encoded().write(to: url)
            let place = "\(part).\(path) \(name): \(new?.description ?? "")"
            guard let loaded = expectRefusedOrLoaded(url, place) else { continue }
            accepted += 1
            #expect(isGood(path, name), "\(place) was accepted")
            // What is accepted also predicts, or says why not.
            _ = try? loaded.predict(Tensor(zeros: [1] + loaded.inputShape))
            try loaded.save(to: copy)
            let again = try #require(SafetensorsFile(contentsOf: copy).metadata[part])
            let resaved = try JSONValue(parsing: again, name: place)
            #expect(resaved.says(changed), "\(place) was taken for something else")
          }
        }
      }
      #expect(count > 500 && accepted > 0, "\(count) changes, \(accepted) accepted")
    }
  }

  /// The network, if it is loaded; an error of another kind than the library's is an issue.
  private func expectRefusedOrLoaded(_ url: URL, _ place: String) -> NeuralNetwork? {
    do {
      return try NeuralNetwork(contentsOf: url)
    } catch let error as CourseError {
      #expect(error.location?.hasPrefix(url.path) == true, "\(place): \(error)")
    } catch {
      Issue.record("\(place): \(error)")
    }
    return nil
  }

  @Test(arguments: Kind.allCases) func noChangeToATensorIsAccepted(kind: Kind) throws {
    let network = try Self.network(kind)
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      try network.save(to: url)
      let good = try SafetensorsFile(contentsOf: url)
      var count = 0
      for (index, (name, tensor)) in good.tensors.enumerated() {
        var changes: [(String, Tensor?)] = [
          ("missing", nil), ("NaN", tensor + .nan), ("flat", tensor.reshaped(to: [-1])),
          ("longer", Tensor(concatenating: [tensor, tensor])),
          ("of one axis more", tensor.reshaped(to: [1] + tensor.shape)),
          ("empty", Tensor(zeros: [0] + tensor.shape.dropFirst())),
        ]
        if name.hasSuffix("unningVariance") || name.contains("Moment")
          || name.contains("meanSquare")
          || name.hasSuffix("passes") || name.hasSuffix("batches")
        {
          if !name.contains("firstMoment") { changes.append(("negative", tensor - 1000)) }
        }
        for (change, new) in changes where new != tensor {
          count += 1
          guard count.isMultiple(of: Self.interval) else { continue }
          var file = good
          if let new { file.tensors[index].tensor = new } else { file.tensors.remove(at: index) }
          try file.encoded().write(to: url)
          let loaded = expectRefusedOrLoaded(url, "\(name) \(change)")
          // A carried state may be that of a batch of another size where the layer has one tensor of it.
          let isGood =
            name.hasSuffix("layers.2.hidden") && kind == .sequences
            && ["longer", "empty"].contains(change)
          #expect(loaded == nil || isGood, "\(name) \(change) was accepted")
        }
      }
    }
  }

  @Test(arguments: Kind.allCases) func theFileItselfIsAcceptedAndResumed(kind: Kind) throws {
    let network = try Self.network(kind)
    try withTemporaryFolder { folder in
      let (url, copy) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try network.save(to: url)
      try NeuralNetwork(contentsOf: url).save(to: copy)
      #expect(try Data(contentsOf: copy) == Data(contentsOf: url))
    }
    #expect(network.progress?.batch == 1)
  }

  /// The square of a gradient of 1e30 is infinite. The weights are finite, and so is all that is computed.
  @Test func anInfiniteStateOfAnOptimizerIsSavedAndLoaded() throws {
    var network = NeuralNetwork(
      inputShape: [1], loss: MeanSquaredErrorLoss(), optimizer: AdaGrad(), seed: 1)
    var dense = Dense(inputSize: 1, outputSize: 1)
    dense.weights.value = [[1e-30]]
    try network.append(dense)
    let data = try Dataset(
      features: Tensor(repeating: 1e30, shape: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
    try network.fit(data, options: TrainingOptions(epochs: 2, batchSize: 2))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      let state = try SafetensorsFile(contentsOf: url)["optimizer.squareSum.layers.0.weights"]
      try #require(
        state == Tensor(shape: [1, 1], scalars: [.infinity]), "the test must have an infinite state"
      )
      #expect(try NeuralNetwork(contentsOf: url).progress == network.progress)
    }
  }

  /// A kilobyte that claims gigabytes: the sizes are compared with the file before a layer is made.
  @Test(arguments: [
    #"""
    {"type":"BatchNorm","configuration":{"channels":SIZE,"momentum":0.9,"epsilon":1e-5,
    "startsWithFirstBatch":false,"averagesBiasedVariance":false}}
    """#,
    #"{"type":"LayerNorm","configuration":{"shape":[SIZE],"epsilon":1e-5}}"#,
    #"{"type":"GroupNorm","configuration":{"groups":1,"channels":SIZE,"epsilon":1e-5}}"#,
    #"""
    {"type":"Dense","configuration":{"inputSize":SIZE,"outputSize":1,"activation":"identity",
    "initializer":{"heNormal":{}},"biasInitializer":{"constant":{"value":0}}}}
    """#,
    #"""
    {"type":"Embedding","configuration":{"vocabularySize":SIZE,"embeddingSize":1,
    "initializer":{"heNormal":{}}}}
    """#,
    #"""
    {"type":"LSTM","configuration":{"inputSize":SIZE,"hiddenSize":1,"returnsSequence":true,
    "isStateful":true,"isReversed":false,"initializer":{"xavierUniform":{}},
    "recurrentInitializer":{"orthogonal":{}},"biasInitializer":{"heNormal":{}}}}
    """#,
    #"""
    {"type":"Conv1D","configuration":{"inputChannels":SIZE,"outputChannels":1,"kernelSize":[1],
    "stride":[1],"padding":{"valid":{}},"dilation":[1],"groups":1,"hasBias":true,
    "activation":"identity","initializer":{"heNormal":{}},"biasInitializer":{"heNormal":{}}}}
    """#,
    #"""
    {"type":"ConvTranspose2D","configuration":{"inputChannels":1,"outputChannels":SIZE,
    "kernelSize":[1,1],"stride":[1,1],"padding":{"valid":{}},"outputPadding":[0,0],
    "dilation":[1,1],"groups":1,"hasBias":true,"activation":"identity",
    "initializer":{"heNormal":{}},"biasInitializer":{"heNormal":{}}}}
    """#,
  ])
  func aFileThatClaimsHugeLayersIsRefusedBeforeTheyAreMade(layer: String) throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "huge")
      let size = 1 << 27
      let layer = layer.replacing("SIZE", with: "\(size)")
      let model =
        #"{"inputShape":[\#(size)],"seed":"1","layers":[\#([layer, layer, layer].joined(separator: ","))],"#
        + #""classNames":[],"featureNames":[],"notes":{},"layerPenalties":{},"decouplesPenalties":false}"#
      try SafetensorsFile(
        metadata: ["format": "deep-learning-course", "format_version": "2", "model": model],
        tensors: [("layers.0.scale", [1])]
      ).write(to: url)
      expectCourseError(.format, "sizes that the file has no weights for", "\(size)", "layer 0") {
        try NeuralNetwork(contentsOf: url)
      }
    }
  }

  /// Sizes that are in range one by one, and whose products are not.
  @Test func shapesWhoseProductsOverflowAreRefused() throws {
    let padding = Padding.explicit(before: [1 << 30, 1 << 30], after: [1 << 30, 1 << 30])
    var network = NeuralNetwork(inputShape: [1, 8, 8])
    expectCourseError(.shapeMismatch, "Conv2D: more padding than input", "layer 0") {
      try network.append(
        Conv2D(inputChannels: 1, outputChannels: 3, kernelSize: 3, padding: padding))
    }
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      try CheckpointCorpus.images().save(to: url)
      var file = try SafetensorsFile(contentsOf: url)
      let model = try #require(file.metadata["model"])
      for shape in ["[4611686018427387904,4,4]", "[0]", "[-2,8,8]", "[2147483648,2]"] {
        file.metadata["model"] = model.replacing(
          "\"inputShape\":[2,8,8]", with: "\"inputShape\":\(shape)")
        try file.write(to: url)
        expectCourseError(.invalidArgument, "inputShape", "size out of range") {
          try NeuralNetwork(contentsOf: url)
        }
      }
    }
  }
}
