import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Explorations

/// Task 5.6.
@Suite(.watched) struct AttentionTests {
  // MARK: One thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "Attention",
    [
      ("weightsOfEachStep()", { try AttentionTests().checkWeights() }),
      ("outputsAreMeansOfValues()", { try AttentionTests().checkForward() }),
      ("gradientOfTheValues()", { try AttentionTests().checkBackward(2) }),
      ("gradientOfTheQueries()", { try AttentionTests().checkBackward(0) }),
      ("gradientOfTheKeys()", { try AttentionTests().checkBackward(1) }),
    ],
    hints: [
      "Tensor.matmul":
        "write the shapes next to each product: only one order and transposition fits",
      "shapes that broadcast together":
        "S, A, dA and dS are [N, H, T, T]; a maximum or a sum of each row keeps its axis: keepDims: true",
      "Attention.joined": "dQ, dK and dV have the shape of Q: [N, H, T, d]",
      "reshape": "merged(...) takes [N, H, T, d]",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      AttentionTests.steps.tryAndExit()
    }
  }

  @Test func weightsOfEachStep() async throws { try await Self.steps.run(0) }
  @Test func outputsAreMeansOfValues() async throws { try await Self.steps.run(1) }
  @Test func gradientOfTheValues() async throws { try await Self.steps.run(2) }
  @Test func gradientOfTheQueries() async throws { try await Self.steps.run(3) }
  @Test func gradientOfTheKeys() async throws { try await Self.steps.run(4) }

  /// `[N, H, T, d]` with T ≠ d, so that a wrong order of a product does not fit.
  private static let (q, k, v) = (part(0), part(1), part(2))
  private static let dO = Tensor(
    shape: [2, 4, 6], scalars: (0..<48).map { Float($0 * 23 % 19) / 9 - 1 })
  /// X = ((arange(2*4*18) * 31 % 53) / 20 - 1.3).reshape(2, 4, 18)
  static let x = Tensor(
    shape: [2, 4, 18], scalars: (0..<144).map { Float($0 * 31 % 53) / 20 - 1.3 })

  private static func part(_ index: Int) -> Tensor {
    x.reshaped(to: [2, 4, 3, 2, 3]).transposed(axes: [2, 0, 3, 1, 4]).slice(axis: 0, at: index)
  }

  // MARK: The formula, and mistakes in it

  private static func product(
    _ a: Tensor, _ b: Tensor, turnsA: Bool = false, turnsB: Bool = false
  ) -> Tensor { a.matmul(b, transposingSelf: turnsA, transposingOther: turnsB) }

  private static let mask = Tensor([
    [0, -.infinity, -.infinity, -.infinity], [0, 0, -.infinity, -.infinity],
    [0, 0, 0, -.infinity], [0, 0, 0, 0],
  ])

  private static func softmax(_ s: Tensor, axis: Int = -1) -> Tensor {
    let powers = exp(s - s.max(axis: axis, keepDims: true))
    return powers / powers.sum(axis: axis, keepDims: true)
  }

  private static let root = Float(3).squareRoot()
  private static let a = softmax(product(q, k, turnsB: true) / root + mask)

  private func checkWeights() throws {
    let (q, k, mask, root) = (Self.q, Self.k, Self.mask, Self.root)
    let scores = Self.product(q, k, turnsB: true)
    let weights = Attention(heads: 2).weights(q: q, k: k)
    try require(
      weights.shape == [2, 2, 4, 4],
      "Attention.weights: a weight for each pair of steps, expected shape [2, 2, 4, 4], got \(weights.shape)"
    )
    expectClose(
      weights, Self.a, "Attention.weights",
      mistakes: [
        "the scores are divided by √d: Q · Kᵀ / √d": Self.softmax(scores + mask),
        "the scores are divided by √d, not by d": Self.softmax(scores / 3 + mask),
        "the scores are divided by √d, not multiplied by it": Self.softmax(scores * root + mask),
        "the scores are divided by √d, and not by the root of the number of steps": Self.softmax(
          scores / 2 + mask),
        "the scores are divided by √d, and not by the root of the number of heads": Self.softmax(
          scores / Float(2).squareRoot() + mask),
        "the scores are divided by √d, the root of the numbers of one head": Self.softmax(
          scores / Float(6).squareRoot() + mask),
        "the mask is missing: a step does not see the steps after it": Self.softmax(scores / root),
        "the mask is added, not subtracted": Self.softmax(scores / root - mask),
        "the softmax is taken over queries: row by row, axis: -1": Self.softmax(
          scores / root + mask, axis: -2),
        "Q and K are exchanged: S = Q · Kᵀ": Self.softmax(
          Self.product(k, q, turnsB: true) / root + mask),
        "these are the scores: the softmax is missing": scores / root + mask,
        "the powers are not divided by their sum": exp(scores / root + mask),
        "the powers are not divided by their sum": exp(
          scores / root + mask - (scores / root + mask).max(axis: -1, keepDims: true)),
        "the exponential is missing": (scores / root)
          / (scores / root).sum(axis: -1, keepDims: true),
      ],
      notFinite:
        "a number is no number: the mask is added, and the maximum of each row subtracted")
    // exp(200) is no Float.
    let large = Attention(heads: 1).weights(q: [[[[200]]]], k: [[[[1]]]])
    expectClose(
      large, [[[[1]]]], "Attention.weights of a large score",
      notFinite: "subtract the maximum of each row before exp(...)")
    // All scores of the second row lie far below those of the first.
    let far = Attention(heads: 1, isCausal: false).weights(
      q: [[[[200], [-200]]]], k: [[[[10], [9.9999]]]])
    expectClose(
      far.sum(axis: -1), [[[1, 1]]], "Attention.weights, the sum of each row",
      notFinite: "subtract the maximum of each row, not that of all")
  }

  /// Forward and backward as they are written, each by itself: a kernel would have to agree with both before it runs.
  private static let formulas = Attention(heads: 2, implementation: .reference)

  private func checkForward() throws {
    var layer = Self.formulas
    let output = layer.forward(Self.x, mode: .training)
    try require(
      output.shape == [2, 4, 6],
      "Attention.forward: the heads lie side by side, merged(...): expected shape [2, 4, 6], got \(output.shape)"
    )
    let (a, v) = (Self.a, Self.v)
    expectClose(
      output, Self.causalOutput, "Attention.forward",
      mistakes: [
        "all is 0: nothing is computed yet": Tensor(zeros: [2, 4, 6]),
        "these are the values: A · V": layer.merged(v),
        "A is transposed: O = A · V": layer.merged(Self.product(a, v, turnsA: true)),
        "the keys are taken, not the values: O = A · V": layer.merged(Self.product(a, Self.k)),
        "the queries are taken, not the values: O = A · V": layer.merged(Self.product(a, Self.q)),
        "the heads are not put side by side: merged(...)": Self.product(a, v).reshaped(to: [
          2, 4, 6,
        ]),
      ])
  }

  private func checkBackward(_ part: Int) throws {
    var layer = Self.formulas
    let dX = try trainingPass(&layer, input: Self.x, outputGradient: Self.dO).inputGradient
    let (q, k, v, a, root) = (Self.q, Self.k, Self.v, Self.a, Self.root)
    let dO = layer.separated(Self.dO, like: q)
    let dA = Self.product(dO, v, turnsB: true)
    func rowsum(_ x: Tensor, axis: Int = -1) -> Tensor { x.sum(axis: axis, keepDims: true) }
    let dS = a * (dA - rowsum(a * dA))
    let right = [
      Self.product(dS, k) / root, Self.product(dS, q, turnsA: true) / root,
      Self.product(a, dO, turnsA: true),
    ]
    let name = ["dQ", "dK", "dV"][part]
    let got = layer.split(dX)
    let actual = [got.q, got.k, got.v][part]
    // How a wrong dS would look, for dQ and for dK.
    func with(_ dS: Tensor) -> Tensor {
      (part == 0 ? Self.product(dS, k) : Self.product(dS, q, turnsA: true)) / root
    }
    let mistakes: [(String, Tensor)] =
      part == 2
      ? [
        ("A is not transposed: dV = Aᵀ · dO", Self.product(a, dO)),
        ("it is dO: dV = Aᵀ · dO", dO),
        ("dV lies where another part belongs: joined(dQ, dK, dV)", right[0]),
        ("dV lies where another part belongs: joined(dQ, dK, dV)", right[1]),
        ("it is divided by √d, which only the scores are", right[2] / root),
      ]
      : [
        ("the factor 1/√d is missing: the scores were divided by √d", right[part] * root),
        ("the factor 1/√d is there twice", right[part] / root),
        ("the factor is 1/√d, not √d", right[part] * 3),
        (
          "the gradient of the softmax is missing: dS = A ⊙ (dA − rowsum(A ⊙ dA))", with(dA)
        ),
        (
          "the gradient of the softmax: A ⊙ is missing before the brackets",
          with(dA - rowsum(a * dA))
        ),
        ("the gradient of the softmax: rowsum(A ⊙ dA) is missing", with(a * dA)),
        (
          "the gradient of the softmax: the sum is that of A ⊙ dA, not of dA",
          with(a * (dA - rowsum(dA)))
        ),
        (
          "the gradient of the softmax: the sum is taken over each row, axis: -1",
          with(a * (dA - rowsum(a * dA, axis: -2)))
        ),
        (
          "the gradient of the softmax: the sum is subtracted", with(a * (dA + rowsum(a * dA)))
        ),
        (
          "the gradient of the softmax is that of each element alone: A (1 − A)",
          with(dA * a * (1 - a))
        ),
        (
          "dA = dO · Vᵀ, with the values and not the keys",
          {
            let dA = Self.product(dO, k, turnsB: true)
            return with(a * (dA - rowsum(a * dA)))
          }()
        ),
        ("Q and K are exchanged: dQ = dS · K, dK = dSᵀ · Q", right[1 - part]),
        (
          "Q and K are exchanged: dQ = dS · K, dK = dSᵀ · Q",
          (part == 0 ? Self.product(dS, q) : Self.product(dS, k, turnsA: true)) / root
        ),
        (
          part == 0 ? "dS is transposed: dQ = dS · K" : "dS is not transposed: dK = dSᵀ · Q",
          (part == 0 ? Self.product(dS, k, turnsA: true) : Self.product(dS, q)) / root
        ),
        ("the sign is wrong", -right[part]),
      ]
    if !areClose(actual, right[part]) {
      let all = mistakes + [("all is 0: nothing is computed yet", Tensor(zeros: q.shape))]
      if let mistake = all.first(where: { areClose(actual, $0.1) }) {
        return fail("Attention.backward, \(name): \(mistake.0)")
      }
    }
    expectClose(actual, right[part], "Attention.backward, \(name)")
  }

  // MARK: PyTorch

  // q, k, v = X.reshape(2, 4, 3, 2, 3).permute(2, 0, 3, 1, 4)
  // O = scaled_dot_product_attention(q, k, v, is_causal=True).permute(0, 2, 1, 3).reshape(2, 4, 6)
  private static let causalOutput = Tensor(
    shape: [2, 4, 6],
    scalars: [
      -1.25, 0.3, -0.8, 0.75, -0.35, 1.2, -0.94480663, 0.02750592, -0.49480663, 0.47099174,
      -0.03751075, 0.92099174, -0.20082779, -0.60165379, 0.24917221, -0.17729827, 0.73028324,
      -0.07487471, -0.89160645, 0.12258477, -0.44160645, 0.52668158, 0.06316218, -0.06493936,
      -0.95, 0.6, -0.5, 1.05, -0.05, -1.15, -0.68783596, 0.36592497, -0.23783596, 0.77904065,
      -0.32095935, -0.84652553, 0.03817933, -0.23928794, 0.48817933, 0.15848995, -0.94151005,
      -0.10978054, -0.62928647, 0.46175631, -0.17928647, 0.75257855, -0.34742145, -0.5844431,
    ])
  // The same with is_causal=False.
  private static let output = Tensor(
    shape: [2, 4, 6],
    scalars: [
      0.01223013, -0.69668036, 0.46223013, -0.1744012, 0.76425854, -0.04923821, -0.8709432,
      0.10136935, -0.4209432, 0.53063392, 0.05997858, -0.04500454, -0.00366322, -0.67973821,
      0.44633678, -0.196105, 0.78143407, -0.05583135, -0.89160645, 0.12258477, -0.44160645,
      0.52668158, 0.06316218, -0.06493936, 0.27928647, -0.36175631, 0.72928647, 0.07328982,
      -1.02671018, 0.102778, -0.61105012, 0.44271081, -0.16105012, 0.6688398, -0.4311602,
      -0.63875605, 0.26105012, -0.34271081, 0.71105012, 0.06992618, -1.03007382, 0.10676748,
      -0.62928647, 0.46175631, -0.17928647, 0.75257855, -0.34742145, -0.5844431,
    ])
  // X.grad of dO = ((arange(48) * 23 % 19) / 9 - 1).reshape(2, 4, 6)
  private static let causalGradient = Tensor(
    shape: [2, 4, 18],
    scalars: [
      0, 0, 0, 0, 0, 0, 0.04942895, 0.02081801, 0.00279746, -0.17292663, 0.38003648,
      -0.01707555, -1.06719635, -0.87484806, 0.1559844, 0.90889179, 0.27113182, -0.8378421, 0,
      0, 0, -0.24992661, 0.22314876, -0.24992661, -0.07867361, -0.02533046, -0.01005584,
      0.1411545, -0.15849743, 0.10450486, 0.05201435, 0.30831996, 0.77712629, -0.32003764,
      -0.30178112, 0.18768935, -0.10872295, 0.11235253, -0.10872295, 0.08271293, -0.09070136,
      0.08271293, 0.0137837, 0.05707969, -0.0360323, 0.04848059, -0.26957586, -0.08951787,
      0.28082616, -0.33193815, -0.09892527, -0.13111445, 0.10187463, 0.33486371, -0.1665155,
      0.18037756, -0.1665155, 0.07193838, -0.1225906, -0.03875517, 0.01546095, -0.05256725,
      0.04329067, -0.01670846, 0.04803682, 0.00208856, 0.06768917, -0.10153375, -0.05640764,
      -0.01329526, 0.03988578, 0.09306682, 0, 0, 0, 0, 0, 0, -0.13847222, 0.12473695,
      -0.11406901, -0.10307262, 0.11448935, 0.08658605, -0.81687085, -0.59978167, 0.11684774,
      1.14999657, 0.3954293, -0.8167582, -0.01891626, 0.02118621, -0.01891626, -0.09987368,
      0.08917293, 0.08917293, 0.24257847, -0.21163675, 0.17195845, 0.18843299, -0.1225774,
      -0.16197083, 0.15526432, 0.40690389, -0.62239843, -0.18820726, -0.15016421, 0.34549907,
      0.3128866, -0.31395533, 0.3128866, 0.20021556, -0.00110849, -0.20008254, -0.14038643,
      0.12317999, -0.12385342, -0.08068774, 0.06415962, 0.05903057, 0.36911748, -0.28237284,
      -0.34318572, -0.07290042, 0.24089854, 0.5546975, -0.16485299, 0.18081757, -0.16485299,
      0.10755862, 0.05113996, -0.09883645, 0.03628019, -0.03628019, 0.06596398, -0.00467263,
      -0.05607157, 0.01635421, 0.07026683, -0.08030495, -0.04015247, 0, 0.06939193, 0.13878385,
    ])
  private static let gradient = Tensor(
    shape: [2, 4, 18],
    scalars: [
      0.07280316, -0.09293705, 0.07280316, 0.08376331, -0.05728002, 0.05537083, -0.01588405,
      0.03562487, -0.03925493, -0.15915044, 0.26453082, -0.12070824, 0.01796901, -0.3943136,
      0.03188795, 0.26294922, -0.10773036, 0.08602439, 0, 0, 0, -0.31431787, 0.30434776,
      0.02629017, 0.01543549, -0.05739951, 0.04742089, 0.12258878, -0.09960173, 0.13403038,
      -0.39367339, -0.10890546, 0.38836319, -0.15298129, 0.30688197, -0.36436559, -0.07812,
      0.09892412, -0.07812, 0.07501137, -0.08130428, 0.06764533, -0.02131775, 0.06455495,
      -0.05877277, -0.02728471, -0.07945401, -0.04419862, 0.03653902, -0.39661065, 0.01601686,
      0.26329726, -0.10063732, 0.09371856, -0.1665155, 0.18037756, -0.1665155, 0.07193838,
      -0.1225906, -0.03875517, 0.02176632, -0.0427803, 0.05060682, 0.06384637, -0.08547508,
      0.03087648, -0.32750131, -0.10017028, 0.34150977, 0.07117925, 0.01259682, -0.03759959,
      0.06686977, -0.08405682, 0.06686977, -0.29467232, -0.03583332, 0.26881944, -0.14273444,
      0.11805734, -0.11758315, 0.02255113, 0.11724268, -0.05638614, 0.1163883, -0.28373756,
      -0.05125824, 0.5638361, -0.28231352, -0.07041096, -0.01783434, 0.02226813, -0.01783434,
      -0.13547554, 0.07642615, 0.11097466, 0.11559533, -0.10208109, 0.10664879, -0.04634565,
      -0.08108382, 0.08545074, -0.25694705, 0.0221905, -0.40208953, 0.11571417, 0.30134625,
      -0.07636968, 0.21076923, -0.23682609, 0.21076923, 0.13738279, 0.00543065, -0.12417608,
      -0.13558345, 0.11383582, -0.12460757, 0.06111907, 0.07092043, -0.10380312, 0.14343715,
      -0.31303291, -0.05195007, 0.08331762, 0.26359015, 0.45099271, -0.16485299, 0.18081757,
      -0.16485299, 0.10755862, 0.05113996, -0.09883645, 0.16272256, -0.12981207, 0.13554194,
      -0.03732455, -0.10707928, 0.07473852, -0.22510062, 0.01902442, -0.38359105, 0.12602099,
      0.27293269, -0.08198985,
    ])

  // The same with attn_mask=torch.arange(4) < torch.tensor([2, 3])[:, None, None, None] and is_causal=False: the second
  // example has three steps, the first one two.
  private static let paddedOutput = Tensor(
    shape: [2, 4, 6],
    scalars: [
      -0.05661332, -0.76552382, 0.39338668, -0.3202395, 0.84866824, 0.1297605, -0.94480663,
      0.02750592, -0.49480663, 0.47099174, -0.03751075, 0.92099174, -0.07396038, -0.75003537,
      0.37603962, -0.33992843, 0.87071984, 0.11007157, -0.96693121, 0.04726001, -0.51693121,
      0.44082336, -0.00372216, 0.89082336, 0.06944375, -0.27130353, 0.51944375, 0.16082173,
      -0.93917827, -0.1082403, -0.73944897, 0.54265959, -0.28944897, 0.82395128, -0.27604872,
      -0.86289916, 0.03817933, -0.23928794, 0.48817933, 0.15848995, -0.94151005, -0.10978054,
      -0.75137371, 0.55727365, -0.30137371, 0.90107101, -0.19892899, -0.76658399,
    ])
  private static let paddedGradient = Tensor(
    shape: [2, 4, 18],
    scalars: [
      0.07817934, -0.08756086, 0.07817934, 0.17748234, -0.15846638, 0.17748234, -0.03720181,
      0.10017981, -0.09802771, -0.21608522, 0.27848925, -0.18215637, 0.05450803, -0.79092425,
      0.04790481, 0.5694189, -0.2698926, 0.22709755, 0, 0, 0, -0.24992661, 0.22314876,
      -0.24992661, 0.03720181, -0.10017981, 0.09802771, 0.21608522, -0.27848925, 0.18215637,
      -0.7211747, -0.20907575, 0.72987297, -0.12497446, 0.38100371, -0.44931977, -0.08351138,
      0.09353275, -0.08351138, 0.02206174, -0.01969798, 0.02206174, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      0, 0, -0.1636288, 0.18326426, -0.1636288, -0.05517389, 0.0492624, -0.05517389, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0.09130209, -0.09423316, 0.09130209, -0.42147439, -0.03346492,
      0.42549018, -0.16681639, 0.13146314, -0.10821792, 0.04686893, 0.07707177, -0.09123504,
      0.09438382, -0.29823183, -0.10838125, 0.67846624, -0.31662036, -0.10287426, -0.00923409,
      0.01115171, -0.00923409, -0.0906915, 0.058266, 0.08369958, 0.31677011, -0.25209033,
      0.21714962, -0.13424771, -0.10369288, 0.22857727, -0.44382598, 0.07290922, -0.67392699,
      0.11251364, 0.52688708, -0.18821452, 0.3128866, -0.31395533, 0.3128866, 0.20021556,
      -0.00110849, -0.20008254, -0.14995371, 0.12062719, -0.1089317, 0.08737878, 0.02662111,
      -0.13734222, 0.12721994, -0.33023294, -0.10658065, 0.09790901, 0.34528883, 0.513311,
      -0.10455702, 0.1007804, -0.10455702, 0.06286345, 0.01331128, -0.0644608, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0,
    ])

  private static func pass(
    _ layer: inout Attention, _ x: Tensor, _ dO: Tensor
  ) -> (Tensor, Tensor) {
    (layer.forward(x, mode: .training), layer.backward(dO))
  }

  @Test(.waits(for: steps)) func leavesThePaddingOutAsPyTorchDoes() {
    for implementation in [Implementation.reference, .kernel] {
      var layer = Attention(
        heads: 2, isCausal: false, isPadded: true, implementation: implementation)
      layer.take(sideInputs: ["lengths": [[2], [3]]])
      let (y, dX) = Self.pass(&layer, Self.x, Self.dO)
      expectClose(y, Self.paddedOutput, "Attention.forward, padded, \(implementation)")
      expectClose(dX, Self.paddedGradient, "Attention.backward, padded, \(implementation)")
    }
  }

  /// Not a bit of the steps of an example depends on its padding.
  @Test(.waits(for: steps), arguments: [true, false])
  func paddingChangesNothing(isCausal: Bool) {
    for implementation in [Implementation.reference, .kernel] {
      var layer = Attention(
        heads: 3, isCausal: isCausal, isPadded: true, implementation: implementation)
      layer.take(sideInputs: ["lengths": [[4], [6]]])
      let x = Tensor(normal: [2, 6, 18], key: RandomKey(seed: varied(56)))
      var other = x
      other[0..<1, 4..<6] = Tensor(normal: [1, 2, 18], key: RandomKey(seed: varied(57)))
      var dO = Tensor(normal: [2, 6, 6], key: RandomKey(seed: varied(58)))
      dO[0..<1, 4..<6] = Tensor(zeros: [1, 2, 6])
      let (y, dX) = Self.pass(&layer, x, dO)
      let (z, dZ) = Self.pass(&layer, other, dO)
      #expect(y[0..<1, 0..<4] == z[0..<1, 0..<4] && y[1..<2] == z[1..<2], "\(implementation)")
      #expect(dX[0..<1, 0..<4] == dZ[0..<1, 0..<4] && dX[1..<2] == dZ[1..<2], "\(implementation)")
      #expect(dX[0..<1, 4..<6] == Tensor(zeros: [1, 2, 18]), "\(implementation)")
    }
  }

  @Test func wrongLengthsAreRefused() async throws {
    let layer = Attention(heads: 1, isPadded: true)
    #expect(layer.sideInputShapes == ["lengths": [1]] && Attention(heads: 1).sideInputShapes == [:])
    for (wrong, remedy) in [(Float(0), "Leave empty sequences out"), (4, "before the padding")] {
      expectCourseError(
        .invalidData, "the length of a sequence", "from 1 to 3", "example 7", "got \(wrong)", remedy
      ) {
        let lengths = Tensor([[3], [wrong]])
        try layer.check(sideInputs: ["lengths": lengths], inputShape: [3, 3], firstExample: 6)
      }
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Attention(heads: 1, isPadded: true)
      layer.take(sideInputs: ["lengths": [[4]]])
      _ = layer.forward(Tensor(zeros: [1, 3, 3]), mode: .training)
    }
    expectWords(of: result, "Attention.forward", "lengths", "from 1 to 3", "[4]")
    let other = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Attention(heads: 1, isPadded: true, implementation: .reference)
      layer.take(sideInputs: ["lengths": [[2]]])
      _ = layer.forward(Tensor(zeros: [2, 3, 3]), mode: .training)
    }
    expectWords(of: other, "Attention.forward", "for each example", "[2]")
  }

  /// A file of a network without padding has no such field.
  @Test func theConfigurationOfOlderFilesIsRead() throws {
    let old = try JSONDecoder().decode(
      Attention.Configuration.self, from: Data(#"{"heads":2,"isCausal":true}"#.utf8))
    #expect(old == Attention(heads: 2).configuration)
    let padded = Attention(heads: 2, isPadded: true).configuration
    let data = try JSONEncoder().encode(padded)
    #expect(try JSONDecoder().decode(Attention.Configuration.self, from: data) == padded)
    #expect(padded != old)
  }

  @Test(.waits(for: steps), arguments: [true, false]) func agreesWithPyTorch(isCausal: Bool) throws
  {
    for implementation in [Implementation.reference, .kernel] {
      var layer = Attention(heads: 2, isCausal: isCausal, implementation: implementation)
      let (y, dX) = try trainingPass(&layer, input: Self.x, outputGradient: Self.dO)
      let what = "causal: \(isCausal), \(implementation)"
      expectClose(
        y, isCausal ? Self.causalOutput : Self.output, "Attention.forward, \(what)")
      expectClose(
        dX, isCausal ? Self.causalGradient : Self.gradient, "Attention.backward, \(what)")
    }
  }

  /// The kernels compute what the formulas say, in blocks of queries; and keep no weights.
  @Test(.waits(for: steps)) func theKernelsAgreeWithTheFormulas() throws {
    #expect(Attention.bodiesAgree)
    for (shape, heads) in [([1, 1, 3], 1), ([2, 61, 30], 5), ([1, 30, 99], 3)] {
      for isCausal in [true, false] {
        let x = Tensor(normal: shape, key: RandomKey(seed: varied(58)))
        let dO = Tensor(
          normal: [shape[0], shape[1], shape[2] / 3], key: RandomKey(seed: varied(59)))
        func results(_ implementation: Implementation) throws -> (Tensor, Tensor) {
          var layer = Attention(heads: heads, isCausal: isCausal, implementation: implementation)
          return try trainingPass(&layer, input: x, outputGradient: dO)
        }
        let ((y, dX), (z, dZ)) = (try results(.kernel), try results(.reference))
        expectClose(y, z, "Attention.forward, \(shape), causal: \(isCausal)", atol: 1e-5)
        expectClose(dX, dZ, "Attention.backward, \(shape), causal: \(isCausal)", atol: 1e-4)
      }
    }
  }

  @Test(.waits(for: steps), arguments: [[1, 1, 3], [2, 5, 24], [1, 7, 30]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    for isCausal in [true, false] {
      let heads = shape[2] == 24 ? 4 : 1
      try expectGradients(of: Attention(heads: heads, isCausal: isCausal), inputShape: shape)
    }
  }

  /// A step's output does not depend on what comes after it.
  @Test(.waits(for: steps)) func aStepSeesNothingOfTheFuture() throws {
    var layer = Attention(heads: 3)
    let x = Tensor(normal: [2, 6, 18], key: RandomKey(seed: varied(56)))
    var other = x
    other[0..., 4..<6] = Tensor(normal: [2, 2, 18], key: RandomKey(seed: varied(57)))
    let (y, z) = (layer.forward(x, mode: .inference), layer.forward(other, mode: .inference))
    expectClose(
      y[0..., 0..<4], z[0..., 0..<4], "Attention.forward, the steps before a change", atol: 0,
      rtol: 0)
    expectInferenceKeepsNothing(layer, input: x)
    try expectBackwardUsesUp(layer, input: x)
  }

  @Test func wrongArgumentsAndShapesAreRefused() async throws {
    expectCourseError(.invalidArgument, "Attention", "1 to 65536 heads", "0") {
      try Attention(configuration: .init(heads: 0))
    }
    for shape in [[4, 8], [4, 6, 2], [0, 6], [4, 0]] {
      expectCourseError(.shapeMismatch, "Attention: input shape", "2 heads", "\(shape)") {
        try Attention(heads: 2).outputShape(for: shape)
      }
    }
    #expect(try Attention(heads: 2).outputShape(for: [4, 18]) == [4, 6])
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Attention(heads: 2)
      _ = layer.forward(Tensor(zeros: [1, 2, 9]), mode: .training)
    }
    expectWords(of: result, "Attention.forward", "2 heads", "[1, 2, 9]")
  }
}
