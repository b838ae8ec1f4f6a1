import Foundation
import Networks

/// The decision of a model over a plane of two features, with the data on top.
///
///     let boundary = try DecisionBoundary(of: moons)
///     try boundary.figure(of: network, title: "Moons").write(to: URL(filePath: "moons.png"))
///
/// Each place has the colour of its most probable class, paler the less probable the class is; a line follows
/// the places where the two most probable classes are equal.
public struct DecisionBoundary: Sendable {
  /// The range of each feature: that of the data and a tenth more on each side.
  public let ranges: (x: ClosedRange<Double>, y: ClosedRange<Double>)
  /// The number of places along each axis at which the model is asked.
  public let resolution: Int
  private let axisNames: [String]
  private let classNames: [String]
  private let points: [[(x: Double, y: Double)]]
  /// The places, `[resolution², 2]`, row by row from the top.
  private let places: Tensor

  /// Prepares pictures over these data.
  ///
  /// - Parameters:
  ///   - data: examples of two features, in at least two classes
  ///   - resolution: the number of places along each axis
  ///   - pointLimit: the largest number of examples that are drawn
  /// - Throws: `CourseError` when the data do not have two features, for one class only, and for more than 40.
  public init(of data: Dataset, resolution: Int = 120, pointLimit: Int = 500) throws {
    guard data.inputShape == [2] else {
      throw CourseError(
        .invalidData, "a decision boundary is drawn over two features",
        expected: "examples of shape [2]", received: "\(data.inputShape)", location: data.name,
        remedy: "Use data with two columns of features, such as Dataset.moons().")
    }
    let labels = data.targets.classIndices
    let classCount = data.classCount ?? 0
    guard Set(labels).count >= 2 else {
      throw CourseError(
        .invalidData, "a decision boundary needs two classes", expected: "examples of at least two",
        received: "examples of \(Set(labels).count)", location: data.name)
    }
    guard classCount <= 40 else {
      throw CourseError(
        .invalidData, "a decision boundary is drawn for few classes", expected: "at most 40",
        received: "\(classCount)", location: data.name)
    }
    let (x, y) = (
      data.features.slice(axis: 1, at: 0).scalars, data.features.slice(axis: 1, at: 1).scalars
    )
    ranges = (Self.range(x), Self.range(y))
    self.resolution = max(resolution, 2)
    axisNames = data.featureNames.isEmpty ? ["x", "y"] : data.featureNames
    classNames =
      data.classNames.isEmpty ? (0..<classCount).map { "class \($0)" } : data.classNames
    // The first ones in an order of their own: data may be sorted by class.
    let shown = RandomKey(seed: 0).permutation(of: labels.count).prefix(pointLimit)
    points = (0..<classCount).map { label in
      shown.filter { labels[$0] == label }.map { (Double(x[$0]), Double(y[$0])) }
    }
    places = Self.places(ranges, resolution: self.resolution)
  }

  private static func range(_ values: [Float]) -> ClosedRange<Double> {
    let (low, high) = (Double(values.min() ?? 0), Double(values.max() ?? 1))
    let margin = max((high - low) * 0.1, 1e-3)
    return (low - margin)...(high + margin)
  }

  /// The middle of each cell.
  private static func places(
    _ ranges: (x: ClosedRange<Double>, y: ClosedRange<Double>), resolution: Int
  ) -> Tensor {
    func value(_ place: Int, _ range: ClosedRange<Double>) -> Float {
      Float(
        range.lowerBound + (Double(place) + 0.5) / Double(resolution)
          * (range.upperBound - range.lowerBound))
    }
    var scalars: [Float] = []
    for row in (0..<resolution).reversed() {
      for column in 0..<resolution {
        scalars += [value(column, ranges.x), value(row, ranges.y)]
      }
    }
    return Tensor(scalars).reshaped(to: [resolution * resolution, 2])
  }

