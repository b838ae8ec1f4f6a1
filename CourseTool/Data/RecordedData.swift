import Networks

extension Recipe {
  private static let dataNote = "data fingerprint"

  /// Notes in a network what it is trained on.
  static func record(_ data: DataSource.Loaded, in network: inout NeuralNetwork) {
    network.notes[dataNote] = data.fingerprint
    DataSource.noteLabel(data.label, in: &network)
  }

  /// The data that a network was trained on, to be divided as they were for its training.
  ///
  /// Everything that uses a part of them comes through here: which part an example is in depends on all examples and
  /// their order, so that after any change some of those that were trained on would be among those to test on.
  ///
  /// - Parameters:
  ///   - isGivenNow: whether the user has just said where they are
  ///   - remedy: what else can be done
  /// - Throws: when they are not the same any more, or came through a pipe.
  func recordedData(
    of network: NeuralNetwork, isGivenNow: Bool = false, skipBroken: Bool, remedy: String
  ) throws -> DataSource.Loaded {
    guard isGivenNow || !DataSource.isPipe(data) else {
      throw CourseError(
        .file, "the data came through a pipe, which cannot be read again", expected: "a file",
        location: data, remedy: remedy)
    }
    let loaded = try loadData(
      schema: DataSource.schema(of: network, self), skipBroken: skipBroken)
    guard let noted = network.notes[Self.dataNote], loaded.isUnchanged(since: noted) else {
      throw CourseError(
        .invalidData, "the data are not the ones that the network was trained on",
        expected: "the same examples in the same order, so that the parts are the same",
        received: "\(loaded.examples.count) examples, with changes", location: data,
        remedy: remedy)
    }
    return loaded
  }
}

extension DataSource.Loaded {
  /// A number for each part of the data that changes when an example changes.
  var fingerprint: String { fingerprints.joined(separator: " ") }

  private var fingerprints: [String] {
    let all =
      parts.map { [$0.train, $0.validation, $0.test] }
      ?? [examples] + [validation, test].compactMap { $0 }
    return all.filter { $0.count > 0 }.map(\.fingerprint)
  }

  /// Whether the data have such a fingerprint. Files of the first version have none of parts that were
  /// divided off before.
  func isUnchanged(since noted: String) -> Bool {
    let noted = noted.split(separator: " ").map(String.init)
    return !noted.isEmpty && fingerprints.starts(with: noted)
  }
}
