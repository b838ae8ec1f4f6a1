import Shared
import Testing

/// Recurrent layers in double precision, from PyTorch:
///
///     def fill(shape, m, k, d):
///         count = torch.Size(shape).numel()
///         return torch.tensor([(i * k % m - m // 2) / d for i in range(count)]).reshape(shape)
///     torch.set_default_dtype(torch.float64)
///     F, H = 2, 3
///     layer = torch.nn.LSTM(F, H, batch_first=True)         # RNN (G = 1), LSTM (G = 4), GRU (G = 3)
///     layer.weight_ih_l0.data = fill([F, G * H], 11, 7, 6).T
///     layer.weight_hh_l0.data = fill([H, G * H], 13, 5, 8).T
///     layer.bias_ih_l0.data = fill([G * H], 7, 3, 4)
///     layer.bias_hh_l0.data.zero_()                         # GRU: [2 * H:] = fill([H], 5, 2, 3)
///     x = fill([2, T, F], 9, 4, 4); dY = fill([2, T, H], 7, 3, 2)
///     h0 = fill([1, 2, H], 8, 3, 5); c0 = fill([1, 2, H], 7, 4, 4)
///
/// "states", T = 3:
///
///     y, (h, c) = layer(x, (h0, c0))
///     ((y * dY).sum() + (h * fill([1, 2, H], 6, 5, 3)).sum() + (c * fill([1, 2, H], 5, 3, 2)).sum()).backward()
///
/// "lengths": the same with `x` as `pack_padded_sequence(x, [3, 1], batch_first=True)`, and
/// `pad_packed_sequence(y, batch_first=True)`.
///
/// "stateful", T = 9, in three parts from states of 0; between them `h, c = h.detach(), c.detach()`:
///
///     y, (h, c) = layer(x[:, 3 * i:3 * i + 3], (h, c)); (y * dY[:, 3 * i:3 * i + 3]).sum().backward()
struct RecurrentNumbers: Sendable, CustomTestStringConvertible {
  let cell: RecurrentCell
  let name: String
  let y, hidden: [Float]
  let finalCell: [Float]?
  let dX, dW, dU, db: [Float]
  let dc, dh0, dc0: [Float]?
  var testDescription: String { "\(cell), \(name)" }

  init(
    _ cell: RecurrentCell, _ name: String, y: [Float], hidden: [Float],
    cell finalCell: [Float]? = nil,
    dX: [Float], dW: [Float], dU: [Float], db: [Float], dc: [Float]? = nil, dh0: [Float]? = nil,
    dc0: [Float]? = nil
  ) {
    self.cell = cell
    self.name = name
    (self.y, self.hidden, self.finalCell) = (y, hidden, finalCell)
    (self.dX, self.dW, self.dU, self.db, self.dc) = (dX, dW, dU, db, dc)
    (self.dh0, self.dc0) = (dh0, dc0)
  }

  /// The table's entry.
  static func entry(_ cell: RecurrentCell, _ name: String) -> RecurrentNumbers {
    table.first { $0.cell == cell && $0.name == name }!
  }

