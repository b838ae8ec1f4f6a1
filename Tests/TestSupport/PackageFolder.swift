import Foundation

/// The root of the package, for tests that read sources and texts.
public let packageFolder = URL(filePath: #filePath).appending(path: "../../..").standardized
