import CourseCommandLine
import CourseTraining
import Networks

/// `course train RECIPE|FILE.json`, `course train --resume MODEL`
enum TrainCommand: Command {
  static let resume = Option(
    "resume", .text("MODEL"), "resume an interrupted run, or train for more --epochs")

  static let description = CommandDescription(
    name: "train", abstract: "Train a network from a recipe and test it on held-out data.",
    discussion: """
      The data are split at random into parts for training, validation and test, with
      the same proportion of each class. The network is saved to RECIPE.safetensors
      (see --output), with everything that evaluate, predict and --resume need. Ctrl-C
      saves and stops, as SIGTERM and SIGHUP do; a second one stops at once.

      With --patience training stops when the validation loss no longer improves, and
      the network keeps the best weights. --repeats trains with several seeds, which
      choose the parts, the initial weights and the order, side by side on all cores;
      the network of the first seed is saved, as without --repeats. --search trains
      with every combination of some settings, side by side, writes the scores to
      RECIPE-search.csv and prints the best as a command. --folds 5 divides the data
      into five parts and tests on each a network that was trained on the others; the
      scores are in RECIPE-folds.csv. After Ctrl-C the same command goes on with
      '--resume RECIPE-search.csv' or '--resume RECIPE-folds.csv'.

      Examples:
        course train moons --animate moons.gif
        course train digits-mlp --hidden 128 --epochs 60 --report digits.html
        course train csv-mlp --data flowers.csv --label species
        course train csv-mlp --data flowers.csv --label species --epochs 500 \\
          --patience 20 --history epochs.csv --plot curves.svg
        course train csv-regression --data cars.csv --target price
        course train csv-sequence --data weather.csv --target temp_max --horizon 3
        course train csv-multilabel --data films.csv --target genres
        course train iris-mlp --repeats 10
        course train iris-mlp --folds 5 --learning-rate find
        course train digits-mlp --search learning-rate=0.05,0.15 'hidden=128|64,32'
        course train --resume digits-mlp.safetensors --epochs 100
        course recipes digits-mlp --json > mine.json; course train mine.json
      """,
    operands: [
      Operand(
        "RECIPE|FILE.json", .optional, "a recipe ('course recipes' lists them), or a recipe file"),
      Operand("SETTING=VALUES", .zeroOrMore, "further settings for --search"),
    ],
    groups: settingGroups(Recipe.settings) + otherGroups)

  private static func settingGroups(_ settings: [Setting]) -> [OptionGroup] {
    Recipe.settingGroups.map { group in
      OptionGroup(
        group.title, group.names.compactMap { name in settings.first { $0.name == name } })
    }
  }

  private static let otherGroups = [
    OptionGroup(
      "Several runs",
      [RepeatedTraining.repeats, CrossValidation.folds, SettingSearch.search, SettingSearch.trials]),
    OptionGroup(
      "Output", [RunOptions.output, RunOptions.force, resume] + TrainingFiles.options),
    OptionGroup(
      "General",
      [RunOptions.threads, RunOptions.skipBroken, CommonOptions.quiet] + CommonOptions.all),
  ]

  /// With a recipe, the options that it takes, and their values.
  static func help(for arguments: Arguments) throws -> CommandDescription {
    guard let name = arguments.operand(0) else { return description }
    var recipe = try Recipe.find(name)
    recipe.apply(arguments)
    let settings = Recipe.settings.filter { recipe.uses($0.name) }.map { $0.showing(recipe) }
    return CommandDescription(
      name: "train \(name)",
      abstract: Recipes.named(recipe.recipe)?.abstract ?? description.abstract,
      discussion: """
        In brackets: the values of this recipe. Settings without an effect on it are
        left out; 'course help train' lists all.
        """,
      groups: settingGroups(settings)
        + otherGroups.map { group in
          OptionGroup(
            group.title,
            group.options.filter {
              Recipe.Extra(rawValue: $0.name).flatMap { recipe.refusal(of: $0) } == nil
            })
        })
  }

  private static var recipeIsMissing: UsageError {
    UsageError(
      "missing RECIPE: expected \(Recipes.names.joined(separator: ", ")), or a recipe file (.json)")
  }

