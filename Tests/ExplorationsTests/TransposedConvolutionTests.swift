import CourseTestSupport
import Shared
import Testing

@testable import Explorations

/// Task 5.2.
@Suite(.watched) struct TransposedConvolutionTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "TransposedConvolution",
    [
      ("lengthOfTheOutput()", { try TransposedConvolutionTests().checkLength() }),
      ("whereAPixelPaints()", { try TransposedConvolutionTests().checkTarget() }),
      ("eachPixelPaintsTheKernel()", { TransposedConvolutionTests().checkForward() }),
      ("gradientOfTheInput()", { TransposedConvolutionTests().checkInputGradient() }),
      ("gradientOfTheWeights()", { TransposedConvolutionTests().checkWeightGradient() }),
    ],
    hints: [
      "Tensor subscript":
        "an index is one of another tensor: X[n, c, place], W[c, o, kernel], Y[n, o, target]",
      "an output of at least one pixel": "H' = (H − 1) · s + kH − 2p",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      TransposedConvolutionTests.steps.tryAndExit()
    }
  }

  @Test func lengthOfTheOutput() async throws { try await Self.steps.run(0) }
  @Test func whereAPixelPaints() async throws { try await Self.steps.run(1) }
  @Test func eachPixelPaintsTheKernel() async throws { try await Self.steps.run(2) }
  @Test func gradientOfTheInput() async throws { try await Self.steps.run(3) }
  @Test func gradientOfTheWeights() async throws { try await Self.steps.run(4) }

  private func layer(_ stride: Int, _ padding: Int) -> TransposedConvolution {
    TransposedConvolution(weights: Self.w, stride: stride, padding: padding)
  }

  private func checkLength() throws {
    // input, kernel, stride, padding
    let cases = [(1, 2, 2, 0), (3, 3, 2, 1), (5, 4, 2, 1), (4, 3, 1, 1), (2, 5, 3, 0)]
    func all(_ length: (Int, Int, Int, Int) -> Int) -> [Int] { cases.map(length) }
    let right = all { ($0 - 1) * $2 + $1 - 2 * $3 }
    let got = all { layer($2, $3).outputLength(input: $0, kernel: $1) }
    let mistakes: [(String, [Int])] = [
      ("the padding is cut off at both edges: − 2p", all { ($0 - 1) * $2 + $1 - $3 }),
      ("the padding makes the output smaller: − 2p", all { ($0 - 1) * $2 + $1 + 2 * $3 }),
      ("the padding is missing: − 2p", all { ($0 - 1) * $2 + $1 + 0 * $3 }),
      ("the last pixel paints a whole kernel: (H − 1) · s + kH", all { $0 * $2 + $1 - 2 * $3 }),
      (
        "the last pixel paints a whole kernel: (H − 1) · s + kH, not H · s",
        all { $0 * $2 - 2 * $3 + 0 * $1 }
      ),
      (
        "this is the length of a convolution's output: (H − 1) · s + kH − 2p",
        all {
          ($0 + 2 * $3 - $1) / $2 + 1
        }
      ),
      ("the stride is missing: (H − 1) · s", all { $0 - 1 + $1 - 2 * $3 + 0 * $2 }),
      ("one pixel is missing: (H − 1) · s + kH − 2p", all { ($0 - 1) * $2 + $1 - 2 * $3 - 1 }),
    ]
    guard got != right else { return }
    let mistake = mistakes.first { $0.1 == got }?.0
    try require(
      false,
      "TransposedConvolution.outputLength: "
        + (mistake ?? "of (H, kH, s, p) = \(cases) expected \(right), got \(got)"))
  }

  private func checkTarget() throws {
    var (right, got): ([[Int]], [[Int]]) = ([], [])
    var mistakes: [String: [[Int]]] = [:]
    let layer = layer(2, 1)
    let output = [1, 1, 4, 6]
    func note(_ list: inout [[Int]], _ row: Int, _ column: Int, limits: (Int, Int) = (4, 6)) {
      list.append(
        row >= 0 && column >= 0 && row < limits.0 && column < limits.1 ? [row, column] : [])
    }
    for y in 0..<3 {
      for x in 0..<4 {
        for i in 0..<3 {
          for j in 0..<2 {
            let (row, column) = (2 * y + i - 1, 2 * x + j - 1)
            note(&right, row, column)
            let place = layer.target((y, x), (i, j), in: output)
            got.append(place.map { [$0.y, $0.x] } ?? [])
            func wrong(_ name: String, _ row: Int, _ column: Int, _ limits: (Int, Int) = (4, 6)) {
              note(&mistakes[name, default: []], row, column, limits: limits)
            }
            wrong("the stride is missing: y · s + i − p", y + i - 1, x + j - 1)
            wrong("the padding is missing: y · s + i − p", 2 * y + i, 2 * x + j)
            wrong("the padding is subtracted: y · s + i − p", 2 * y + i + 1, 2 * x + j + 1)
            wrong("the place in the kernel is missing: y · s + i − p", 2 * y - 1, 2 * x - 1)
            wrong(
              "the stride is that of the input's pixels: y · s + i", y + 2 * i - 1, x + 2 * j - 1)
            wrong("the place in the kernel is added: y · s + i − p", 2 * y - i + 1, 2 * x - j + 1)
            wrong("rows and columns are exchanged", column, row)
            wrong("the row is y · s + i − p, not x · s + j − p", column, column)
            wrong("the column is x · s + j − p, not y · s + i − p", row, row)
            wrong("the row has i, not j: y · s + i − p", 2 * y + j - 1, column)
            wrong("the column has j, not i: x · s + j − p", row, 2 * x + i - 1)
            wrong("the row has i and the column j", 2 * y + j - 1, 2 * x + i - 1)
            wrong("rows end at H' and columns at W'", row, column, (6, 4))
            wrong("what is beyond the output is cut off: nil", row, column, (99, 99))
            let uncut = "what is beyond the output is cut off: nil, also above and to the left"
            mistakes[uncut, default: []].append([row, column])
            wrong("the last row and column belong to the output", row, column, (3, 5))
          }
        }
      }
    }
    guard got != right else { return }
    let mistake = mistakes.first { $0.value == got }?.key
    try require(
      false,
      "TransposedConvolution.target: "
        + (mistake
          ?? "row y · s + i − p, column x · s + j − p, nil outside: a place differs from that"))
  }

  // X = (arange(24) * 37 % 23 / 10 - 1).reshape(2, 2, 2, 3), W = (arange(36) * 29 % 31 / 10 - 1.5).reshape(2, 3, 3, 2)
  static let x = Tensor(
    shape: [2, 2, 2, 3], scalars: (0..<24).map { Float($0 * 37 % 23) / 10 - 1 })
  static let w = Tensor(
    shape: [2, 3, 3, 2], scalars: (0..<36).map { Float($0 * 29 % 31) / 10 - 1.5 })
  static let dY = Tensor(
    shape: [2, 3, 3, 4], scalars: (0..<72).map { Float($0 * 23 % 19) / 9 - 1 })

  // torch.nn.functional.conv_transpose2d(X, W, stride=2, padding=1), in double precision
  private static let y = Tensor(
    shape: [2, 3, 3, 4],
    scalars: [
      -0.75, 0.2, 0.2, 0.1, 0.8, -0.68, -0.52, 1.91, 0.95, -0.56, -0.4, -0.66, -0.15, 0.2,
      0.2, -0.5, 0.2, 0.28, 0.44, -1.12, -0.25, 0.4, 0.56, -0.3, 2, -1.04, -1.04, 2, -1.95,
      1.24, 1.4, 0.19, -1.14, -1.12, -0.96, 1.92, 0.3, 1.53, 1.25, -0.18, -0.32, -0.19, 1.58,
      -0.82, -0.3, 0.77, 0.65, -0.94, -0.78, -0.15, -0.43, 0.3, -1.52, -0.42, -0.82, 0.48,
      -0.42, 0.05, -0.07, 0.5, 1.86, -0.9, -1.18, -1.08, 0.07, 1.52, 1.12, 1.16, 1.94, -0.98,
      -1.1, -1.16,
    ])
  // Its gradients for dY = (arange(72) * 23 % 19 / 9 - 1).reshape(2, 3, 3, 4)
  private static let dX = Tensor(
    shape: [2, 2, 2, 3],
    scalars: [
      1.977778, -3.511111, 0.433333, -0.066667, 1.844444, -0.622222, -0.611111, -4.333333,
      2.2, 0.711111, 0.566667, -0.977778, -0.755556, 3.044444, -2.1, -0.066667, -1.322222,
      1.911111, -0.055556, 2.255556, -2.533333, -1.488889, 1.222222, 2.088889,
    ])
  private static let dW = Tensor(
    shape: [2, 3, 3, 2],
    scalars: [
      0.411111, 1.322222, 0.355556, 0.811111, -0.166667, -0.066667, 0.388889, -1.055556,
      -1.077778, -0.711111, -0.1, -0.055556, 0.366667, 1.422222, 0.444444, 0.933333,
      -0.033333, -0.044444, 1.566667, 0.266667, -0.711111, -0.222222, 0.988889, 0.666667,
      -0.933333, 0.266667, -0.555556, -0.977778, -1.422222, 0.755556, 1.422222, 0.266667,
      -0.822222, -0.044444, 1.022222, 0.844444,
    ])

  /// Adds up or replaces, over all pairs of a pixel and a weight that meet in the output.
  private func all(
    _ shape: [Int], replaces: Bool = false, flips: Bool = false,
    _ term: (_ n: Int, _ c: Int, _ o: Int, _ p: [Int], _ k: [Int], _ t: [Int]) -> (
      [Int], Float
    )
  ) -> Tensor {
    var result = Tensor(zeros: shape)
    for y in 0..<2 {
      for x in 0..<3 {
        for i in 0..<3 {
          for j in 0..<2 {
            let (row, column) = (2 * y + i - 1, 2 * x + j - 1)
            guard (0..<3).contains(row), (0..<4).contains(column) else { continue }
            for n in 0..<2 {
              for c in 0..<2 {
                for o in 0..<3 {
                  let kernel = flips ? [2 - i, 1 - j] : [i, j]
                  let (place, value) = term(n, c, o, [y, x], kernel, [row, column])
                  let old = replaces ? 0 : result[place[0], place[1], place[2], place[3]]
                  result[place[0], place[1], place[2], place[3]] = old + value
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  private func checkForward() {
    let (x, w) = (Self.x, Self.w)
    func wrong(
      replaces: Bool = false, flips: Bool = false, channel: (Int) -> Int = { $0 },
      out: (Int) -> Int = { $0 }
    ) -> Tensor {
      all([2, 3, 3, 4], replaces: replaces, flips: flips) { n, c, o, p, k, t in
        ([n, o] + t, x[n, channel(c), p[0], p[1]] * w[c, out(o), k[0], k[1]])
      }
    }
    expectClose(
      layer(2, 1).forward(x), Self.y, "TransposedConvolution.forward",
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [2, 3, 3, 4]),
        "what several pixels paint on one place adds up": wrong(replaces: true),
        "the kernel is painted as it is, not turned": wrong(flips: true),
        "all channels of the input paint, not the first only": wrong(channel: { _ in 0 }),
        "each channel of the output has a kernel of its own": wrong(out: { _ in 0 }),
        "the value of the pixel is missing: X · W": all([2, 3, 3, 4]) { n, c, o, _, k, t in
          ([n, o] + t, w[c, o, k[0], k[1]])
        },
        "the weight is missing: X · W": all([2, 3, 3, 4]) { n, c, o, p, _, t in
          ([n, o] + t, x[n, c, p[0], p[1]])
        },
        "the sign is wrong": -Self.y,
        "the same image is taken for all": all([2, 3, 3, 4]) { n, c, o, p, k, t in
          ([n, o] + t, x[0, c, p[0], p[1]] * w[c, o, k[0], k[1]])
        },
      ])
  }

  private func checkInputGradient() {
    let (w, dY) = (Self.w, Self.dY)
    func wrong(
      replaces: Bool = false, flips: Bool = false, out: (Int) -> Int = { $0 }, sign: Float = 1
    ) -> Tensor {
      all([2, 2, 2, 3], replaces: replaces, flips: flips) { n, c, o, p, k, t in
        ([n, c] + p, sign * dY[n, out(o), t[0], t[1]] * w[c, o, k[0], k[1]])
      }
    }
    expectClose(
      layer(2, 1).inputGradient(dY, input: Self.x), Self.dX, "TransposedConvolution.inputGradient",
      atol: 2e-5,
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [2, 2, 2, 3]),
        "a pixel gets the gradients of all places that it painted: they add up": wrong(
          replaces: true),
        "the kernel is not turned on the way back": wrong(flips: true),
        "the gradients of all channels of the output add up, not those of the first": wrong(out: {
          _ in
          0
        }),
        "the weight is missing: dY · W": all([2, 2, 2, 3]) { n, c, o, p, _, t in
          ([n, c] + p, dY[n, o, t[0], t[1]])
        },
        "it is dY · W, not dY · X": all([2, 2, 2, 3]) { n, c, o, p, _, t in
          ([n, c] + p, dY[n, o, t[0], t[1]] * Self.x[n, c, p[0], p[1]])
        },
        "the sign is wrong": wrong(sign: -1),
      ])
  }

  private func checkWeightGradient() {
    let (x, dY) = (Self.x, Self.dY)
    func wrong(
      replaces: Bool = false, flips: Bool = false, channel: (Int) -> Int = { $0 },
      image: Bool = true
    ) -> Tensor {
      all([2, 3, 3, 2], replaces: replaces, flips: flips) { n, c, o, p, k, t in
        ([c, o] + k, dY[n, o, t[0], t[1]] * x[image ? n : 0, channel(c), p[0], p[1]])
      }
    }
    expectClose(
      layer(2, 1).weightGradient(dY, input: x), Self.dW, "TransposedConvolution.weightGradient",
      atol: 2e-5,
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [2, 3, 3, 2]),
        "a weight is used at every pixel of every image: the gradients add up": wrong(
          replaces: true),
        "the kernel is not turned": wrong(flips: true),
        "each channel of the input has weights of its own": wrong(channel: { _ in 0 }),
        "the image is that of dY": wrong(image: false),
        "the value of the pixel is missing: dY · X": all([2, 3, 3, 2]) { n, c, o, _, k, t in
          ([c, o] + k, dY[n, o, t[0], t[1]])
        },
        "it is dY · X, not dY · W": all([2, 3, 3, 2]) { n, c, o, _, k, t in
          ([c, o] + k, dY[n, o, t[0], t[1]] * Self.w[c, o, k[0], k[1]])
        },
        "the sign is wrong": -Self.dW,
        "it is a sum over the images, not a mean": Self.dW / 2,
      ])
  }

  // MARK: Anything else

  /// `⟨dY, Y⟩ = ⟨dX, X⟩ = ⟨dW, W⟩`, since Y is linear in both.
  @Test(.waits(for: steps), arguments: [[1, 1, 1, 1], [3, 2, 4, 1], [2, 1, 3, 5]])
  func otherSizes(shape: [Int]) {
    let key = RandomKey(seed: varied(52)).folded(shape[2])
    for (kernel, stride, padding) in [([2, 2], 2, 0), ([3, 4], 1, 1), ([1, 5], 3, 0)] {
      let weights = Tensor(normal: [shape[1], 2] + kernel, key: key.folded("weights"))
      let x = Tensor(normal: shape, key: key.folded("x"))
      let layer = TransposedConvolution(weights: weights, stride: stride, padding: padding)
      if shape[2] == 1, padding > 0 { continue }
      let y = layer.forward(x)
      let dY = Tensor(normal: y.shape, key: key.folded("gradient"))
      let product = (dY * y).sum()
      let name = "input \(shape), kernel \(kernel), stride \(stride), padding \(padding)"
      expectClose(
        (layer.inputGradient(dY, input: x) * x).sum(), product,
        "TransposedConvolution.inputGradient, \(name)", atol: 1e-3, rtol: 1e-4)
      expectClose(
        (layer.weightGradient(dY, input: x) * weights).sum(), product,
        "TransposedConvolution.weightGradient, \(name)", atol: 1e-3, rtol: 1e-4)
    }
  }

  @Test(.waits(for: steps)) func wrongArgumentsStop() async {
    let arguments = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = TransposedConvolution(weights: [[1]], stride: 0)
    }
    expectWords(of: arguments, "TransposedConvolution", "weights [C, O, kH, kW]", "stride 0")
    let input = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = TransposedConvolution(weights: Tensor(ones: [2, 1, 1, 1])).forward(
        Tensor(ones: [1, 1, 2, 2]))
    }
    expectWords(of: input, "TransposedConvolution.forward", "[N, 2, H, W]", "[1, 1, 2, 2]")
    let small = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = TransposedConvolution(weights: Tensor(ones: [1, 1, 2, 2]), padding: 1)
        .forward(Tensor(ones: [1, 1, 1, 1]))
    }
    expectWords(of: small, "an output of at least one pixel", "0 x 0")
  }
}
