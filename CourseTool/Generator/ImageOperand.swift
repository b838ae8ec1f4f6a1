import CourseCommandLine
import Networks

/// The images of a folder, or of a data set with a name.
/// - Parameters:
///   - skipBroken: whether to skip images of a folder that cannot be read
///   - progress: the stream for the progress of reading them; `nil` for none
func openImages(
  _ source: String, skipBroken: Bool = false, progress: TextStream? = nil
) throws -> (source: any ImageSource, remarks: DataRemarks) {
  if let folder = try DataSource.folder(
    source, skipBroken: skipBroken, progress: progress)
  {
    return folder
  }
  // For a path without images, the error is about images and not about tables.
  if DataSource.isTable(source), DataSource.isPath(source) {
    return (try ImageSources.open(source), DataRemarks())
  }
  let data = try DataSource.load(source, label: nil).examples
  let images = source == "digits" ? data.reshaped(to: [1, 8, 8]) : data
  return (try DatasetSource(images, range: 0...DataSource.brightest(of: source)), DataRemarks())
}
