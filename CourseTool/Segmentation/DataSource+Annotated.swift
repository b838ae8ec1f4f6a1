import CourseCommandLine
import Foundation
import Networks

// Images with masks or boxes, given where each image should have a class. The advice is a whole command, since not every
// command has recipes.

extension DataSource {
  /// Throws for a folder of images with masks or boxes, whose folders are no classes, and for the folder `images` in it.
  /// - Parameter recipe: the settings of the network that the images are for; `nil` where there is none
  static func requireNoAnnotations(_ path: String, for recipe: Recipe? = nil) throws {
    guard let found = AnnotatedPath(path) else { return }
    let folder = shellQuoted(found.folder)
    let trainings = [("masks", "figures-unet"), ("boxes", "figures-fast-rcnn")]
      .filter { found.annotations.contains($0.0) }
      .map { "'course train \($0.1) --data \(folder)' learns the \($0.0)" }
    throw CourseError(
      .invalidData,
      "these images have \(found.annotations.joined(separator: " and ")), and no classes",
      expected: "a folder for each class", received: found.contents, location: path,
      remedy: recipe?.isPretraining == true
        ? "Give \(found.folder)/images: an encoder needs no classes."
        : "Sort images into a folder for each class; \(trainings.joined(separator: ", and ")).")
  }

  /// Throws for a folder of images alone, beside which their masks or boxes lie.
  static func requireAnnotations(_ path: String) throws {
    guard let found = AnnotatedPath(path), found.isOfImages else { return }
    throw CourseError(
      .file, "these are the images alone",
      expected: "the folder that has their \(found.annotations.joined(separator: " and ")) as well",
      received: "the folder images", location: path, remedy: "Give \(found.folder).")
  }

  /// The error for data with a name, and without a class for each example.
  /// - Parameter recipes: those that train on the data
  static func noClasses(_ name: String, _ what: String, trainedBy recipes: [String]) -> UsageError {
    UsageError(
      "\(name) \(what): train on it with "
        + recipes.map { "'course train \($0)'" }.joined(separator: " or "))
  }

  static let scenesAreNoClasses = noClasses(
    scenes.name, "has masks and boxes, and no classes",
    trainedBy: ["figures-unet", "figures-fast-rcnn"])
}

/// A folder with the folder `images`, and masks or boxes of these.
private struct AnnotatedPath {
  /// The folder itself, also where that of the images was given.
  let folder: String
  /// Whether that of the images was given.
  let isOfImages: Bool
  /// "masks", "boxes", or both.
  let annotations: [String]
  /// The contents of the folder, in words.
  let contents: String

  /// `nil` for other paths.
  init?(_ path: String) {
    guard let own = try? FolderListing(of: path) else { return nil }
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    isOfImages = !own.folders.contains("images")
    let listing: FolderListing
    if isOfImages {
      // Folders of classes or labels in it make it data of their own.
      let around = (path as NSString).deletingLastPathComponent
      folder = around.isEmpty ? "." : around
      guard URL(filePath: path).lastPathComponent == "images", own.folders.isEmpty,
        !own.files.contains(where: { $0.lowercased().hasSuffix(".json") }),
        let found = try? FolderListing(of: folder), !found.files.contains("Labels.json")
      else { return nil }
      listing = found
    } else {
      (folder, listing) = (path, own)
    }
    let hasMasks = listing.folders.contains("masks")
    let hasBoxes = listing.files.contains("annotations.json")
    guard listing.folders.count == (hasMasks ? 2 : 1), hasMasks || hasBoxes else { return nil }
    annotations = (hasMasks ? ["masks"] : []) + (hasBoxes ? ["boxes"] : [])
    contents =
      (hasMasks ? "the folders images and masks" : "the folder images")
      + (hasBoxes ? ", and annotations.json" : "")
  }
}
