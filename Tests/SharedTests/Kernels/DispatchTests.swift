import CCourseKernels
import CourseTestSupport
import Foundation
import Testing

@Suite(.watched) struct DispatchTests {
  @Test func setsByName() {
    #expect(kernels_named("portable") != nil)
    #expect(kernels_named("no such set") == nil)
    for name in instructionSets {
      let set = kernelSet(name).pointee
      #expect(String(cString: set.name) == name)
      #expect(set.columnTile % set.vectorWidth == 0)
    }
  }

  @Test func theDefaultIsOneOfThem() {
    let name = String(cString: kernels_default().pointee.name)
    #expect(instructionSets.contains(name))
    let wanted = ProcessInfo.processInfo.environment["COURSE_INSTRUCTION_SET"] ?? instructionSets[0]
    #expect(name == (instructionSets.contains(wanted) ? wanted : instructionSets[0]))
  }
}
