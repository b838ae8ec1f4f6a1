import Shared
import Testing

/// Records an issue unless `body` throws a `CourseError` whose text holds all the given words.
///
///     expectCourseError(.invalidData, "line 3", "column 2") { try CSVTable(text: text) }
public func expectCourseError<R>(
  _ kind: CourseError.Kind, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation,
  from body: () throws -> R
) {
  do {
    _ = try body()
    Issue.record("expected an error of kind \(kind), got none", sourceLocation: sourceLocation)
  } catch let error as CourseError {
    let text = error.description
    #expect(error.kind == kind, "\(text)", sourceLocation: sourceLocation)
    for word in words where !text.contains(word) {
      Issue.record("\"\(word)\" is not in the error: \(text)", sourceLocation: sourceLocation)
    }
  } catch {
    Issue.record("expected a CourseError, got \(error)", sourceLocation: sourceLocation)
  }
}
