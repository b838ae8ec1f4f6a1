import CourseTestSupport
import Shared
import Testing

/// The comparison that other tests trust has to fail where it should.
@Suite(.watched) struct ExpectCloseTests {
  @Test func closeNumbersPass() {
    expectClose([1, 100], [1.000001, 100.0009], "tensor")
    expectClose(Tensor([.infinity]), Tensor([.infinity]), "infinity")
    expectClose(0.1, 0.2, "number", atol: 0.11, rtol: 0)
    expectClose(Tensor(zeros: [0]), Tensor(zeros: [0]), "empty")
  }

  @Test(arguments: [
    (Tensor([1.1]), Tensor([1])), (Tensor([.nan]), Tensor([1])), (Tensor([1]), Tensor([.nan])),
    (Tensor([.nan]), Tensor([.nan])), (Tensor([1]), Tensor([.infinity])),
    (Tensor([.infinity]), Tensor([-.infinity])), (Tensor([.infinity]), Tensor([1])),
    (Tensor([1]), Tensor([[1]])), (Tensor([1, 1]), Tensor([1])),
  ])
  func distantNumbersFail(actual: Tensor, expected: Tensor) {
    withKnownIssue { expectClose(actual, expected, "tensor") }
    if actual.shape == expected.shape {
      withKnownIssue { expectClose(actual.scalar, expected.scalar, "number") }
    }
  }

  @Test func theMessageNamesTheElement() {
    withKnownIssue {
      expectClose([[1, 2], [3, 5]], [[1, 2], [3, 4]], "Dense.forward", atol: 0.1)
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      return text.contains("Dense.forward: 1 of 4") && text.contains("0.1")
        && text.contains("[1, 1]: expected 4.0, got 5.0")
    }
  }

  @Test func aMissingOrDifferentErrorFails() {
    withKnownIssue { expectCourseError(.file) {} }
    withKnownIssue { expectCourseError(.file) { throw CourseError(.format, "x") } }
    withKnownIssue { expectCourseError(.file, "word") { throw CourseError(.file, "x") } }
    expectCourseError(.file, "word") { throw CourseError(.file, "a word") }
  }

  // MARK: Known mistakes

  private func words(_ body: () -> Void) -> String { complaints(body).joined() }

  @Test func aKnownMistakeIsNamed() {
    let text = words {
      expectClose([2, 4], [1, 2], "y", mistakes: ["three times": [3, 6], "twice": [2, 4]])
    }
    #expect(text.hasPrefix("y: twice\n"))
    #expect(words { expectClose(2, 1, "y", mistakes: ["twice": 2]) }.hasPrefix("y: twice\n"))
  }

  @Test func nanNamesNoMistake() {
    let wrong = Tensor([.nan, 1])
    let text = words { expectClose(wrong, [1, 1], "y", mistakes: ["a root": wrong]) }
    #expect(text.hasPrefix("y: 1 of 2"))
    #expect(
      words { expectClose(.nan, 1, "y", mistakes: ["a root": .nan]) }.hasPrefix("y: expected"))
  }

  @Test func whatIsNotFiniteHasAHintOfItsOwn() {
    for wrong: Float in [.nan, .infinity] {
      let actual = Tensor([wrong, 1])
      let text = words { expectClose(actual, [1, 1], "y", mistakes: [:], notFinite: "overflow") }
      #expect(text.hasPrefix("y: overflow\n"))
      let number = words { expectClose(wrong, 1, "y", mistakes: [:], notFinite: "overflow") }
      #expect(number.hasPrefix("y: overflow\n"))
    }
    let finite = words { expectClose([2], [1], "y", mistakes: [:], notFinite: "overflow") }
    #expect(finite.hasPrefix("y: 1 of 1"))
  }
}