  /// A recipe with the settings of the command line.
  /// - Throws: when these contradict each other, or one of them changes nothing.
  private static func recipe(_ name: String, with arguments: Arguments) throws -> Recipe {
    var recipe = try Recipe.find(name)
    recipe.apply(arguments)
    try recipe.check(given: arguments.givenSettings)
    // That augmentation needs images is said once the data are there.
    let idle = Recipe.settings.map(\.name).filter {
      arguments.isGiven($0) && !recipe.uses($0) && $0 != "augment"
    }
    if let option = recipe.firstChanged(idle)?.option {
      throw UsageError(
        "'\(option)' has no effect on this training: omit it. 'course train \(name) --help' lists the "
          + "settings that have one.")
    }
    let extras: [(Recipe.Extra, String?)] = [
      (.folds, arguments[CrossValidation.folds].map { "\($0)" }),
      (.animate, arguments[TrainingFiles.animate]),
      (.skipBroken, arguments[RunOptions.skipBroken] ? "" : nil),
    ]
    for case let (extra, value?) in extras {
      if let refusal = recipe.refusal(of: extra, value) { throw refusal }
    }
    return recipe
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    try RepeatedTraining.check(arguments)
    try SettingSearch.check(arguments)
    try CrossValidation.check(arguments)
    if arguments[SettingSearch.search] != nil || arguments[CrossValidation.folds] != nil {
      guard let name = arguments.operand(0) else { throw recipeIsMissing }
      let recipe = try recipe(name, with: arguments)
      if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
      if let count = arguments[CrossValidation.folds] {
        return try CrossValidation.run(
          recipe, name: name, count: count, arguments: arguments, on: terminal)
      }
      return try SettingSearch.run(recipe, name: name, arguments: arguments, on: terminal)
    }
    var experiment: Experiment
    let output: OutputFile
    let force = arguments[RunOptions.force]
    if let path = arguments[resume] {
      guard !path.lowercased().hasSuffix(".csv") else {
        throw UsageError(
          "'--resume \(path)': a file of results goes on with the command that began it: repeat its recipe, its "
            + "settings, and --folds or --search")
      }
      experiment = try Experiment(
        resuming: path, arguments: arguments, progress: terminal.progress(for: arguments))
      let recipe = experiment.recipe.recipe
      if let name = arguments.operand(0), name != recipe {
        throw UsageError(
          "'\(name)' conflicts with \(path), which was trained with \(recipe). Omit it.")
      }
      let target = arguments[RunOptions.output] ?? path
      // A resumed run may always replace its own file.
      output = try OutputFile(
        target, force: force, replacesOwn: target == path,
        inputs: experiment.recipe.inputFiles)
    } else {
      guard let name = arguments.operand(0) else { throw recipeIsMissing }
      let recipe = try recipe(name, with: arguments)
      output = try OutputFile(
        arguments[RunOptions.output] ?? "\(recipe.recipe).safetensors", force: force,
        inputs: recipe.inputFiles + (Recipes.named(name) == nil ? [name] : []))
      if let count = arguments[RepeatedTraining.repeats] {
        if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
        return try RepeatedTraining.run(
          recipe, count: count, output: output, arguments: arguments, on: terminal)
      }
      experiment = try Experiment(
        recipe, author: "course train", skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments))
    }
    let files = try TrainingFiles(arguments, for: &experiment, output: output, on: terminal)
    experiment.remarks.report(on: terminal.error)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    experiment.run.resumeOptions = TrainingFiles.resumeOptions(arguments)
    var run = try experiment.run.perform(
      savingTo: output, arguments: arguments, on: terminal
    ).report

    var detection: DetectionResult?
    var representation: RepresentationResult?
    if !run.interrupted, experiment.recipe.test > 0 {
      try TrainingRun.afterTraining(savedTo: output.path, on: terminal) {
        if let images = experiment.detection {
          let result = try DetectionResult(
            of: experiment.run.network, on: images.test, progress: terminal.progress(for: arguments)
          )
          run.detection = result.figures
          detection = result
          if !arguments[CommonOptions.json] {
            terminal.output.line("\n" + result.text(style: terminal.output.style))
          }
        }
        if let images = experiment.images {
          representation = try RepresentationResult(
            of: experiment.run.network, experiment.recipe, on: images,
            progress: terminal.progress(for: arguments))
          run.representation = representation?.figures
          if let representation, !arguments[CommonOptions.json] {
            terminal.output.line("\n" + representation.text(style: terminal.output.style))
          }
        }
      }
    }
    var lines = run.interrupted ? [] : ["Saved to \(output.path)."]
    if let preparation = experiment.run.network.preparation, preparation.predictsNumbers,
      preparation.targets.count > 1, !run.interrupted
    {
      lines.append(
        "RMSE and MAE are over all \(preparation.targets.count) targets, whatever their units: "
          + "'\(terminal.command) evaluate \(shellQuoted(output.path))' shows each.")
    }
    let written = Result {
      lines += try files.write(
        after: &run, of: experiment, detection: detection, representation: representation,
        output: output, arguments: arguments,
        on: terminal)
    }
    // The results are printed also where a file could not be written.
    if arguments[CommonOptions.json] { try terminal.output.json(run) }
    try written.get()
    if run.interrupted {
      for line in lines { terminal.error.line(line) }
      throw Interruption.status
    }
    if arguments[CommonOptions.json] { return }
    if experiment.recipe.isText { try showSample(of: experiment.run.network, on: terminal.output) }
    terminal.output.line("\n" + lines.joined(separator: "\n"))
  }

  /// What a text model writes, and what its loss means.
  private static func showSample(of network: NeuralNetwork, on out: TextStream) throws {
    out.line("\n" + out.style.bold("Sample"))
    out.content(try SampleCommand.text(of: network, length: 200))
    let scale = Help.wrapped(SampleCommand.lossScale(of: network), to: 80)
    out.line("\n\n" + scale.joined(separator: "\n"))
  }
}
