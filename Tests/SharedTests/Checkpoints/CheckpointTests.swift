import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct CheckpointTests {
  private func load(_ url: URL) throws -> NeuralNetwork {
    try NeuralNetwork(
      contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
      optimizers: [TinyMomentum.self, TinySGD.self])
  }

  private func trained() throws -> NeuralNetwork {
    var network = try tinyNetwork(seed: .max)
    network.preprocessing = try .standardizing(tinyData())
    network.classNames = ["near", "far"]
    network.featureNames = ["x", "y", "z"]
    network.notes = ["label": "class \"quoted\" ü", "split": "7"]
    try network.fit(tinyData(), options: TrainingOptions(epochs: 2, batchSize: 5))
    return network
  }

  @Test func everythingComesBack() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      let network = try trained()
      try network.save(to: url)
      let copy = try load(url)
      #expect(copy.inputShape == [3])
      #expect(copy.seed == .max, "a seed of 64 bits must keep all of them")
      #expect(copy.summary() == network.summary())
      #expect(copy.preprocessing == network.preprocessing)
      #expect(copy.classNames == ["near", "far"])
      #expect(copy.featureNames == ["x", "y", "z"])
      #expect(copy.notes == network.notes)
      #expect(copy.progress == network.progress)
      let features = try tinyData().features
      #expect(
        try copy.predict(features) == network.predict(features),
        "a loaded network must predict the same bits on raw input")
      let again = folder.appending(path: "again.safetensors")
      try copy.save(to: again)
      #expect(
        try Data(contentsOf: again) == Data(contentsOf: url), "saving a copy must give equal bytes")
      #expect(try names(in: folder) == ["again.safetensors", "network.safetensors"])
    }
  }

  @Test func anUntrainedNetworkWithoutLossAndOptimizerIsSavedToo() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "bare.safetensors")
      var network = NeuralNetwork(inputShape: [2])
      try network.append(TinyDense(inputSize: 2, outputSize: 2))
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url, layers: [TinyDense.self])
      #expect(copy.loss == nil && copy.optimizer == nil && copy.progress == nil)
      #expect(try copy.predict([[1, 2]]) == network.predict([[1, 2]]))
    }
  }

  @Test func lossAndOptimizerMayBeLeftOut() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      let network = try trained()
      try network.save(to: url)
      let copy = try NeuralNetwork(
        contentsOf: url, layers: [TinyDense.self], losses: nil, optimizers: nil)
      #expect(copy.loss == nil && copy.optimizer == nil)
      let features = try tinyData().features
      #expect(try copy.predict(features) == network.predict(features))
    }
  }

  @Test func anUnknownTypeIsNamed() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try trained().save(to: url)
      expectCourseError(.format, "unknown layer", "\"TinyDense\"", url.path) {
        try NeuralNetwork(contentsOf: url, layers: [])
      }
      expectCourseError(.format, "unknown optimizer", "\"TinyMomentum\"", "TinySGD") {
        try NeuralNetwork(
          contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
          optimizers: [TinySGD.self])
      }
      expectCourseError(
        .format, "unknown loss", "\"TinySquaredError\"", "TinySquaredError.self among losses",
        "losses: nil", url.path
      ) {
        try NeuralNetwork(
          contentsOf: url, layers: [TinyDense.self], optimizers: [TinyMomentum.self])
      }
    }
  }

  @Test func foreignAndDamagedFilesAreRefused() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      let network = try trained()
      try network.save(to: url)
      let good = try SafetensorsFile(contentsOf: url)
      func expectRefused(
        _ words: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout SafetensorsFile) -> Void
      ) throws {
        var file = good
        change(&file)
        try file.write(to: url)
        expectCourseError(.format, words, url.path, sourceLocation: sourceLocation) {
          try load(url)
        }
      }
      try expectRefused("not a checkpoint of this library") { $0.metadata = [:] }
      try expectRefused("not a checkpoint of this library") { $0.metadata["format"] = "pt" }
      try expectRefused("another format version: expected 2, as version") {
        $0.metadata["format_version"] = "99"
      }
      try expectRefused("got 99, written by version 7.0.0") { file in
        file.metadata["format_version"] = "99"
        file.metadata["library_version"] = "7.0.0"
      }
      try expectRefused("got 1, written by version before 0.1.0") { file in
        file.metadata["format_version"] = "1"
        file.metadata["library_version"] = nil
      }
      try expectRefused("cannot be read") { $0.metadata["model"] = "{" }
      try expectRefused("cannot be read") { $0.metadata["training"] = "{}" }
      // A misspelt field would be left out without a word, and with it the scaling of the features.
      try expectRefused("unknown field: preprocesing") { file in
        file.metadata["model"]?.replace("preprocessing", with: "preprocesing")
      }
      try expectRefused("unknown field: layers.0.configuration.size") { file in
        file.metadata["model"]?.replace("\"inputSize\":3", with: "\"inputSize\":3,\"size\":3")
      }
      try expectRefused("the key \"seed\" occurs twice") { file in
        file.metadata["model"]?.replace("\"seed\":", with: "\"seed\":\"1\",\"seed\":")
      }
      try expectRefused("no tensor layers.1.bias") { file in
        file.tensors.removeAll { $0.name == "layers.1.bias" }
      }
      try expectRefused("no tensor optimizer.velocity.layers.0.bias") { file in
        file.tensors.removeAll { $0.name == "optimizer.velocity.layers.0.bias" }
      }
      try expectRefused("layers.9.weights") { $0.tensors.append(("layers.9.weights", [1])) }
      try expectRefused("layers.0.weights of shape [4, 3]") { file in
        file.tensors = file.tensors.map { name, tensor in
          (name, name == "layers.0.weights" ? tensor.transposed() : tensor)
        }
      }
      try expectRefused("NaN in tensor optimizer.velocity.layers.0.bias") { file in
        file.tensors = file.tensors.map { name, tensor in
          (name, name == "optimizer.velocity.layers.0.bias" ? tensor + .nan : tensor)
        }
      }
      try expectRefused("NaN or infinity in tensor layers.0.bias") { file in
        file.tensors = file.tensors.map { name, tensor in
          (name, name == "layers.0.bias" ? tensor + .infinity : tensor)
        }
      }
      let model = try #require(good.metadata["model"])
      var file = good
      file.metadata["model"] = model.replacing("\"inputSize\":3", with: "\"inputSize\":5")
      try file.write(to: url)
      expectCourseError(.shapeMismatch, "layer 0", url.path) { try load(url) }
    }
  }

  @Test func everyTruncationIsRefused() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try trained().save(to: url)
      let bytes = try Data(contentsOf: url)
      let cut = folder.appending(path: "cut.safetensors")
      for length in stride(from: 0, to: bytes.count, by: 97) {
        try bytes.prefix(length).write(to: cut)
        #expect(throws: CourseError.self, "\(length) of \(bytes.count) bytes") { try load(cut) }
      }
    }
  }

  @Test func aDivergedNetworkIsNotSavedOverAGoodOne() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var network = try trained()
      try network.save(to: url)
      let before = try Data(contentsOf: url)
      network.forEachParameter { _, parameter in parameter.value *= Float.infinity }
      expectCourseError(.diverged, "layers.0", url.path) { try network.save(to: url) }
      #expect(try Data(contentsOf: url) == before)
      #expect(try names(in: folder) == ["network.safetensors"])
    }
  }
}
