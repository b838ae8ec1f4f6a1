/// Every command, in the order of the help.
let allCommands: [any Command.Type] = [
  DemoCommand.self,
  TrainCommand.self,
  EvaluateCommand.self,
  PredictCommand.self,
  SummaryCommand.self,
  InspectCommand.self,
  DataListCommand.self,
  DataFetchCommand.self,
  DataInspectCommand.self,
  RecipesCommand.self,
  GeneratorPreviewCommand.self,
  GeneratorBenchCommand.self,
  BenchCommand.self,
  VersionCommand.self,
  HelpCommand.self,
]