  /// Throws when a feature of a network is the index of a word: there is no plane between words.
  static func requireNumbers(_ network: NeuralNetwork) throws {
    guard let words = network.preparation?.vocabularies.keys.min() else { return }
    throw CourseError(
      .invalidData, "a decision boundary is drawn over two features", expected: "numbers",
      received: "words in \"\(network.featureNames.dropFirst(words).first ?? "\(words)")\"",
      remedy: "Use data with two columns of features, such as Dataset.moons().")
  }

  /// The figure of a model.
  ///
  /// - Throws: what the model throws; `CourseError` when its probabilities are not of the data's classes, or one of its
  ///   features is a word.
  public func figure(of model: some DecisionFunction, title: String) throws -> Figure {
    if let network = model as? NeuralNetwork { try Self.requireNumbers(network) }
    let probabilities = try model.classProbabilities(places)
    guard probabilities.shape == [resolution * resolution, classNames.count] else {
      throw CourseError(
        .shapeMismatch, "the model does not have the classes of the data",
        expected: "\(classNames.count) probabilities for each example",
        received: "shape \(probabilities.shape)")
    }
    var figure = Figure(
      title: title, x: .init(axisNames[0], range: ranges.x),
      y: .init(axisNames[1], range: ranges.y))
    figure.size = .init(width: 560, height: 540)
    figure.marks = [.image(image(probabilities))]
    figure.marks += contours(probabilities)
    for (label, points) in points.enumerated() {
      figure.marks.append(.points(classNames[label], points, color: .series(label)))
    }
    return figure
  }

  /// Each place in the colour of its most probable class.
  private func image(_ probabilities: Tensor) -> Figure.Image {
    let count = classNames.count
    // Few levels, so that areas of one colour stay areas: an SVG file and a GIF are then small.
    let levels: Float = 16
    var pixels: [UInt8] = []
    probabilities.read { p in
      for place in 0..<(resolution * resolution) {
        let row = (0..<count).map { p[place * count + $0] }
        let best = row.indices.max { row[$0] < row[$1] } ?? 0
        // From 0, where no class is more probable than another, to 1.
        let certainty = max(0, (row[best] - 1 / Float(count)) / (1 - 1 / Float(count)))
        let strength = 0.06 + 0.54 * Double((certainty * levels).rounded() / levels)
        let color = Theme.light.rgb(.init(.series(best)))
        pixels += [color.red, color.green, color.blue].map {
          UInt8((255 + (Double($0) - 255) * strength).rounded())
        }
      }
    }
    return .init(columns: resolution, pixels: pixels, x: ranges.x, y: ranges.y)
  }

  /// The lines of equal odds.
  private func contours(_ probabilities: Tensor) -> [Figure.Mark] {
    let count = classNames.count
    let rows = probabilities.read { p in
      (0..<(resolution * resolution)).map { place in
        (0..<count).map { Double(p[place * count + $0]) }
      }
    }
    // How far each class is ahead of the best of the others.
    let leaders = rows.map { row -> (label: Int, value: Double, next: Double) in
      var (best, next) = (0, -Double.infinity)
      for label in row.indices.dropFirst() {
        if row[label] > row[best] {
          (best, next) = (label, row[best])
        } else {
          next = max(next, row[label])
        }
      }
      return (best, row[best], next)
    }
    // With two classes the line of one is that of the other.
    return (0..<(count == 2 ? 1 : count)).flatMap { label -> [Figure.Mark] in
      let leads = zip(rows, leaders).map { row, leader in
        row[label] - (leader.label == label ? leader.next : leader.value)
      }
      return zeroContours(of: leads, columns: resolution).map { contour in
        let points = contour.map { point in
          (
            x: ranges.x.lowerBound + (point.x + 0.5) / Double(resolution)
              * (ranges.x.upperBound - ranges.x.lowerBound),
            y: ranges.y.upperBound - (point.y + 0.5) / Double(resolution)
              * (ranges.y.upperBound - ranges.y.lowerBound)
          )
        }
        return .line("", points, color: .rgb(0x24, 0x29, 0x2f), hasMarkers: false)
      }
    }
  }
}
