import Shared

/// The notes that a run leaves in its network.
extension NeuralNetwork {
  /// The recipe with its settings, as JSON.
  package var recipeNote: String? {
    get { notes["recipe"] }
    set { notes["recipe"] = newValue }
  }

  /// The command that made the network, such as "course train".
  package var author: String? {
    get { notes["written by"] }
    set { notes["written by"] = newValue }
  }

  /// The fingerprint of the data that the network was trained on.
  package var dataFingerprint: String? {
    get { notes["data fingerprint"] }
    set { notes["data fingerprint"] = newValue }
  }

  /// The value of a pixel of each class in the masks that the network was trained on, where it is not the number of the
  /// class.
  package var maskValues: [UInt8]? {
    get {
      // A file may say anything.
      let values = notes["mask values"]?.split(separator: ",").map { UInt8($0) } ?? []
      let known = values.compactMap(\.self)
      return Set(known).count == outputShape.first && known.count == values.count ? known : nil
    }
    set { notes["mask values"] = newValue?.map(String.init).joined(separator: ",") }
  }
}

extension Dataset {
  /// A hash of the examples: FNV-1a over labels and features.
  ///
  /// It detects that data have changed by accident, not on purpose.
  package var fingerprint: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ value: UInt32) { hash = (hash ^ UInt64(value)) &* 0x100_0000_01b3 }
    func mix(_ targets: Target) {
      switch targets {
      case .values(let values): for value in values.scalars { mix(value.bitPattern) }
      case .classes(let labels), .classSequences(let labels, _):
        for label in labels { mix(UInt32(truncatingIfNeeded: label)) }
      case .tasks(let tasks):
        for (_, target) in tasks.sorted(by: { $0.key < $1.key }) { mix(target) }
      }
    }
    mix(targets)
    for (_, values) in sideInputs.sorted(by: { $0.key < $1.key }) {
      for value in values.scalars { mix(value.bitPattern) }
    }
    forEachPiece { piece in
      for value in piece.scalars { mix(value.bitPattern) }
    }
    return String(hash, radix: 16)
  }
}
