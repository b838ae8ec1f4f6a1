import CCourseDefinitions
import Shared

extension Dataset {
  /// Definitions of nouns from WordNet 3.0, each with the category of the noun: 19 871 short texts of 1 to 28 words in ten
  /// classes (act, animal, artifact, body, communication, food, location, person, plant, substance), shuffled.
  ///
  ///     let data = Dataset.definitions
  ///     data.text(at: 3)                            // "large order of chiefly tropical liverworts"
  ///     data.classNames[data.targets.classIndices[3]]      // "plant"
  ///
  /// The last fifth is meant for tests.
  ///
  /// WordNet 3.0, Copyright 2006 by Princeton University. Its licence, `definitionsLicense`, must be in all copies.
  public static var definitions: Dataset { bundledDefinitions }

  /// The licence of the definitions.
  public static var definitionsLicense: String {
    String(
      decoding: UnsafeRawBufferPointer(
        start: bundled_definitions_license, count: bundled_definitions_license_size),
      as: UTF8.self)
  }

  private static let bundledDefinitions: Dataset = {
    let bytes = [UInt8](
      UnsafeRawBufferPointer(start: bundled_definitions_csv, count: bundled_definitions_csv_size))
    do {
      let table = try CSVTable(
        bytes: bytes, name: "definitions", header: .present, delimiter: ",")
      return try Dataset(texts: table, text: "definition", label: "category")
    } catch {
      stop("the bundled definitions cannot be read: \(error)")
    }
  }()
}
