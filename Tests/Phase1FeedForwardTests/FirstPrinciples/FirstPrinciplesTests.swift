import CourseTestSupport
import Foundation
import Testing

/// The tasks 0.1 to 0.10: `swift test --filter FirstPrinciples`.
@Suite(.watched) struct FirstPrinciplesTests {}
