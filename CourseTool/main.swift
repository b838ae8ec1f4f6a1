import Foundation

// The only place that ends the process on purpose; everything else returns or throws.
Interruption.ignoreSignalsOfWriting()
occupyClosedDescriptors()
let (arguments, problem) = commandLineArguments()
if let problem { TextStream.process(STDERR_FILENO, environment: [:]).line(problem) }
exit(problem == nil ? runCourse(arguments: arguments, terminal: .process) : 2)
