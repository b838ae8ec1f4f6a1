import CourseCommandLine
import ExplorationNetworks
import Foundation
import Networks
import Pictures

// The sections of a report about the data, the settings and the way to repeat the training.

extension ModelReport {
  /// The parts with their names.
  private var namedParts: [(name: String, data: Dataset)] {
    guard let parts else { return [(measured.part, measured.data)] }
    return [
      ("training", parts.train), ("validation", parts.validation), ("test", parts.test),
    ].filter { part in scores.contains { $0.part == part.0 } || part.0 == "training" }
  }

  var data: Report.Section {
    let first = namedParts[0].data
    var facts = [Report.Fact("Source", measured.source)]
    if recipe?.isText == true {
      facts.append(.init("Different characters", "\(network.classNames.count)"))
    } else if let tokenizer = network.textTokenizer {
      facts += [
        .init("Known words", (tokenizer.tokenCount - 2).grouped),
        .init("Words read of a text", "at most \(tokenizer.configuration.maximumWords)"),
      ]
    } else {
      facts.append(
        .init("Shape of an example", first.inputShape.map(String.init).joined(separator: " × ")))
    }
    for (name, data) in namedParts {
      let count = recipe?.isText == true ? data.targets.answerCount : data.count
      let unit =
        recipe?.isText == true
        ? "characters" : recipe?.isSegmentation == true ? "images" : "examples"
      facts.append(
        .init(name == "all" ? unit.capitalized : "\(name.capitalized) \(unit)", count.grouped))
    }
    var blocks = [Report.Block.facts(facts)]
    if recipe?.isText == true {
      blocks += [.text("It begins:"), .verbatim(beginning(of: first))]
    } else if recipe?.isDetector != true, recipe?.isPretraining != true {
      blocks.append(.pictures(pictures(of: first)))
    }
    return .init("Data", blocks)
  }

  /// The first characters of a text in batches: the first row of each.
  private func beginning(of data: Dataset) -> String {
    let batch = max(1, recipe?.textRows ?? 1)
    let rows = stride(from: 0, to: data.count, by: batch).prefix(8)
    let tokens = data.batch(at: Array(rows)).features.scalars.prefix(300)
    return tokens.map { network.classNames[Int($0)] }.joined() + " …"
  }

  /// An image of each class or the columns of a table, and the number of examples of each class.
  private func pictures(of data: Dataset) -> [any Picture] {
    let names = data.classNames.isEmpty ? network.classNames : data.classNames
    let isOfLabels = network.preparation?.labels != nil
    let counts = namedParts.map { part in
      if isOfLabels, case .values(let truth) = part.data.targets, part.data.count > 0 {
        return Dictionary(
          uniqueKeysWithValues: truth.sum(axis: 0).scalars.enumerated().map { ($0, Int($1)) })
      }
      return part.data.targets.classIndices.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    }
    var pictures: [any Picture] = []
    if !names.isEmpty, names.count <= 40 {
      // Several answers of an example add up to another number than that of the examples.
      let total = ["total"] + counts.map { $0.filter { $0.key >= 0 }.values.reduce(0, +).grouped }
      let ignored = ["do not count"] + counts.map { ($0[Target.ignored] ?? 0).grouped }
      pictures.append(
        TextTable(
          title: "\(answerUnit.capitalized) of each \(isOfLabels ? "label" : "class")",
          columns: [.init(isOfLabels ? "label" : "class")]
            + namedParts.map { .number($0.name == "all" ? answerUnit : $0.name) },
          rows: names.enumerated().map { label, name in
            [name] + counts.map { ($0[label] ?? 0).grouped }
          } + (answerUnit == "examples" ? [] : [total])
            + (counts.contains { $0[Target.ignored] != nil } ? [ignored] : [])))
    }
    if recipe?.isSegmentation == true { return pictures }
    if data.holdsTexts { return [texts(of: data, names: names)] + pictures }
    if !isOfLabels, let examples = examples(of: data, names: names) { return [examples] + pictures }
    return pictures + (features(of: data).map { [$0] } ?? [])
  }

  /// The first text of each class.
  private func texts(of data: Dataset, names: [String]) -> TextTable {
    let labels = data.targets.classIndices
    return TextTable(
      title: "A text of each class", columns: [.init("class"), .init("text")],
      rows: names.indices.prefix(40).compactMap { label in
        labels.firstIndex(of: label).flatMap(data.text(at:)).map { [names[label], $0.shortened] }
      })
  }

  /// The first example of each class.
  private func examples(of data: Dataset, names: [String]) -> TileSheet? {
    let labels = data.targets.classIndices
    let first = names.indices.prefix(20).compactMap { labels.firstIndex(of: $0) }
    return TileSheet.examples(
      of: data, at: first, title: "An example of each class",
      imageShape: imageShape(of: network, recipe), captions: first.map { [names[labels[$0]]] })
  }

  /// Mean, deviation and range of each column of a table.
  private func features(of data: Dataset) -> TextTable? {
    guard data.inputShape.count == 1, data.inputShape[0] <= 40 else { return nil }
    let features = data.features
    let columns = [
      features.mean(axis: 0), sqrt(features.variance(axis: 0)),
      features.min(axis: 0), features.max(axis: 0),
    ].map(\.scalars)
    return TextTable(
      title: namedParts[0].name == "all"
        ? "Features" : "Features of the \(namedParts[0].name) part",
      columns: [
        .init("feature"), .number("mean"), .number("deviation"), .number("least"),
        .number("greatest"),
      ],
      rows: (0..<data.inputShape[0]).map { feature in
        [data.featureNames.isEmpty ? "\(feature)" : data.featureNames[feature]]
          + columns.map { String(format: "%.4g", Double($0[feature])) }
      })
  }

  var settings: Report.Section? {
    guard let recipe else { return nil }
    let facts = Recipe.settings.filter { recipe.uses($0.name) }.compactMap {
      setting -> Report.Fact? in
      let value = setting.text(recipe)
      return value.isEmpty ? nil : .init(setting.name, value)
    }
    return .init("Settings", [.facts([.init("recipe", recipe.recipe)] + facts)])
  }

  var reproduction: Report.Section? {
    guard let recipe else { return nil }
    let usual = Recipes.named(recipe.recipe)?.settings
    let options = Recipe.settings.compactMap { setting -> String? in
      let value = setting.text(recipe)
      guard !value.isEmpty, value != usual.map(setting.text) else { return nil }
      return "--\(setting.name) \(shellQuoted(value))"
    }
    let train = ([command, "train", recipe.recipe] + options).joined(separator: " ")
    let report =
      "\(command) report \(shellQuoted(path))"
      + (parts == nil ? " " + shellQuoted(measured.source) : "")
    var blocks: [Report.Block] = [
      .verbatim("\(train)\n\(report)"),
      .text(
        "The same seed gives the same numbers, on any number of threads"
          + (network.progress.map { " (instruction set \($0.instructionSet))." } ?? ".")),
    ]
    if let progress = network.progress, progress.epoch < progress.options.epochs {
      blocks.append(.text("The training ended early, after \(counted(progress.epoch, "epoch"))."))
    }
    return .init("Repeat it", blocks)
  }
}
