import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// A series of runs with a CSV file of their results, which is written after each run: an interrupted series goes on
/// from it.
struct SeriesFile {
  /// A run of the series.
  struct Run: Sendable {
    var recipe: Recipe
    /// Identifies all its settings, in the file.
    let key: String
    /// The values that tell it apart from the others.
    let values: [String]

    init(_ recipe: Recipe, values: [String]) throws {
      (self.recipe, self.values) = (recipe, values)
      let fold = recipe.fold.map { " fold \($0.index) of \($0.count)" } ?? ""
      // Another encoder in the same file is another run.
      key = Self.fingerprint(
        try Data((JSONCoding.text(recipe) + fold).utf8) + recipe.contentOfEncoder())
    }

    /// FNV-1a.
    fileprivate static func fingerprint(_ bytes: Data) -> String {
      let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01b3
      }
      return String(hash, radix: 16)
    }
  }

  /// "search": the name of the series; "trial": of a run.
  let name, runName: String
  /// The titles of the values of a run.
  let columns: [String]
  let runs: [Run]
  let output: OutputFile
  /// The results of each run that has ended, by its place.
  private(set) var results: [Int: RunResult] = [:]
  /// The fingerprint of the data of each of these runs.
  private var fingerprints: [Int: String] = [:]
  /// Remarks on the data.
  private(set) var remarks = DataRemarks()
  private let resultOf: (Run) -> RunResult

  /// - Parameters:
  ///   - standard: the name of the file, unless the arguments name one
  ///   - result: the empty result of a run
  init(
    _ name: String, of runName: String, columns: [String], runs: [Run], standard: String,
    inputs: [String], arguments: Arguments, result: @escaping (Run) -> RunResult
  ) throws {
    (self.name, self.runName, self.columns, self.runs) = (name, runName, columns, runs)
    resultOf = result
    let given = arguments[TrainCommand.resume]
    let path = arguments[RunOptions.output] ?? given ?? standard
    guard path.lowercased().hasSuffix(".csv") else {
      throw UsageError("'\(path)': the results of a \(name) are a file that ends in .csv")
    }
    if let given {
      (results, fingerprints) = try Self.read(given, self.name, columns, runs, result)
      // The results of some data and of others have no mean.
      if let (place, known) = fingerprints.min(by: { $0.key < $1.key }), results.count < runs.count
      {
        let data = try runs[place].recipe.loadData(skipBroken: arguments[RunOptions.skipBroken])
        guard Self.shortened(data.fingerprint) == known else {
          throw CourseError(
            .invalidData, "the data have changed since the \(name) began",
            expected: "the same examples in the same order",
            received: "\(data.examples.count) examples, with changes",
            location: runs[place].recipe.data,
            remedy: "Restore the original data, or begin a new \(name), without --resume.")
        }
      }
    }
    output = try OutputFile(
      path, force: arguments[RunOptions.force], replacesOwn: path == given,
      inputs: inputs + runs.compactMap(\.recipe.encoder))
  }

  /// Trains the runs without results.
  mutating func train(
    title: String, isTested: Bool, arguments: Arguments, on terminal: Terminal
  ) throws {
    let left = runs.indices.filter { results[$0] == nil }
    do {
      try RunSeries.train(
        left.map { runs[$0].recipe }, title: title, isTested: isTested,
        skipBroken: arguments[RunOptions.skipBroken], progress: terminal.progress(for: arguments)
      ) { place, result in
        if let outcome = try? result.get() { remarks.add(outcome.remarks) }
        var row = resultOf(runs[left[place]])
        try row.take(result)
        results[left[place]] = row
        fingerprints[left[place]] =
          (try? result.get().network.dataFingerprint).flatMap(\.self).map(Self.shortened)
        let text = csv
        do {
          try output.write(warnings: terminal.error) {
            try AtomicFile.write(Data(text.utf8), to: $0)
          }
        } catch var error as CourseError where error.kind == .file && results.count > 1 {
          error.remedy =
            "Free some space, then go on with the same command and '--resume \(shellQuoted(output.path))'."
          throw error
        }
      }
    } catch let status as ExitStatus {
      terminal.error.clearLine()
      guard !results.isEmpty else {
        terminal.error.line(
          "Interrupted before the first of \(counted(runs.count, runName)) ended.")
        throw status
      }
      terminal.error.line(
        "Interrupted: \(results.count) of \(counted(runs.count, runName)) are in \(output.path). Go on "
          + "with the same command and '--resume \(shellQuoted(output.path))'.")
      throw status
    }
  }

  // MARK: The file

  private static let keyTitle = "key"
  private static let (dataTitle, problemTitle) = ("data", "problem")

  private static func shortened(_ fingerprint: String) -> String {
    Run.fingerprint(Data(fingerprint.utf8))
  }

  /// The scores of a part that any run has.
  private var scoreColumns: [(part: RunResult.Part, score: PartReport.Score)] {
    RunResult.parts.flatMap { part in
      PartReport.scores.filter { score in
        results.values.contains { part.get($0).flatMap(score.get) != nil }
      }.map { (part, $0) }
    }
  }

  private var csv: String {
    let scores = scoreColumns
    let parts = RunResult.parts.filter { part in scores.contains { $0.part.key == part.key } }
    let header =
      [Self.keyTitle] + columns + ["epochs", "kept epoch", "learning rate", "seconds"]
      + parts.map { "\($0.title) examples" }
      + scores.map { "\($0.part.title) \($0.score.title)" } + [Self.dataTitle, Self.problemTitle]
    let lines = runs.indices.compactMap { place in
      results[place].map { result -> [String] in
        let numbers = [
          result.epochs.map { "\($0)" }, result.keptEpoch.map { "\($0 + 1)" },
          result.learningRate.map { "\($0)" }, result.seconds.map { String(format: "%.3f", $0) },
        ]
        let examples = parts.map { $0.get(result).map { "\($0.examples)" } }
        let values = scores.map { $0.part.get(result).flatMap($0.score.get).map { "\($0)" } }
        return [runs[place].key] + runs[place].values
          + (numbers + examples + values).map { $0 ?? "" }
          + [fingerprints[place] ?? "", result.problem ?? ""]
      }
    }
    return ([header] + lines).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  /// The results of an unfinished series.
  private static func read(
    _ path: String, _ name: String, _ columns: [String], _ runs: [Run],
    _ empty: (Run) -> RunResult
  ) throws -> (results: [Int: RunResult], fingerprints: [Int: String]) {
    func refuse(_ what: String, received: String? = nil) -> CourseError {
      CourseError(
        .invalidArgument, what, expected: "the file of this \(name), begun with the same settings",
        received: received, location: path, remedy: "Begin a new \(name), without --resume.")
    }
    guard path.lowercased().hasSuffix(".csv") else {
      throw refuse("a \(name) goes on from its file of results", received: path)
    }
    let table = try CSVTable(contentsOf: path, header: .present, delimiter: ",")
    let names = table.columnNames ?? []
    guard Array(names.prefix(1 + columns.count)) == [keyTitle] + columns,
      names.suffix(2) == [dataTitle, problemTitle]
    else {
      let values = columns.isEmpty ? "" : " of \(columns.joined(separator: ", "))"
      throw refuse("this is not the file of a \(name)\(values)")
    }
    var (results, fingerprints) = ([Int: RunResult](), [Int: String]())
    for line in (0..<table.rowCount).map(table.texts(ofRow:)) {
      guard let place = runs.firstIndex(where: { $0.key == line[0] }) else {
        throw refuse(
          "the settings of the \(name) have changed", received: line.joined(separator: ","))
      }
      let fields = Dictionary(zip(names, line), uniquingKeysWith: { first, _ in first })
      for (title, text) in fields
      where !text.isEmpty && !([keyTitle, dataTitle, problemTitle] + columns).contains(title) {
        guard Double(text) == nil else { continue }
        throw refuse("a number is damaged", received: "\(title) \(text)")
      }
      func number(_ title: String) -> Double? { fields[title].flatMap { Double($0) } }
      var result = empty(runs[place])
      result.epochs = number("epochs").flatMap { Int(exactly: $0) }
      result.keptEpoch = number("kept epoch").flatMap { Int(exactly: $0 - 1) }
      result.learningRate = fields["learning rate"].flatMap { Float($0) }
      result.seconds = number("seconds")
      result.problem = fields[problemTitle].flatMap { $0.isEmpty ? nil : $0 }
      fingerprints[place] = fields[dataTitle].flatMap { $0.isEmpty ? nil : $0 }
      for part in RunResult.parts {
        guard let count = number("\(part.title) examples").flatMap({ Int(exactly: $0) }) else {
          continue
        }
        var report = PartReport(examples: count, loss: .nan)
        for score in PartReport.scores {
          if let value = number("\(part.title) \(score.title)") { score.set(&report, value) }
        }
        part.set(&result, report)
      }
      results[place] = result
    }
    return (results, fingerprints)
  }
}