  /// What the snippet calls `fill`.
  static func fill(_ shape: [Int], _ m: Int, _ k: Int, _ d: Float) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(
      shape: shape, scalars: (0..<count).map { Float($0 * k % m - m / 2) / d })
  }

  static let table = elman + lstm + gru

  private static let elman: [RecurrentNumbers] = [
    .init(
      .elman, "states",
      y: [
        0.5936821, -0.1079115, 0.2759873, -0.9781115, 0.2981271, 0.5263493, -0.8713678,
        0.4804564, 0.1543282, -0.903631, 0.3289645, 0.2759873, -0.8734436, 0.1724943,
        0.657889, 0.4523863, 0.4960982, -0.4370121,
      ],
      hidden: [
        -0.8713678, 0.4804564, 0.1543282, 0.4523863, 0.4960982, -0.4370121,
      ],
      dX: [
        0.1641066, -2.442129, 0.718459, 0.6908636, -0.2218215, -0.3698244, -0.8079537,
        -0.4196992, 0.3905727, -0.1638282, 0.6077971, 0.6185176,
      ],
      dW: [
        1.3470985, 0.9723487, -2.640355, 0.2129637, 1.39826, -1.3976067,
      ],
      dU: [
        1.384262, 1.4053278, -2.3948653, 0.1193122, -0.0677502, -0.536562, -0.5451828,
        -0.0292673, 0.8235201,
      ],
      db: [
        -1.5928439, 0.1332447, 1.5618741,
      ],
      dh0: [
        2.3007056, 2.3903828, -1.3612735, 0.4233728, 0.6626112, -0.9954325,
      ]),
    .init(
      .elman, "lengths",
      y: [
        0.5936821, -0.1079115, 0.2759873, -0.9781115, 0.2981271, 0.5263493, -0.8713678,
        0.4804564, 0.1543282, -0.903631, 0.3289645, 0.2759873, 0, 0, 0, 0, 0, 0,
      ],
      hidden: [
        -0.8713678, 0.4804564, 0.1543282, -0.903631, 0.3289645, 0.2759873,
      ],
      dX: [
        0.1641066, -2.442129, 0.718459, 0.6908636, -0.2218215, -0.3698244, -0.5796791,
        -0.0485166, 0, 0, 0, 0,
      ],
      dW: [
        1.4290652, 0.8792197, -2.9878834, -0.1443962, 0.5990214, -0.138154,
      ],
      dU: [
        1.0595066, 2.2279392, -3.0009013, 0.2426922, -0.1882012, -0.2654847, -0.4558287,
        -0.7219401, 1.0195363,
      ],
      db: [
        -1.2413825, -0.8850294, 1.975232,
      ],
      dh0: [
        2.3007056, 2.3903828, -1.3612735, 0.0404833, 0.0004754, -0.5399409,
      ]),
    .init(
      .elman, "stateful",
      y: [
        0.083141, -0.3215127, 0.794432, -0.9555364, 0.4922283, -0.1532016, -0.8572366,
        0.2823066, 0.6274226, -0.895048, 0.396419, 0.3357598, -0.8858973, 0.201226,
        0.6677143, 0.4464156, 0.5027279, -0.4295548, -0.3760522, -0.1119067, 0.8685286,
        0.2014022, 0.2686267, -0.147046, -0.1637817, -0.249681, 0.8535467, 0.083141,
        -0.3215127, 0.794432, -0.9555364, 0.4922283, -0.1532016, -0.8572366, 0.2823066,
        0.6274226, -0.895048, 0.396419, 0.3357598, -0.8858973, 0.201226, 0.6677143,
        0.4464156, 0.5027279, -0.4295548, -0.3760522, -0.1119067, 0.8685286, 0.2014022,
        0.2686267, -0.147046, -0.1637817, -0.249681, 0.8535467,
      ],
      hidden: [
        -0.1637817, -0.249681, 0.8535467, -0.1637817, -0.249681, 0.8535467,
      ],
      dX: [
        1.2636986, -2.5536476, 0.7279812, 0.8223997, -0.5706287, -0.1195985, -0.8621394,
        -0.5082192, 0.5002894, 0.040998, 0.5095461, 0.3906868, -1.7189069, 2.4258496,
        0.4594089, -2.1337787, 0.808529, -0.1134842, -1.0805326, 1.3698743, -0.9248284,
        -0.9217367, 0.6775088, 0.310493, 0.5793612, 0.3122875, -0.2914744, 0.523454,
        0.5931501, -1.6125034, 0.4662614, -0.0098102, -0.0929271, -0.2950854, -1.463232,
        1.0026022,
      ],
      dW: [
        0.5703124, 0.9650297, -1.1564791, -0.419232, 0.8681468, 1.3707739,
      ],
      dU: [
        2.6827622, 0.1814674, -0.9192288, 1.4508603, 1.4701619, -0.6393344, -3.1545605,
        -0.9695852, 2.690201,
      ],
      db: [
        -0.1302048, 0.5086696, 2.0909862,
      ]),
  ]
}
