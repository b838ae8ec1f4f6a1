import CourseCommandLine
import CourseTraining

/// The tool `course`.
let courseTool = CommandLineTool(
  abstract: "Train, evaluate and use neural networks.", commands: allCommands,
  advice: "To get started, run 'course demo'."
) { error, command, arguments in
  error.forCommandLine().suggestingToSkip(for: command, arguments)
}

/// Every command but `help`, in the order of the help.
let allCommands: [any Command.Type] = [
  DemoCommand.self,
  TrainCommand.self,
  EvaluateCommand.self,
  PredictCommand.self,
  SampleCommand.self,
  SummaryCommand.self,
  InspectCommand.self,
  PlotCommand.self,
  ReportCommand.self,
  DataListCommand.self,
  DataFetchCommand.self,
  DataInspectCommand.self,
  DataSynthesizeCommand.self,
  RecipesCommand.self,
  GeneratorPreviewCommand.self,
  GeneratorBenchCommand.self,
  StudyCommand.self,
  BenchCommand.self,
  VersionCommand.self,
]
