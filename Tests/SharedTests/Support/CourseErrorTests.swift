import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct CourseErrorTests {
  @Test func allFiveAnswersStandInTheText() {
    let error = CourseError(
      .invalidData, "label out of range", expected: "0 to 9", received: "12",
      location: "digits.csv, line 4, column 65", remedy: "Correct the label.")
    #expect(
      error.description == """
        digits.csv, line 4, column 65: label out of range: expected 0 to 9, got 12
          Correct the label.
        """)
    #expect("\(error)" == error.description)
  }

  @Test func whatIsNotKnownIsLeftOut() {
    #expect(CourseError(.file, "no such file").description == "no such file")
    #expect(CourseError(.file, "size", expected: "3").description == "size: expected 3")
    #expect(CourseError(.file, "size", received: "4").description == "size: got 4")
    #expect(CourseError(.file, "size", location: "a.csv").description == "a.csv: size")
    #expect(
      CourseError(.interrupted, "stopped", remedy: "Go on.").description == "stopped\n  Go on.")
  }

  @Test func errorsAreToldApartByKindAndPlace() {
    let error = CourseError(.format, "not a number", location: "a.csv")
    var other = error
    #expect(error == other)
    other.location = "b.csv"
    #expect(error != other)
    #expect(error.kind == .format)
    #expect(error != CourseError(.file, "not a number", location: "a.csv"))
  }

  @Test func programmerErrorsNameExpectedAndReceived() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      stop("Dense.forward", expected: "input [N, 784]", received: "[32, 28, 28]")
    }
    expectWords(of: result, "Dense.forward: expected input [N, 784], got [32, 28, 28]")
  }

  @Test func programmerErrorsMayBeOneSentence() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      stop("backward without a forward pass")
    }
    expectWords(of: result, "backward without a forward pass")
  }
}
