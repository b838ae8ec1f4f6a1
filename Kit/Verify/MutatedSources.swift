import Foundation
import Shared

/// The sources of one part of the course with all its mutants built in: the environment variable `COURSE_MUTANT` selects
/// one by its number, so one build serves them all.
///
///     switch courseMutant {
///     case 17:
///       return dZ.matmul(weights.value)
///     default:
///       return dZ.matmul(weights.value, transposingOther: true)
///     }
struct MutatedSources {
  /// The name of the environment variable.
  static let variable = "COURSE_MUTANT"

  /// The changed files, by their paths in the package.
  private(set) var files: [String: String] = [:]

  /// - Parameters:
  ///   - mutants: each selected by its index in the array plus 1; 0 is the solution
  ///   - place: the file of the mutants, for messages
  /// - Throws: `CourseError` for a mutant whose text does not occur in the regions of its task
  init(_ mutants: [Mutant], of tasks: [CourseTask], package folder: URL, place: String) throws {
    var sources: [String: MarkedSource] = [:]
    // The bodies of the mutants, by file and region.
    var cases: [Place: [(number: Int, body: String)]] = [:]
    for task in tasks {
      var regions: [Place] = []
      for file in task.files {
        if sources[file] == nil {
          let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
          sources[file] = try MarkedSource(text, file: file)
        }
        regions += sources[file]!.regions.indices.filter {
          sources[file]!.regions[$0].task == task.number
        }.map { Place(file: file, region: $0) }
      }
      for (index, mutant) in mutants.enumerated() where mutant.task == task.number {
        for region in mutant.regions {
          let (place, body) = try MutatedSources.body(
            of: mutant, region, in: regions, sources, location: "\(place), line \(mutant.line)")
          cases[place, default: []].append((index + 1, body))
        }
      }
    }
    for (file, source) in sources {
      let first = source.regions
      files[file] = source.replacing { region in
        guard let index = first.firstIndex(of: region),
          let cases = cases[Place(file: file, region: index)]
        else { return nil }
        return MutatedSources.lines(cases, else: region)
      }
    }
  }

  private struct Place: Hashable {
    var file: String
    var region: Int
  }

  /// A region that a mutant changes, and the code there.
  private static func body(
    of mutant: Mutant, _ region: Int?, in regions: [Place], _ sources: [String: MarkedSource],
    location: String
  ) throws -> (Place, String) {
    let changes = mutant.changes.filter { $0.region == region }
    let isWhole = changes.contains { $0.old == nil }
    let candidates: [Place]
    if let number = region {
      guard regions.indices.contains(number - 1) else {
        throw CourseError(
          .format, "the task has no such region", expected: "1 to \(regions.count)",
          received: "\(number)", location: location)
      }
      candidates = [regions[number - 1]]
    } else {
      candidates = isWhole ? Array(regions.prefix(1)) : regions
    }
    for place in candidates {
      let original = sources[place.file]!.regions[place.region].plainCode
      if let body = mutant.body(of: region, from: original) { return (place, body) }
    }
    throw CourseError(
      .format, "the text to replace is not in the solution of the task",
      expected: candidates.map { sources[$0.file]!.regions[$0.region].plainCode }.joined(
        separator: "\n"),
      received: changes.compactMap(\.old).joined(separator: "\n"), location: location)
  }

  private static func lines(
    _ cases: [(number: Int, body: String)], else region: MarkedSource.Region
  ) -> [String] {
    var lines = ["switch courseMutant {"]
    for (number, body) in cases {
      lines += ["case \(number):"] + body.components(separatedBy: "\n").map { "  " + $0 }
    }
    lines += ["default:"] + region.plainCode.components(separatedBy: "\n").map { "  " + $0 } + ["}"]
    return lines.map { region.indentation + $0 }
  }

  /// A source file for the same module: the number of the mutant.
  static let selection = """
    import Foundation

    let courseMutant = ProcessInfo.processInfo.environment["\(variable)"].flatMap { Int($0) } ?? 0

    """
}

extension MarkedSource.Region {
  /// The code without the indentation of its markers.
  var plainCode: String {
    code.map { $0.hasPrefix(indentation) ? String($0.dropFirst(indentation.count)) : $0 }
      .joined(separator: "\n")
  }
}
