import Foundation

/// The texts that a handout has and the package has not: a README for students, the check by GitHub, a container for
/// development.
struct HandoutTexts {
  let plan: HandoutPlan
  let tasks: [CourseTask]

  /// The texts by their paths.
  var files: [String: String] {
    [
      "README.md": readme, ".github/workflows/check.yml": workflow,
      ".devcontainer/devcontainer.json": container,
    ]
  }

  // MARK: README

  private var readme: String {
    let first = tasks[0]
    return """
      # Deep Learning Course

      Read [task \(first.number): \(first.title)](\(first.link)). Write its code in \
      `\(first.files[0])`, where it says `// TODO(\(first.number))`, in place of \
      `notWritten("\(first.number)")`. Then run

      ```
      ./course check \(first.number)
      ```

      You need Swift 6.2 or later on Linux or macOS. The first check builds the given code and takes a minute or two; the
      others take seconds.

      ## How to work

      1. **Read** the task in its text and the comment above the type in its file: the formula, and the shape of every symbol.
      2. **Write** between `// BEGIN SOLUTION` and `// END SOLUTION`. Leave these two lines where they are: the commands below
         find your code by them. `notWritten(...)` marks what is to be written; the values behind `given:` are those that the
         code above it has prepared for you.
      3. **Check** with `./course check \(first.number)`. A failing test shows the expected and the actual value and, where it
         recognises the mistake, names it:

         ```
         Dense.backward, input gradient dX: the weights are not transposed: dX = dY · Wᵀ, not dY · W
           expected [[2.0, 5.5], [0.0, 1.0]]
           got      [[ 2.5,  4.5], [-1.0, -1.0]]
         ```

         `./course check --watch` checks again whenever you save, and goes on to the next task when one passes.

      | command | |
      |---|---|
      | `./course check` | the tests of the next task; of others with `./course check 1.2`, `./course check all` |
      | `./course progress` | the tasks that are done, and the next one |
      | `./course hint \(first.number)` | a hint; each call gives a stronger one, three in all |
      | `./course try \(first.number)` | run the example "By hand" of the text, in `Scratch/main.swift`, where you can add lines; again: `./course try` |
      | `./course reset \(first.number)` | begin a task again; your code is kept in `.course/backup` |
      | `./course solution \(first.number)` | the solution, after the task passes, where your instructor gives it |

      ## The tasks

      | task | you write | in | hours | points |
      |---|---|---|---|---|
      \(tasks.map(row).joined(separator: "\n"))

      ## What is here

      | part | code | text and tests |
      |---|---|---|
      \(CourseTask.Scope.allCases.map(shareRow).joined(separator: "\n"))

      Tensors, training, files and data are complete, in `Shared`. A task's tests never need another part.
      \(toolWords)
      """
  }

  private func row(_ task: CourseTask) -> String {
    let files = task.files.map { "`\($0)`" }.joined(separator: ", ")
    return
      "| [\(task.number)](\(task.link)) | \(task.work) | \(files) | \(hours(task)) | \(task.points) |"
  }

  private func hours(_ task: CourseTask) -> String {
    let whole = Int(task.hours)
    let fraction = [0.25: "¼", 0.5: "½", 0.75: "¾"][task.hours - Double(whole)] ?? ""
    return (whole > 0 || fraction.isEmpty ? "\(whole)" : "") + fraction
  }

  private func shareRow(_ scope: CourseTask.Scope) -> String {
    let (code, text) =
      switch plan.share(of: scope) {
      case .task:
        ("to write, in `\(scope.folder)`", "[\(scope.text)](\(scope.text)), `\(scope.tests)`")
      case .given: ("complete, in `\(scope.folder)`", "left out")
      case .unfinished: ("stubs that are not your task, in `\(scope.folder)`", "left out")
      case .absent: ("left out", "left out")
      }
    return "| \(scope.title) | \(code) | \(text) |"
  }

  private var toolWords: String {
    guard plan.hasTool else {
      return """
        The commands of the course that train networks (`./course train` and others) are left out; where a text mentions one,
        read on.

        """
    }
    return """
      `./course train`, `./course demo` and the other commands that train networks use your code. One that needs code which
      is not written yet says so and ends.

      """
  }

  // MARK: GitHub, container

  private var workflow: String {
    """
    name: Check

    on: [push, pull_request, workflow_dispatch]

    jobs:
      check:
        runs-on: ubuntu-latest
        container: swift:6.3
        timeout-minutes: 60
        steps:
          - uses: actions/checkout@v4
          - name: Run the tests of all tasks
            run: ./course check all --github --junit results.xml
          - name: Keep the results
            if: always()
            uses: actions/upload-artifact@v4
            with:
              name: results
              path: results.xml

    """
  }

  private var container: String {
    """
    {
      "name": "Deep Learning Course",
      "image": "swift:6.3",
      "customizations": {
        "vscode": { "extensions": ["swiftlang.swift-vscode"] }
      },
      "postCreateCommand": "./course progress"
    }

    """
  }
}
