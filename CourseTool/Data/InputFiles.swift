import Networks

extension Recipe {
  /// The files and folders that a training reads.
  var inputFiles: [String] { DataSource.files(of: data) + [encoder].compactMap(\.self) }
}

extension DataSource {
  /// The files and folders of a data set; none for a bundled one.
  static func files(of source: String) -> [String] {
    if let remote = RemoteDataset.all.first(where: { $0.name == source }) {
      return [remote.folder().path]
    }
    guard !isKnown(source) else { return [] }
    guard ImageSources.kind(of: source) == .idx,
      let labels = try? ImageSources.labelFile(ofIDX: source)
    else { return [source] }
    return [source, labels]
  }
}
