/// Masks that Pillow has written, and their pixels.
enum MaskSamples {
  static let all: [String: (file: String, pixels: [UInt8])] = [
    "palette of 8 bits": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACBAMAAABvWnspAAAAElBMVEUAAADIHh4eyB4eHsgJCQkFBQUhMgrtAAAADklEQVR4nGNklGcy/AAAAeUBRftE/uUAAAAASUVORK5CYII=",
      [0, 1, 2, 3, 2, 1]
    ),
    "palette of 4 bits": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACBAMAAABvWnspAAAAElBMVEUAAADIHh4eyB4eHsgJCQkFBQUhMgrtAAAADklEQVR4nGNk9GcwEgAAAcEAlOySHZ0AAAAASUVORK5CYII=",
      [0, 1, 5, 3, 2, 1]
    ),
    "palette of 2 bits": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAADFBMVEUAAADIHh4eyB4eHshvH0k2AAAADElEQVR4nGOQYHgCAAEwAP1WzRxzAAAAAElFTkSuQmCC",
      [0, 1, 2, 3, 2, 1]
    ),
    "grey of 1 bit": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNIYFAAAAFEAIFCw9Q5AAAAAElFTkSuQmCC",
      [0, 1, 1, 0, 0, 1]
    ),
    "grey of 8 bits": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNkYGRkYv7HCgACLQEMfZW6zQAAAABJRU5ErkJggg==",
      [0, 1, 2, 3, 255, 7]
    ),
    "palette with a transparent colour": (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAADFBMVEUAAADIHh4eyB4eHshvH0k2AAAAAXRSTlMAQObYZgAAAAxJREFUeJxjkGB4AgABMAD9Vs0ccwAAAABJRU5ErkJggg==",
      [0, 1, 2, 3, 2, 1]
    ),
  ]
}
