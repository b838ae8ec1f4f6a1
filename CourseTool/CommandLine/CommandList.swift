/// Every command, in the order of the help.
let allCommands: [any Command.Type] = [
  VersionCommand.self,
  HelpCommand.self,
]
