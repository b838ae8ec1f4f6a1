import CourseCommandLine
import CourseKit

kitTool.runProcess()
