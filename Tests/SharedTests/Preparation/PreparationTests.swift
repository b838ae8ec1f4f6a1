import CourseTestSupport
import Foundation
import Testing

@testable import Shared

@Suite(.watched) struct PreparationTests {
  /// Words, gaps, an index, an identifier, a constant column, yes and no, a date, decimal commas.
  private let text = """
    ;Name;Sex;Age;Paid;Joined;Weight;Year;kind
    0;Ann A;f;30;yes;2012-01-01;60,5;2020;a
    1;Bob B;m;;no;2012-01-03;;2020;b
    2;Cid C;m;20;no;2012-02-01;1.080,0;2020;a
    3;Dee D;f;50;yes;2012-01-11;55,0;2020;b
    4;Eve E;?;40;yes;2012-01-02;70,25;2020;a
    5;Fay F;f;10;no;2012-01-01;52,0;2020;b
    """

  private func prepared(
    _ text: String, target: LabelColumn = "kind",
    _ change: (inout PreparationOptions) -> Void = { _ in }
  ) throws -> (data: Dataset, preparation: Preparation) {
    var options = PreparationOptions()
    change(&options)
    let table = try CSVTable(text: text)
    let preparation = try Preparation(table, target: target, options: options)
    return (try preparation.dataset(table), preparation)
  }

