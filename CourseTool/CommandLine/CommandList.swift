/// Every command, in the order of the help.
let allCommands: [any Command.Type] = [
  BenchCommand.self,
  VersionCommand.self,
  HelpCommand.self,
]
