import CourseCommandLine
import CourseTraining

// The demo as a program of its own, which is built in half the time of the tool.
CommandLineTool(
  abstract: "Train a network that reads handwritten digits.", commands: [DemoCommand.self]
).runProcess()
