import Foundation
import Shared

/// The folder of downloaded data.
public enum DataFolder {
  /// The advice for a folder that cannot be written to.
  static let remedy = "COURSE_DATA=FOLDER names another place."

  /// The folder `$COURSE_DATA`; without it, a folder of this package's own among the user's caches.
  public static var standard: URL { standard(environment: ProcessInfo.processInfo.environment) }

  static func standard(environment: [String: String]) -> URL {
    func folder(_ name: String) -> URL? {
      environment[name].flatMap {
        $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory)
      }
    }
    if let chosen = folder("COURSE_DATA") { return chosen }
    let name = "deep-learning-course"
    #if os(macOS)
      let caches = FileManager.default.homeDirectoryForCurrentUser.appending(path: "Library/Caches")
    #else
      // The XDG specification lets relative paths be ignored.
      let caches =
        (environment["XDG_CACHE_HOME"]?.hasPrefix("/") == true ? folder("XDG_CACHE_HOME") : nil)
        ?? (folder("HOME") ?? FileManager.default.homeDirectoryForCurrentUser)
        .appending(path: ".cache")
    #endif
    return caches.appending(path: name, directoryHint: .isDirectory)
  }
}
