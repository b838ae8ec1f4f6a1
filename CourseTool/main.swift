import CourseCommandLine

// The only place that ends the process on purpose; everything else returns or throws.
courseTool.runProcess()
