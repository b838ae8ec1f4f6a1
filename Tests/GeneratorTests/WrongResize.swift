import Shared

/// Bilinear interpolation with a mistake in it, to recognise the mistake by its numbers.
struct WrongResize {
  /// Where in the old image a new pixel comes from.
  typealias Place = (_ index: Int, _ old: Int, _ new: Int) -> Float

  /// How the four pixels around a place are mixed.
  enum Mix {
    case right, exchanged, rowsExchanged, columnsExchanged, axes, columnsOnly, rowsOnly, mean
    case firstChannel
  }

  /// Where it does come from.
  static func right(_ index: Int, _ old: Int, _ new: Int) -> Float {
    max((Float(index) + 0.5) * Float(old) / Float(new) - 0.5, 0)
  }

  var place: Place = right
  var mix = Mix.right
  /// Whether rows are scaled as if they were columns.
  var isScaledAlike = false

  func applied(to image: Tensor, _ height: Int, _ width: Int) -> Tensor {
    let (channels, oldHeight, oldWidth) = (image.shape[0], image.shape[1], image.shape[2])
    var result = Tensor(zeros: [channels, height, width])
    for y in 0..<height {
      for x in 0..<width {
        let (row, column) = (
          isScaledAlike ? place(y, oldWidth, width) : place(y, oldHeight, height),
          place(x, oldWidth, width)
        )
        let top = min(max(Int(row), 0), oldHeight - 1)
        let left = min(max(Int(column), 0), oldWidth - 1)
        let (bottom, right) = (min(top + 1, oldHeight - 1), min(left + 1, oldWidth - 1))
        var (v, u) = (row - Float(top), column - Float(left))
        switch mix {
        case .right, .firstChannel: break
        case .exchanged: (v, u) = (1 - v, 1 - u)
        case .rowsExchanged: v = 1 - v
        case .columnsExchanged: u = 1 - u
        case .axes: (v, u) = (u, v)
        case .columnsOnly: v = 0
        case .rowsOnly: u = 0
        case .mean: (v, u) = (0.5, 0.5)
        }
        for c in 0..<channels {
          let k = mix == .firstChannel ? 0 : c
          result[c, y, x] =
            (1 - v) * ((1 - u) * image[k, top, left] + u * image[k, top, right])
            + v * ((1 - u) * image[k, bottom, left] + u * image[k, bottom, right])
        }
      }
    }
    return result
  }
}
