import CourseTestSupport
import Explorations
import Shared
import Testing

@Suite(.watched) struct NTXentLossTests {
  // In double precision, from PyTorch:
  //
  //     def fill(m, k): return torch.tensor([(i * k % m - m // 2) / 4 for i in range(12)]).reshape(3, 4)
  //     a, b = fill(11, 7).requires_grad_(), fill(13, 5).requires_grad_()
  //     z = F.normalize(torch.cat([a, b]), dim=1); s = z @ z.T / temperature
  //     s = s.masked_fill(torch.eye(6, dtype=torch.bool), float("-inf"))
  //     L = F.cross_entropy(s, torch.arange(6).roll(3)); L.backward(); print(L, a.grad, b.grad)
  private static func fill(_ m: Int, _ k: Int) -> Tensor {
    Tensor(shape: [3, 4], scalars: (0..<12).map { Float($0 * k % m - m / 2) / 4 })
  }
  static let (a, b) = (fill(11, 7), fill(13, 5))

  @Test func matchesPyTorch() {
    var loss = NTXentLoss()
    expectClose(
      loss.forward(Self.a, Self.b), 2.16139742, "NTXentLoss.forward",
      mistakes: ["it is a sum, not a mean over the 2N rows": 6 * 2.16139742])
    let (dA, dB) = loss.backward()
    expectClose(
      dA,
      [
        [0.244475807, 0.173297267, -0.139790664, 0.119240634],
        [-0.387118653, -0.172217999, -0.032383836, -0.332762407],
        [0.0209015988, 0.0741853433, -0.144519168, 0.0566937604],
      ], "NTXentLoss.backward, dA")
    expectClose(
      dB,
      [
        [0.212805653, -0.0364866176, 0.110340411, -0.199746415],
        [-0.301692126, 0.0128734067, -0.224787329, -0.0750409909],
        [0.0506663068, -0.15874131, 0.141641157, 0.15162475],
      ], "NTXentLoss.backward, dB")
  }

  @Test func aLowTemperature() {
    var loss = NTXentLoss(temperature: 0.1)
    expectClose(loss.forward(Self.a, Self.b), 7.15730587, "NTXentLoss(temperature: 0.1)")
    let (dA, dB) = loss.backward()
    expectClose(
      dA[0..<1], [[2.03486553, 1.4544996, -1.10483764, 1.01113063]], "dA", atol: 1e-5, rtol: 1e-5)
    expectClose(
      dB[2...], [[0.403761555, -1.1604008, 0.779233692, 0.625786894]], "dB", atol: 1e-5, rtol: 1e-5)
  }

  /// The derivative along a random direction.
  @Test func gradientAgreesWithFiniteDifferences() {
    let key = RandomKey(seed: varied(1))
    // Of one length, since an embedding near 0 turns far in a small step.
    func embeddings(_ name: String) -> Tensor {
      let z = Tensor(normal: [5, 3], key: key.folded(name))
      return z * (1.5 / sqrt(square(z).sum(axis: 1, keepDims: true)))
    }
    let (a, b) = (embeddings("a"), embeddings("b"))
    for place in 0..<4 {
      let (u, v) = (
        Tensor(normal: [5, 3], key: key.folded("u").folded(place)),
        Tensor(normal: [5, 3], key: key.folded("v").folded(place))
      )
      var loss = NTXentLoss()
      func value(_ step: Float) -> Float { loss.forward(a + u * step, b + v * step) }
      let measured = (8 * (value(0.01) - value(-0.01)) - (value(0.02) - value(-0.02))) / 0.12
      _ = value(0)
      let (dA, dB) = loss.backward()
      expectClose(
        measured, (dA * u).sum() + (dB * v).sum(), "NTXentLoss, direction \(place)", atol: 3e-3,
        rtol: 1e-2)
    }
  }

  /// The length of an embedding does not count, nor the order of the images or of the views.
  @Test func whatItDoesNotDependOn() {
    var loss = NTXentLoss(temperature: 0.2)
    let value = loss.forward(Self.a, Self.b)
    expectClose(loss.forward(Self.a * 100, Self.b / 7), value, "lengths")
    expectClose(loss.forward(Self.b, Self.a), value, "the other view first")
    let order = [2, 0, 1]
    expectClose(
      loss.forward(Self.a.rows(at: order), Self.b.rows(at: order)), value, "the order of images")
    let (dA, _) = loss.backward()
    expectClose(
      (dA * Self.a.rows(at: order)).sum(axis: 1), [0, 0, 0], "dA has no part along A", atol: 1e-5)
    // As far apart as they can be, at a temperature whose exponentials would be beyond all numbers.
    var cold = NTXentLoss(temperature: 0.001)
    expectClose(cold.forward([[1, 0], [-1, 0]], [[1, 0], [-1, 0]]), 0, "right, and cold")
    expectClose(
      cold.forward([[1, 0], [-1, 0]], [[-1, 0], [1, 0]]), 2000, "wrong, and cold", rtol: 1e-4)
    var collapsed = NTXentLoss(temperature: 1)
    expectClose(
      collapsed.forward([[1, 0], [0, 1]], [[1, 0], [0, 1]]), 0.551445, "the documentation")
  }

  @Test func wrongUse() async {
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = NTXentLoss()
      _ = loss.forward(Tensor(ones: [1, 3]), Tensor(ones: [1, 3]))
    }
    expectWords(of: shapes, "NTXentLoss.forward", "N of at least 2", "[1, 3]")
    let temperature = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = NTXentLoss(temperature: 0) }
    expectWords(of: temperature, "NTXentLoss", "a finite temperature above 0", "0.0")
    let backward = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var loss = NTXentLoss()
      _ = loss.backward()
    }
    expectWords(of: backward, "NTXentLoss.backward", "no forward pass to go back through")
  }
}
