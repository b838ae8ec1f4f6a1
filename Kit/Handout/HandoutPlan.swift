import Shared

/// What a handout holds of each part of the course.
///
/// | share | code | text and tests |
/// |---|---|---|
/// | `.task` | stubs | held |
/// | `.given` | complete | left out |
/// | `.unfinished` | stubs, so that the command-line tool builds | left out |
/// | `.absent` | left out | left out |
package struct HandoutPlan: Sendable, Hashable {
  package enum Share: Sendable { case task, given, unfinished, absent }

  /// The parts whose tasks the students do.
  package let tasks: Set<CourseTask.Scope>
  /// The parts that they get complete.
  package let given: Set<CourseTask.Scope>
  /// Whether it holds the command-line tool with `course train`, which needs all parts.
  package let hasTool: Bool
  /// Whether it holds the solutions and the hidden tests.
  package let isForInstructors: Bool

  package init(
    tasks: Set<CourseTask.Scope>, given: Set<CourseTask.Scope> = [], hasTool: Bool = true,
    isForInstructors: Bool = false
  ) throws {
    if let both = tasks.intersection(given).map(\.rawValue).min() {
      throw CourseError(
        .invalidArgument, "a part of the course cannot be both a task and given", received: both)
    }
    (self.tasks, self.given) = (tasks, given)
    (self.hasTool, self.isForInstructors) = (hasTool, isForInstructors)
  }

  /// The share of a part.
  package func share(of scope: CourseTask.Scope) -> Share {
    if tasks.contains(scope) { return .task }
    if given.contains(scope) { return .given }
    let isInATargetThatIsHeld = tasks.union(given).contains {
      $0.targets.sources == scope.targets.sources
    }
    return hasTool || isInATargetThatIsHeld ? .unfinished : .absent
  }

  /// Whether the solutions of a task are replaced by stubs.
  package func isStub(_ task: CourseTask.Number) -> Bool {
    CourseTask.Scope.allCases.contains {
      $0.phase == task.phase && [.task, .unfinished].contains(share(of: $0))
    }
  }

  /// Whether a source file of the package is held.
  package func holds(_ path: String) -> Bool {
    func lies(in folder: String) -> Bool { path.hasPrefix("\(folder)/") }
    if path.contains("/Hidden/") && !isForInstructors { return false }
    if ["Shared", "CommandLine", "Kit", "Tests/TestSupport"].contains(where: lies) { return true }
    let tool = ["Networks", "ExplorationNetworks", "Pictures", "Training", "CourseTool"]
    if tool.contains(where: lies) { return hasTool }
    // The folder of First Principles lies in that of Phase 1.
    let scopes = CourseTask.Scope.allCases
    if let scope = scopes.first(where: { lies(in: $0.tests) }) { return tasks.contains(scope) }
    if let scope = scopes.first(where: { lies(in: $0.folder) }) {
      return share(of: scope) != .absent
    }
    return false
  }
}

extension CourseTask.Scope {
  /// The folder of its tests, as a path in the package.
  var tests: String {
    "Tests/\(targets.tests)" + (self == .firstPrinciples ? "/FirstPrinciples" : "")
  }
  /// Its name in texts.
  var title: String {
    switch self {
    case .firstPrinciples: "First principles"
    case .phase1: "Phase 1: feed-forward networks"
    case .phase2: "Phase 2: convolutions"
    case .phase3: "Phase 3: recurrence and regularisation"
    case .generator: "Generator: images in batches"
    case .explorations: "Explorations: detection, attention, self-supervision"
    }
  }
}
