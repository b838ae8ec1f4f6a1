/// The lines along which a function on a grid is zero, by marching squares: each square of four neighbours is
/// crossed where the sign changes along its edges, at the place that linear interpolation gives.
///
/// - Parameters:
///   - values: the function, row by row
///   - columns: the number of values in a row
/// - Returns: lines of points in units of the grid
func zeroContours(of values: [Double], columns: Int) -> [[(x: Double, y: Double)]] {
  let rows = values.count / columns
  // An edge between a value and its right (2k) or lower (2k + 1) neighbour, k the place of the value.
  var neighbours: [Int: [Int]] = [:]
  for row in 0..<(rows - 1) {
    for column in 0..<(columns - 1) {
      let place = row * columns + column
      let corners = [place, place + 1, place + columns + 1, place + columns]
      let edges = [2 * place, 2 * (place + 1) + 1, 2 * (place + columns), 2 * place + 1]
      let crossed = (0..<4).filter {
        (values[corners[$0]] > 0) != (values[corners[($0 + 1) % 4]] > 0)
      }.map { edges[$0] }
      // Two crossings are one line; of four, neighbours belong together.
      for pair in stride(from: 0, to: crossed.count - 1, by: 2) {
        neighbours[crossed[pair], default: []].append(crossed[pair + 1])
        neighbours[crossed[pair + 1], default: []].append(crossed[pair])
      }
    }
  }
  func point(_ edge: Int) -> (x: Double, y: Double) {
    let place = edge / 2
    let other = edge.isMultiple(of: 2) ? place + 1 : place + columns
    let (a, b) = (values[place], values[other])
    let share = a == b ? 0.5 : a / (a - b)
    let (x, y) = (Double(place % columns), Double(place / columns))
    return edge.isMultiple(of: 2) ? (x + share, y) : (x, y + share)
  }
  // Chains first from their ends, then those that close. In order, so that a picture is always the same.
  let starts = neighbours.keys.sorted()
  var lines: [[(x: Double, y: Double)]] = []
  for start in starts.filter({ neighbours[$0]!.count == 1 }) + starts {
    var line = [start]
    while let next = neighbours[line[line.count - 1]]?.first {
      let last = line[line.count - 1]
      neighbours[last]!.removeFirst()
      neighbours[next]!.removeAll { $0 == last }
      line.append(next)
    }
    if line.count > 1 { lines.append(line.map(point)) }
  }
  return lines
}
