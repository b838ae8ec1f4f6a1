import Networks

/// The images that a command is given: a folder, or data with a name.
/// - Parameter skipBroken: leaves out images of a folder that cannot be read
func openImages(
  _ source: String, skipBroken: Bool = false
) throws -> (source: any ImageSource, remarks: ImageRemarks) {
  if let folder = try DataSource.folder(source, skipBroken: skipBroken) { return folder }
  // A path that leads nowhere, or to no images, is no table either.
  if DataSource.isTable(source), DataSource.isPath(source) {
    return (try ImageSources.open(source), ImageRemarks())
  }
  let data = try DataSource.load(source, label: nil).examples
  let images = source == "digits" ? data.reshaped(to: [1, 8, 8]) : data
  return (try DatasetSource(images, range: 0...DataSource.brightest(of: source)), ImageRemarks())
}
