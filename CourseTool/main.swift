import Foundation

// The only place that ends the process on purpose; everything else returns or throws.
exit(runCourse(arguments: Array(CommandLine.arguments.dropFirst()), terminal: .process))
