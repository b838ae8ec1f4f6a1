import Testing

/// PNG files that Pillow and Python's zlib made, with the pixels that Pillow reads from them; the program
/// is Tests/Reference/png_samples.py.
struct PNGSample: Sendable, CustomTestStringConvertible {
  let name: String
  let (width, height, channels): (Int, Int, Int)
  /// Base64.
  let png: String
  let pixels: String
  var testDescription: String { name }

  init(
    _ name: String, _ width: Int, _ height: Int, _ channels: Int, png: String, pixels: String
  ) {
    (self.name, self.png, self.pixels) = (name, png, pixels)
    (self.width, self.height, self.channels) = (width, height, channels)
  }

  static let all = [
    PNGSample(
      "grey 8", 5, 3, 1,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAAAAAB+XZokAAAAGklEQVR4nGNkEBQUFGQMFRQUFGQJ"
        + "FRQUFAQADF4BfdKAgVEAAAAASUVORK5CYII=",
      pixels:
        "ABEiM0RVZneImaq7zN3u"),
    PNGSample(
      "grey 1", 5, 3, 1,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAQAAAABzTfhVAAAADklEQVR4nGMIYFjBEAAAA94BSXfA"
        + "iOEAAAAASUVORK5CYII=",
      pixels:
        "AP8A/wD/AP8A/wD/AP8A"),
    PNGSample(
      "grey 2", 5, 3, 1,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAgAAAAA07YKFAAAADUlEQVR4nGOQPsAARgAKngKSMhsG"
        + "LAAAAABJRU5ErkJggg==",
      pixels:
        "AFWq//8AVar//wBVqv//"),
    PNGSample(
      "grey 4", 5, 3, 1,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADBAAAAAC7rXclAAAADklEQVR4nGNgrH/AAMUAFi8EIR5K"
        + "TusAAAAASUVORK5CYII=",
      pixels:
        "ABF3/+4AEXf/7gARd//u"),
    PNGSample(
      "grey 16", 5, 3, 1,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADEAAAAAAuzUZnAAAAFUlEQVR4nGNkYBCEAsbQUBiTBcEE"
        + "AC0kAvNoLdnIAAAAAElFTkSuQmCC",
      pixels:
        "ABEiM0RVZneImaq7zN3u"),
    PNGSample(
      "rgb 8", 5, 3, 3,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAFElEQVR4nGNkYOXiRwIs3t7e+PgA"
        + "WeoD9+e4b5MAAAAASUVORK5CYII=",
      pixels:
        "AAUKDxQZHiMoLTI3PEFGS1BVWl9kaW5zeH2Ch4yRlpugpaqvtLm+w8jN0tfc"),
    PNGSample(
      "rgba 8", 5, 3, 4,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAYAAABbNsX4AAAAF0lEQVR4nGNkYOHgEUADLAEBAQFE"
        + "CQIAqBIFon6NY1cAAAAASUVORK5CYII=",
      pixels:
        "AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg"
        + "5Ojs"),
    PNGSample(
      "grey and alpha", 5, 3, 4,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAQAAADxPw1zAAAAEklEQVR4nGNk4BCAApaAACxMACu+"
        + "AtJI45o5AAAAAElFTkSuQmCC",
      pixels:
        "AAAACBAQEBggICAoMDAwOEBAQEhQUFBYYGBgaHBwcHiAgICIkJCQmKCgoKiwsLC4wMDAyNDQ0Njg"
        + "4ODo"),
    PNGSample(
      "rgb 16", 2, 1, 3,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAIAAAAr0DSeAAAAFUlEQVR4nGNgYGBkZGJqaPj37/9/"
        + "AA+tBQFecVaIAAAAAElFTkSuQmCC",
      pixels:
        "AAECgP7/"),
    PNGSample(
      "palette 8", 5, 3, 3,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAgMAAAAmWC1rAAAADFBMVEUKFB4oMjxGUFrI0tyP4VWe"
        + "AAAAEUlEQVR4nGOQZmAJvMLiKgIABogBoqvmt1sAAAAASUVORK5CYII=",
      pixels:
        "ChQeKDI8RlBayNLcChQeKDI8RlBayNLcChQeKDI8RlBayNLcChQeKDI8RlBa"),
    PNGSample(
      "palette 2", 5, 3, 3,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAgMAAAAmWC1rAAAADFBMVEUKFB4oMjxGUFrI0tyP4VWe"
        + "AAAAEUlEQVR4nGOQZmAJvMLiKgIABogBoqvmt1sAAAAASUVORK5CYII=",
      pixels:
        "ChQeKDI8RlBayNLcChQeKDI8RlBayNLcChQeKDI8RlBayNLcChQeKDI8RlBa"),
    PNGSample(
      "palette 4 with transparency", 5, 3, 4,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAgMAAAAmWC1rAAAADFBMVEUKFB4oMjxGUFrI0tyP4VWe"
        + "AAAAA3RSTlP/gAB/bWh4AAAAEUlEQVR4nGOQZmAJvMLiKgIABogBoqvmt1sAAAAASUVORK5CYII=",
      pixels:
        "ChQe/ygyPIBGUFoAyNLc/woUHv8oMjyARlBaAMjS3P8KFB7/KDI8gEZQWgDI0tz/ChQe/ygyPIBG"
        + "UFoA"),
    PNGSample(
      "rgb with a transparent colour", 5, 3, 4,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAABnRSTlMAAAAFAAqIuCxkAAAAFElE"
        + "QVR4nGNkYOXiRwIs3t7e+PgAWeoD9+e4b5MAAAAASUVORK5CYII=",
      pixels:
        "AAUKAA8UGf8eIyj/LTI3/zxBRv9LUFX/Wl9k/2luc/94fYL/h4yR/5aboP+lqq//tLm+/8PIzf/S"
        + "19z/"),
    PNGSample(
      "grey with a transparent value", 5, 3, 4,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAAAAAB+XZokAAAAAnRSTlMAERwj7coAAAAaSURBVHic"
        + "Y2QQFBQUZAwVFBQUZAkVFBQUBAAMXgF90oCBUQAAAABJRU5ErkJggg==",
      pixels:
        "AAAA/xEREQAiIiL/MzMz/0RERP9VVVX/ZmZm/3d3d/+IiIj/mZmZ/6qqqv+7u7v/zMzM/93d3f/u"
        + "7u7/"),
    PNGSample(
      "interlaced", 9, 5, 3,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAFCAIAAAFvNmGqAAAAnUlEQVR4nAGSAG3/AAAHDqivtgBU"
        + "W2IA9PsCSE9WnKOqACoxOH6FjAAeJSxyeYAAeoGIpKuyztXc+P8GIikwABUcIz9GTWlwd5OaoQCP"
        + "lp25wMfj6vENFBsACRAXMzpBXWRrh46VAL3Ey9LZ4Ofu9fwDChEYHyYtNDtCSVBXXmVscwA3PkVM"
        + "U1phaG92fYSLkpmgp661vMPK0djf5u27GT9UQ9dzqAAAAABJRU5ErkJggg==",
      pixels:
        "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tng5+71/AMKERgfJi00O0JJUFdeZWxzeoGI"
        + "j5adpKuyucDHztXc4+rx+P8GDRQbIikwNz5FTFNaYWhvdn2Ei5KZoKeutbzDytHY3+bt9PsCCRAX"
        + "HiUsMzpBSE9WXWRrcnmAh46VnKOq"),
    PNGSample(
      "with gamma 1", 5, 3, 3,
      png:
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAABGdBTUEAAYagMeiWXwAAABRJREFU"
        + "eJxjZGDl4kcCLN7e3vj4AFnqA/fnuG+TAAAAAElFTkSuQmCC",
      pixels:
        "AAUKDxQZHiMoLTI3PEFGS1BVWl9kaW5zeH2Ch4yRlpugpaqvtLm+w8jN0tfc"),
  ]
}
