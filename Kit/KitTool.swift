import CourseCommandLine

/// The commands for work on the tasks, which the script `./course` sends here.
package let kitTool = CommandLineTool(
  abstract: "Work on the tasks of the course.",
  commands: [
    CheckCommand.self, TryCommand.self, HintCommand.self, ResetCommand.self, SolutionCommand.self,
    ProgressCommand.self, HandoutCommand.self, GradeCommand.self, VerifyCommand.self,
  ],
  advice: "To begin, run 'course progress'.")