  @Test func everyKindOfColumnBecomesFeatures() throws {
    let (data, preparation) = try prepared(text)
    #expect(
      data.featureNames == [
        "Sex = f", "Sex = m", "Sex is missing", "Age", "Age is missing", "Paid", "Joined", "Weight",
        "Weight is missing",
      ])
    // SimpleImputer(strategy="median", add_indicator=True) of scikit-learn for Age and Weight.
    #expect(
      data.features == [
        [1, 0, 0, 30, 0, 1, 0, 60.5, 0], [0, 1, 0, 30, 1, 0, 2, 60.5, 1],
        [0, 1, 0, 20, 0, 0, 31, 1080, 0], [1, 0, 0, 50, 0, 1, 10, 55, 0],
        [0, 0, 1, 40, 0, 1, 1, 70.25, 0], [1, 0, 0, 10, 0, 0, 0, 52, 0],
      ])
    #expect(data.classNames == ["a", "b"] && data.targets == .classes([0, 1, 0, 1, 0, 1]))
    #expect(preparation.leftOut.map(\.name) == ["column 0", "Name", "Year"])
    #expect(preparation.unscaledFeatures == [0, 1, 2, 4, 5, 8])
    let words = "\(preparation)"
    for part in [
      "one of 2 words: f, m; gaps marked", "number; gaps 30, and marked", "yes or no",
      "left out: it counts the rows", "left out: it is 2020 in all rows",
      "decimal comma, thousands by point", "a text of its own (6 in 6 rows)",
    ] {
      #expect(words.contains(part), "\(words)")
    }
    #expect(!preparation.isPlain)
  }

  @Test(
    arguments: [
      (.mean, [30, 30, 20, 50, 40, 10], [1, 0, 0, 1, 1, 1]),
      (.median, [30, 30, 20, 50, 40, 10], [1, 0, 0, 1, 1, 1]),
    ] as [(Preparation.Missing, [Float], [Float])])
  func gapsAreFilled(missing: Preparation.Missing, age: [Float], isFemale: [Float]) throws {
    let (data, _) = try prepared(text) { $0.missing = missing }
    #expect(data.featureNames == ["Sex = f", "Sex = m", "Age", "Paid", "Joined", "Weight"])
    #expect(data.features.slice(axis: 1, at: 2).scalars == age)
    #expect(data.features.slice(axis: 1, at: 0).scalars == isFemale)
    let weight = data.features[1, 5]
    // (60.5 + 1080 + 55 + 70.25 + 52) / 5
    #expect(missing == .mean ? weight == 263.55 : weight == 60.5)
  }

  @Test func rowsWithGapsAreLeftOutOrRefused() throws {
    let (data, _) = try prepared(text) { $0.missing = .dropRow }
    #expect(data.features.slice(axis: 1, at: 2).scalars == [30, 20, 50, 10])
    #expect(data.targets == .classes([0, 0, 1, 1]))
    expectCourseError(.invalidData, "line 3, column 4 (\"Age\")", "a value is missing") {
      try prepared(text) { $0.missing = .refuse }
    }
    expectCourseError(.invalidData, "every row has a gap") {
      try prepared("x,y,kind\n1,,a\n,2,b\n") { $0.missing = .dropRow }
    }
    // A row to predict is to have an answer.
    let table = try CSVTable(text: text)
    var options = PreparationOptions()
    options.missing = .dropRow
    let preparation = try Preparation(table, target: "kind", options: options)
    expectCourseError(.invalidData, "a value is missing") { try preparation.features(of: table) }
  }

  @Test func rowsWithoutATargetAreLeftOutOrRefused() throws {
    let rows = ["1,a,2.5", "2,,", "3,b,4", ",b,5", "5,?,-", "6,a,unknown", "7,b,7"]
    let table = try CSVTable(text: "x,kind,y\n" + rows.joined(separator: "\n"))
    func prepared(
      _ target: LabelColumn, areNumbers: Bool = false, _ change: (inout PreparationOptions) -> Void
    ) throws -> (data: Dataset, preparation: Preparation, reading: PreparedRows) {
      var options = PreparationOptions()
      options.columns = ["x"]
      change(&options)
      return try table.prepared(
        targets: [target], areNumbers ? .numbers : .classes, options: options,
        trainingRows: { Array(0..<$0.count) })
    }
    let classes = try prepared("kind") { $0.missing = .dropRow }
    #expect(
      classes.data.targets == .classes([0, 1, 0, 1]) && classes.data.classNames == ["a", "b"])
    #expect(classes.data.features.scalars == [1, 3, 6, 7])
    #expect(classes.reading.rows.withoutTarget == [1, 4] && classes.reading.rows.withGap == [3])
    #expect(table.lines(ofRows: [1, 4]) == "lines 3, 6" && table.lines(ofRows: [6]) == "line 8")
    #expect(table.lines(ofRows: Array(0..<7)) == "lines 2, 3, 4, 5, 6 and 2 more")
    let numbers = try prepared("y", areNumbers: true) {
      ($0.missing, $0.missingMarks) = (.dropRow, ["unknown"])
    }
    #expect(numbers.data.features.scalars == [1, 3, 7])
    #expect(numbers.reading.rows.withoutTarget == [1, 4, 5])
    // Another table for the network, as `evaluate` reads it.
    let again = try numbers.preparation.examples(in: table)
    #expect(again.data.features.scalars == [1, 3, 7])
    #expect(again.reading.rows.withoutTarget == [1, 4, 5] && again.reading.rows.withGap == [3])
    expectCourseError(.invalidData, "the label is missing", "line 3", "leave rows with gaps out") {
      try prepared("kind") { $0.missing = .indicator }
    }
    // A mark of missing values may be a class.
    let marked = try prepared("kind") { ($0.missing, $0.missingMarks) = (.dropRow, ["a"]) }
    #expect(marked.data.classNames == ["a", "b"])
    expectCourseError(.invalidData, "the number to predict is missing", "line 3") {
      try prepared("y", areNumbers: true) { $0.missingMarks = ["unknown"] }
    }
  }

  @Test func onlyTrainingRowsAreFitted() throws {
    // The last rows have an outlier, a word of their own, and the only other value of c.
    let rows = (0..<20).map {
      "\($0 == 19 ? 900 : $0),\($0 == 19 ? "z" : $0 % 2 == 0 ? "u" : "v"),"
        + "\($0 == 19 ? 1 : 0),\($0 % 2)"
    }
    let table = try CSVTable(text: "x,w,c,kind\n" + rows.joined(separator: "\n"))
    let prepared = try table.prepared(
      targets: ["kind"], options: PreparationOptions(), trainingRows: { _ in Array(0..<19) })
    #expect(prepared.data.featureNames == ["x", "w = u", "w = v"])
    #expect(prepared.data.features.rows(at: [19]).scalars == [900, 0, 0])
    #expect(prepared.preparation.columns[0].fill == 9)
    #expect(prepared.preparation.leftOut.map(\.name) == ["c"])
    #expect(prepared.reading.notes.contains { $0.contains("\"w\"") && $0.contains("\"z\"") })

    let (parts, preparation) = try table.split(target: "kind", seed: 3)
    #expect(parts.train.count == 14 && parts.test.count == 3)
    let fitted = parts.train.features.slice(axis: 1, at: 0).scalars.sorted()
    #expect(preparation.columns[0].fill == Double(fitted[6] + fitted[7]) / 2)
  }

  @Test func otherTablesAreReadTheSameWay() throws {
    let (data, preparation) = try prepared(text)
    // By name, in another order, without label, with new gaps and words, other capitals.
    let other = try CSVTable(
      text: "Weight;Paid;Age;Joined;Sex\n60,5;no;;1.5.2012;F\n", expecting: ["Weight"])
    expectCourseError(.invalidData, "does not fit its column", "line 2, column 4 (\"Joined\")") {
      try preparation.features(of: other)
    }
    let right = try CSVTable(text: "Weight;Paid;Age;Joined;Sex\n60,5;;;2012-01-06;F\n1;no;3;;x\n")
    #expect(
      try preparation.features(of: right)
        == [[1, 0, 0, 30, 1, 0.5, 5, 60.5, 0], [0, 0, 0, 3, 0, 0, 1.5, 1, 0]])
    expectCourseError(.invalidData, "columns are missing", "no \"Sex\"") {
      try preparation.features(of: CSVTable(text: "Weight;Paid;Age;Joined\n60,5;no;;2012-01-06\n"))
    }
    // By place, with and without the label.
    let lines = text.split(separator: "\n").dropFirst()
    let bare = try CSVTable(text: lines.joined(separator: "\n"), header: .absent)
    #expect(try preparation.features(of: bare) == data.features)
    let unlabelled = lines.map { String($0.dropLast(2)) }.joined(separator: "\n")
    #expect(
      try preparation.features(of: CSVTable(text: unlabelled, header: .absent)) == data.features)
  }

  @Test func datesBecomeCalendarParts() throws {
    let (data, _) = try prepared(
      "day,kind\n2012-01-02 06:00,a\n2012-07-03 12:00,b\n2013-04-01 00:00,a\n"
    ) { $0.usesCalendar = true }
    #expect(
      data.featureNames == [
        "day year", "day month sine", "day month cosine", "day weekday sine", "day weekday cosine",
        "day hour sine", "day hour cosine",
      ])
    // Monday in January at six; Tuesday in July at noon: np.sin(2 * np.pi * np.array([6/12, 1/7, .5])).
    expectClose(
      data.features[0..<2],
      [[2012, 0, 1, 0, 1, 1, 0], [2012, 0, -1, 0.78183148, 0.6234898, 0, -1]],
      "calendar parts", atol: 1e-6, rtol: 0)
  }

  @Test func datesOfOneYearHaveNoYear() throws {
    let (data, _) = try prepared("day,kind\n2012-01-02,a\n2012-07-03,b\n") {
      $0.usesCalendar = true
    }
    #expect(data.featureNames.first == "day month sine" && data.inputShape == [4])
    #expect(data.features[0, 1] == 1)
  }

  @Test func columnsAreChosen() throws {
    #expect(
      try prepared(text) { $0.ignored = ["Sex", 3] }.preparation.columns.map(\.name)
        == ["Paid", "Joined", "Weight"])
    // Asked for, an index is a number.
    let (data, preparation) = try prepared(text) { $0.columns = ["Age", 0] }
    #expect(data.featureNames == ["column 0", "Age", "Age is missing"])
    #expect(preparation.leftOut.isEmpty)
    let codes = try prepared("zip,kind\n10115,a\n80331,b\n10115,a\n80331,b\n") {
      $0.words = ["zip"]
    }
    #expect(codes.data.featureNames == ["zip = 10115", "zip = 80331"])
    for (change, problem) in [
      ({ $0.ignored = ["Agee"] }, "there is no column \"Agee\""),
      ({ $0.columns = ["Age", "kind"] }, "the column to predict"),
      (
        {
          $0.columns = ["Age"]; $0.ignored = ["Age"]
        }, "to be ignored"
      ),
      (
        {
          $0.columns = ["Age"]; $0.words = ["Paid"]
        }, "not among `columns`"
      ),
      ({ $0.columns = ["Age", 3] }, "named twice"),
    ] as [((inout PreparationOptions) -> Void, String)] {
      expectCourseError(.invalidArgument, problem) { try prepared(text, change) }
    }
  }

  // MARK: Doubtful columns

  private func column(_ cells: [String], more: String = "") -> String {
    "x,n,kind\n"
      + cells.enumerated().map { "\"\($1)\",\($0 * 7 % 5),\($0 % 2)" }
      .joined(separator: "\n")
  }

  @Test func numbersAmongWordsAreRefused() throws {
    let cells = (0..<40).map { $0 == 17 ? "unknown" : "\($0 * 3)" }
    expectCourseError(
      .invalidData, "line 19, column 1 (\"x\")", "numbers and words", "39 numbers",
      "\"unknown\"", "missingMarks"
    ) { try prepared(column(cells)) }
    let marked = try prepared(column(cells)) { $0.missingMarks = ["unknown", "0"] }
    #expect(marked.data.features.slice(axis: 1, at: 1).scalars.filter { $0 == 1 }.count == 2)
    // A few numbers, each of them often, are words.
    let few = (0..<40).map { $0 % 4 == 3 ? "3+" : "\($0 % 4)" }
    #expect(
      try prepared(column(few)).data.featureNames == ["x = 0", "x = 1", "x = 2", "x = 3+", "n"])
  }

  @Test func manyWordsBecomeAVocabularyOrIdentifyRows() throws {
    let names = (0..<60).map { "name \($0)" }
    #expect(try prepared(column(names)).preparation.leftOut.map(\.name) == ["x"])
    let cities = (0..<240).map { "city \($0 % 60)" }
    let (data, preparation) = try prepared(column(cities))
    #expect(data.featureNames == ["x", "n"] && preparation.vocabularies == [0: 61])
    #expect(try prepared(column(cities)) { $0.wordLimit = 60 }.data.inputShape == [61])
    let asked = try prepared(column(names)) { $0.columns = ["x", "n"] }
    #expect(asked.preparation.leftOut.map(\.reason) == ["no text of it is in 3 training rows"])
    // Tickets: codes among numbers.
    let tickets = (0..<60).map { $0 % 3 == 0 ? "A/5 \($0)" : "\(21000 + $0)" }
    #expect(try prepared(column(tickets)).preparation.leftOut.map(\.name) == ["x"])
  }

  /// Word w is in w rows; with a gap in two of them.
  @Test func wordsOfAVocabularyHaveIndices() throws {
    let words = (1..<12).flatMap { word in
      [String](repeating: "w\(word)", count: word)
    }
    let text =
      "n,x,kind\n1,?,a\n1,?,a\n"
      + words.enumerated().map { "\($0 % 7),\($1),\($0 % 2 == 0 ? "a" : "b")\n" }.joined()
    let (data, preparation) = try prepared(text) { $0.wordLimit = 10 }
    // Sorted as texts; w1 and w2 are rare.
    let values = ["w10", "w11", "w3", "w4", "w5", "w6", "w7", "w8", "w9"]
    #expect(preparation.columns[1].kind == .vocabulary(values: values))
    #expect(data.featureNames == ["n", "x", "x is missing"] && preparation.vocabularies == [1: 10])
    #expect(preparation.unscaledFeatures == [1, 2])
    let expected = [0, 0] + words.map { Float((values.firstIndex(of: $0) ?? -1) + 1) }
    #expect(data.features.slice(axis: 1, at: 1).scalars == expected)
    #expect(data.features.slice(axis: 1, at: 2).scalars == [1, 1] + words.map { _ in 0 })
    #expect(
      "\(preparation)".contains("one of 9 words or another, as a vector: w10, w11, w3, w4, ..."))
    let scaler = try preparation.standardizing(data)
    #expect(scaler(data.features).slice(axis: 1, at: 1).scalars == expected)
    // Another table: words in other capitals, of two rows, new ones, gaps.
    let table = try CSVTable(text: "x,n\nW4,1\nw2,1\nnew,2\n,3\n")
    #expect(
      try preparation.features(of: table) == [[1, 4, 0], [1, 0, 0], [2, 0, 0], [3, 0, 1]])
    let notes = try preparation.read(
      table, columns: [1, 0], of: CompleteRows(rows: [0, 1, 2, 3])
    ).notes
    #expect(notes.contains { $0.contains("fewer than 3 training rows") && $0.contains("\"new\"") })
    // The most frequent word in gaps.
    let filled = try prepared(text) { ($0.wordLimit, $0.missing) = (10, .median) }
    #expect(filled.data.features.slice(axis: 1, at: 1).scalars.prefix(2) == [2, 2])
    #expect("\(filled.preparation)".contains("as a vector"))
    // Saved and read again.
    let copy = try JSONCoding.decode(Preparation.self, from: JSONCoding.text(preparation))
    #expect(copy == preparation)
    try copy.check(inputShape: [3])
    expectCourseError(.format, "a preparation of other features") {
      try copy.check(inputShape: [12])
    }
  }

  @Test func identifiersAreLeftOut() throws {
    let rows = (0..<12).map { "\(($0 * 7) % 12 + 100),\($0),\($0 % 3),\($0 % 2)" }
    let (data, preparation) = try prepared("customer_id,t,x,kind\n" + rows.joined(separator: "\n"))
    // A column that counts under a name of its own may be the time.
    #expect(data.featureNames == ["t", "x"])
    #expect(preparation.leftOut == [.init(name: "customer_id", reason: "it identifies the rows")])
  }

  @Test func marksInDoubtAreRefused() throws {
    let text = "x;n;kind\n1,234;1;a\n2,500;2;b\n12,750;3;a\n"
    expectCourseError(.invalidData, "may be a decimal one", "`decimal`", "\"1,234\"") {
      try prepared(text)
    }
    #expect(try prepared(text) { $0.decimal = .comma }.data.features[0, 0] == 1.234)
    #expect(try prepared(text) { $0.decimal = .point }.data.features[0, 0] == 1234)
    // Another column tells.
    let told = try prepared("x;n;kind\n1,234;1,5;a\n2,500;2,25;b\n12,750;3,1;a\n")
    #expect(told.data.features[0, 0] == 1.234)
    let groups = try prepared("x;n;kind\n1.234;1,5;a\n950;2,25;b\n12.750;3,1;a\n")
    #expect(groups.data.features.slice(axis: 1, at: 0).scalars == [1234, 950, 12750])
    // Commas that separate fields are no decimal ones.
    #expect(try prepared("x,kind\n\"1,234\",a\n\"2,500\",b\n950,a\n").data.features[0, 0] == 1234)
    expectCourseError(.invalidData, "the day or the month", "`ignored`") {
      try prepared("x,kind\n3/4/2012,a\n5/6/2012,b\n")
    }
  }

  @Test func tablesWithoutAnythingToLearnFromAreRefused() throws {
    expectCourseError(.invalidData, "no features", "none that can be used") {
      try prepared("x,kind\n,a\n,b\n")
    }
    expectCourseError(.invalidData, "no features", "no other column") {
      try prepared("kind\na\nb\n")
    }
    expectCourseError(.invalidData, "no features that differ") {
      try CSVTable(text: "x,kind\n1,a\n1,b\n2,a\n").prepared(
        targets: ["kind"], options: .init(), trainingRows: { _ in [0, 1] })
    }
  }

  // MARK: Checkpoints

  @Test func aCheckpointKeepsThePreparation() throws {
    let table = try CSVTable(text: text)
    let (data, preparation) = try prepared(text)
    var network = NeuralNetwork(inputShape: [9], seed: 1)
    network.preparation = preparation
    network.preprocessing = try preparation.standardizing(data)
    network.featureNames = preparation.featureNames
    // One-hot features stay as they are.
    let scaled = network.preprocessing!(data.features)
    #expect(scaled.slice(axis: 1, at: 0) == data.features.slice(axis: 1, at: 0))
    #expect(abs(scaled.slice(axis: 1, at: 3).mean()) < 1e-6)
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "model.safetensors")
      try network.save(to: file)
      let loaded = try NeuralNetwork(contentsOf: file, layers: [])
      #expect(loaded.preparation == preparation)
      #expect(try loaded.predict(table) == network.predict(table))
      // Its features must be those of the network.
      var wrong = network
      wrong.preparation?.columns.removeLast()
      try wrong.save(to: file)
      expectCourseError(.format, "damaged checkpoint", "a preparation of other features") {
        try NeuralNetwork(contentsOf: file, layers: [])
      }
      for change in [
        { $0.columns[0].place = 99 }, { $0.columns[1].fill = 1e300 },
        { $0.columns[0].kind = .words(values: ["a", "a"]) }, { $0.columns[1].name = "Sex" },
      ] as [(inout Preparation) -> Void] {
        var wrong = network
        change(&wrong.preparation!)
        try wrong.save(to: file)
        expectCourseError(.format, "damaged checkpoint") {
          try NeuralNetwork(contentsOf: file, layers: [])
        }
      }
    }
  }

  @Test func aNetworkWithoutPreparationTakesPlainNumbers() throws {
    var network = NeuralNetwork(inputShape: [2], seed: 1)
    network.featureNames = ["x", "y"]
    #expect(try network.predict(CSVTable(text: "y,x\n2,1\n")) == [[1, 2]])
    expectCourseError(.invalidData, "a value is missing") {
      try network.predict(CSVTable(text: "y,x\n2,\n3,4\n"))
    }
  }

  // MARK: Encodings

  @Test func otherEncodingsAreRead() throws {
    let text = "größe;Ort\n1;Köln\n2;Genève – €\n"
    for (bytes, encoding) in [
      ([UInt8](text.utf8), .utf8),
      ([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, .utf16),
      ([0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }, .utf16),
      ("a;b;c;d;e;f;g;h\n1;2;3;4;5;6;7;8\n".utf16.flatMap { [UInt8($0), 0] }, .utf16),
      ([UInt8](text.data(using: .windowsCP1252)!), .latin1),
    ] as [([UInt8], TextEncoding)] {
      let table = try CSVTable(bytes: bytes, name: "x.csv")
      #expect(table.encoding == encoding)
      if table.columnCount == 2 {
        #expect(table.columnNames == ["größe", "Ort"])
        #expect(table.text(row: 1, column: 1) == "Genève – €")
      }
    }
  }

  @Test func noFlippedBitOfATableTraps() throws {
    let bytes = Array(text.utf8)
    for bit in stride(from: 0, to: bytes.count * 8, by: 3) {
      var bytes = bytes
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = try? CSVTable(bytes: bytes, name: "x").split(target: -1, seed: 1)
    }
  }
}
