import Foundation
import Networks

/// Invented tables, for trying the tool without data at hand: a seed gives the same text everywhere, and a longer table
/// begins with the rows of a shorter one.
enum SyntheticTable: String, CaseIterable, Encodable, Sendable {
  /// Passengers of a ship: an index, words, gaps, and who survived.
  case passengers
  /// Houses and their prices: semicolons, decimal commas, dates, gaps, and a column of many different words.
  case houses
  /// The weather of a place, day by day.
  case weather

  /// The columns; the last one is to be predicted.
  var columns: [String] {
    switch self {
    case .passengers: ["id", "class", "sex", "age", "family", "fare", "port", "survived"]
    case .houses: ["street", "area", "rooms", "built", "garden", "sold", "price"]
    case .weather: ["date", "rain", "wind", "sky", "low", "high"]
    }
  }

  private var delimiter: String { self == .houses ? ";" : "," }

  /// The table as CSV.
  func text(rows: Int, seed: UInt64) -> String {
    let key = RandomKey(seed: seed).folded(rawValue)
    var lines = [columns]
    switch self {
    case .passengers: lines += (0..<rows).map { Self.passenger($0, key) }
    case .houses: lines += (0..<rows).map { Self.house($0, key) }
    case .weather: lines += Self.days(rows, key)
    }
    return lines.map { $0.joined(separator: delimiter) + "\n" }.joined()
  }

  private static func passenger(_ row: Int, _ key: RandomKey) -> [String] {
    var draws = Draws(key.folded(row))
    let level = draws.place(in: [0.25, 0.2, 0.55])
    let isFemale = draws.happens(0.36)
    let isChild = draws.happens(0.1)
    let age = isChild ? 1 + 11 * draws.uniform() : 12 + 60 * pow(draws.uniform(), 1.6)
    let family = draws.place(in: [0.6, 0.18, 0.11, 0.06, 0.03, 0.02])
    let fare = [80, 22, 10][level] * exp(0.35 * draws.normal())
    let port = ["Hull", "Brest", "Cork"][draws.place(in: [0.7, 0.2, 0.1])]
    // The log odds of survival.
    let odds =
      -1.1 + (isFemale ? 2.7 : 0) + [1.2, 0.2, -0.8][level] + (isChild ? 1.6 : 0)
      - 0.5 * Double(max(0, family - 2))
    let survived = draws.happens(1 / (1 + exp(-odds)))
    return [
      "\(row + 1)", ["first", "second", "third"][level], isFemale ? "female" : "male",
      draws.happens(0.2) ? "" : "\(Int(age))", "\(family)", decimal(fare, 2),
      draws.happens(0.02) ? "" : port, survived ? "yes" : "no",
    ]
  }

  private static func house(_ row: Int, _ key: RandomKey) -> [String] {
    var draws = Draws(key.folded(row))
    let trees = [
      "Oak", "Elm", "Ash", "Birch", "Cedar", "Lime", "Maple", "Pine", "Rowan", "Willow", "Hazel",
      "Alder",
    ]
    let ways = ["Street", "Lane", "Road", "Hill", "Way", "Square"]
    let street = Int(draws.uniform() * Double(trees.count * ways.count))
    // What a square metre costs there.
    var ofStreet = Draws(key.folded("street").folded(street))
    let level = 1500 + 2500 * ofStreet.uniform()
    let area = 45 + 130 * pow(draws.uniform(), 1.5)
    let rooms = max(1, Int((area / 28 + 0.7 * draws.normal()).rounded()))
    let built = 1900 + Int(120 * draws.uniform())
    let hasGarden = draws.happens(0.4)
    let day = date(2019, dayOfSeries: Int(1825 * draws.uniform())).split(separator: "-")
    let price =
      (40_000 + area * level + 12_000 * Double(rooms) + (hasGarden ? 30_000 : 0)
        + 500 * Double(built - 1960)) * (1 + 0.04 * draws.normal())
    let euros = Int(price)
    return [
      "\(trees[street % trees.count]) \(ways[street / trees.count])", comma(area, 1), "\(rooms)",
      draws.happens(0.08) ? "" : "\(built)", hasGarden ? "yes" : "no",
      day.reversed().joined(separator: "."),
      "\(euros / 1000).\(String(format: "%03d", euros % 1000)),\(["00", "50"][row % 2])",
    ]
  }

  private static func days(_ count: Int, _ key: RandomKey) -> [[String]] {
    // Warm and wet spells last for days.
    var (warmth, wetness) = (0.0, 0.0)
    return (0..<count).map { day in
      var draws = Draws(key.folded(day))
      let season = -cos(2 * .pi * (Double(day) - 20) / 365.25)
      warmth = 0.75 * warmth + 2 * draws.normal()
      wetness = 0.6 * wetness + draws.normal()
      let amount = wetness - 0.4 * season - 0.5
      let rain = amount > 0 ? 6 * amount : 0
      let high = 13 + 10 * season + warmth - (rain > 0 ? 1.5 : 0)
      let low = high - 4 - 5 * draws.uniform() - (rain > 0 ? 0 : 2)
      let wind = 3 + abs(wetness) + 1.2 * abs(draws.normal())
      let sky = rain > 0 ? high < 1 ? "snow" : "rain" : wetness > -0.5 ? "clouds" : "sun"
      return [
        date(2015, dayOfSeries: day), decimal(rain, 1), decimal(wind, 1), sky, decimal(low, 1),
        decimal(high, 1),
      ]
    }
  }

  // MARK: Cells

  private static func decimal(_ number: Double, _ digits: Int) -> String {
    let text = String(format: "%.\(digits)f", number)
    return text.allSatisfy { "-0.".contains($0) } ? text.replacing("-", with: "") : text
  }

  private static func comma(_ number: Double, _ digits: Int) -> String {
    decimal(number, digits).replacing(".", with: ",")
  }

  /// "2019-01-01" and the days after it.
  private static func date(_ year: Int, dayOfSeries day: Int) -> String {
    // Every fourth year from 1972 on has a leap day, until 2100.
    let start = (year - 1970) * 365 + (year - 1969) / 4
    return Date(timeIntervalSince1970: Double(start + day) * 86_400)
      .formatted(.iso8601.year().month().day())
  }
}

/// The random numbers of a row.
private struct Draws {
  private var generator: PhiloxGenerator

  init(_ key: RandomKey) { generator = key.generator }

  /// From 0 to 1.
  mutating func uniform() -> Double { Double.random(in: 0..<1, using: &generator) }

  mutating func happens(_ probability: Double) -> Bool { uniform() < probability }

  /// Nearly normal, with mean 0 and deviation 1.
  mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }

  /// A place, each with its share.
  mutating func place(in shares: [Double]) -> Int {
    var rest = uniform()
    for (place, share) in shares.enumerated() {
      rest -= share
      if rest < 0 { return place }
    }
    return shares.count - 1
  }
}
