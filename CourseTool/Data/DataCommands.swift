import CourseCommandLine
import CourseTraining
import Networks

/// `course data list`
enum DataListCommand: Command {
  static let description = CommandDescription(
    name: "data list",
    abstract: "List the bundled and the downloadable data sets.")

  private struct Record: Encodable {
    var name: String
    var abstract: String
    var examples: Int
    var shape: [Int]
    var classes: Int?
  }

  private struct Download: Encodable {
    var name: String
    var abstract: String
    var folder: String
    var bytes: Int
    /// The number of complete files in the folder.
    var filesHere: Int
    var files: Int
  }

  private struct TextRecord: Encodable {
    var name: String
    var abstract: String
    var characters: Int
    var vocabulary: Int
  }

  private struct Listing: Encodable {
    var data: [Record]
    var texts: [TextRecord]
    var downloads: [Download]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let out = terminal.output
    let downloads = RemoteDataset.all.map { dataset in
      Download(
        name: dataset.name, abstract: dataset.abstract, folder: dataset.folder().path,
        bytes: dataset.files.reduce(0) { $0 + $1.size },
        filesHere: dataset.files.count { $0.isPresent(in: dataset.folder()) },
        files: dataset.files.count)
    }
    var records = DataSource.bundled.map { source in
      let data = source.load()
      return Record(
        name: source.name, abstract: source.abstract, examples: data.count, shape: data.inputShape,
        classes: data.classCount)
    }
    records.append(
      Record(
        name: DataSource.figures.name, abstract: DataSource.figures.abstract,
        examples: DataSource.figures.count, shape: [3, 32, 32],
        classes: SyntheticImages(count: 1, seed: 1).classNames.count))
    records.append(
      Record(
        name: DataSource.scenes.name, abstract: DataSource.scenes.abstract,
        examples: DataSource.scenes.count, shape: [3, 64, 64],
        classes: SyntheticScenes(count: 1, seed: 1).pixelClassNames.count))
    let text = TextRecord(
      name: DataSource.shakespeare.name, abstract: DataSource.shakespeare.abstract,
      characters: CharacterText.shakespeare.tokens.count,
      vocabulary: CharacterText.shakespeare.vocabulary.count)
    if arguments[CommonOptions.json] {
      return try out.json(Listing(data: records, texts: [text], downloads: downloads))
    }
    out.line("Bundled:\n")
    for record in records {
      let classes = record.classes.map { ", \($0) classes" } ?? ""
      out.line("\(out.style.bold(record.name.padded(right: 19)))\(record.abstract)")
      out.line(
        String(repeating: " ", count: 19)
          + (record.name == DataSource.definitions
            ? "\(record.examples) texts"
            : "\(counted(record.examples, "example")) of shape \(record.shape)")
          + classes)
    }
    out.line("\(out.style.bold(text.name.padded(right: 19)))\(text.abstract)")
    out.line("                   \(text.characters) characters, \(text.vocabulary) different ones")
    out.line("\nDownloadable ('\(terminal.command) data fetch NAME'):\n")
    for download in downloads {
      let state =
        switch download.filesHere {
        case download.files: out.style.green("downloaded")
        case 0: "not downloaded"
        case let count: out.style.yellow("\(count) of \(download.files) files downloaded")
        }
      out.line("\(out.style.bold(download.name.padded(right: 19)))\(download.abstract)")
      out.line("                   \(sizeText(download.bytes)), \(state): \(download.folder)")
    }
    out.line(
      "\nCSV files and folders of images work as well: see "
        + "'\(terminal.command) help data inspect'.")
  }
}

/// `course data inspect NAME|FILE|FOLDER`
enum DataInspectCommand: Command {
  static let label = Option(
    "label", .text("COLUMN"), "label column: its name, or its index from 0")

  static let description = CommandDescription(
    name: "data inspect",
    abstract: "Show the classes, ranges, missing values and first rows of a data set.",
    discussion: """
      For images, it decodes every file and counts classes and sizes. A folder of
      images has a subfolder for each class, or numbered images and a file
      Labels.json, {"0": 6, "1": 9, ...}. For a table, it says what training would do
      with each column.
      """,
    operands: [
      Operand(
        "NAME|FILE|FOLDER", .one,
        "a name from 'data list', a CSV, npz, IDX or CIFAR file, or a folder of images; '-' is a "
          + "table on standard input")
    ],
    options: [label] + Recipe.settings.filter { Recipe.tableSettings.contains($0.name) }
      + [RunOptions.skipBroken, CommonOptions.quiet])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let source = arguments.operands[0]
    let overview: DataOverview
    // For a text that is neither a known name nor a path, the loader's message about names is the right one.
    if !DataSource.isTable(source) || !DataSource.isPath(source) {
      guard arguments[label] == nil else {
        throw UsageError("'--label' applies to CSV files only")
      }
      if let folder = try DataSource.folder(
        source, skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments))
      {
        let progress = ProgressLine(
          "decoding", total: folder.source.count, unit: "images",
          on: terminal.progress(for: arguments))
        defer { progress.clear() }
        overview = try DataOverview(
          ShownImages(folder.source, counting: progress), folder.remarks)
      } else {
        overview = DataOverview(try DataSource.load(source, label: nil).examples)
      }
    } else {
      let label = arguments[label].map { LabelColumn(argument: $0) }
      var recipe = Recipe(recipe: "")
      recipe.apply(arguments)
      overview = try DataOverview(
        DataSource.table(source, expecting: label?.names ?? []), label: label,
        options: recipe.preparationOptions)
    }
    if arguments[CommonOptions.json] { return try terminal.output.json(overview) }
    terminal.output.line(overview.text(for: terminal.output))
  }
}
