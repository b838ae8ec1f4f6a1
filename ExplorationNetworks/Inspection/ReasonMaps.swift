import Explorations
import Networks
import Shared

// Maps of the reasons for an answer: what of the input counts for it.

extension NeuralNetwork {
  /// How much the score of an answer changes with each pixel, or with the vector of each token (saliency map).
  ///
  /// The score is the output of the network for the class, before a softmax of the loss.
  ///
  ///     let answer = try network.answer(to: image)
  ///     let map = try network.saliencyMap(of: image, for: answer)        // [H, W]
  ///
  /// - Parameters:
  ///   - example: an image of the shape `inputShape`, or the tokens of a text
  ///   - imageShape: the shape `[C, H, W]` of images that the network reads as rows of numbers
  /// - Returns: for an image `[H, W]`, the largest absolute value of the gradient over the channels; for tokens `[T]`,
  ///   the Euclidean length of the gradient with respect to the vector of each
  /// - Complexity: a forward and a backward pass.
  /// - Reference: Simonyan, Vedaldi, Zisserman (2014), "Deep Inside Convolutional Networks", *ICLR workshop*. For words:
  ///   Li, Chen, Hovy, Jurafsky (2016), "Visualizing and Understanding Neural Models in NLP", *NAACL*.
  public func saliencyMap(
    of example: Tensor, for answer: ExplainedAnswer, imageShape: [Int]? = nil
  ) throws -> Tensor {
    try requireExample(example, sideInputs: answer.sideInputs)
    let layers = activations(
      of: Tensor(stacking: [example]), sideInputs: answer.sideInputs
    ) { _ in answer.selection }
    if readsTokens {
      // The vectors are the output of embeddings, the only layers that get tokens. Several stand side by side.
      let squares = layers.filter { $0.layer is Embedding }.compactMap(\.outputGradient).map {
        square($0).sum(axis: -1).reshaped(to: [example.shape[0]])
      }
      guard let first = squares.first else {
        throw CourseError(
          .invalidArgument, "tokens without vectors have no gradient",
          expected: "a network that begins with an Embedding",
          received: layersAtInput.map { type(of: $0).typeName }.joined(separator: ", "),
          remedy: "An occlusion map needs none.")
      }
      return sqrt(squares.dropFirst().reduce(first, +))
    }
    guard let gradient = layers.first(where: { $0.path == "0" })?.inputGradient else {
      throw CourseError(
        .invalidArgument, "the network has no layers", expected: "at least one", received: "none")
    }
    return Explorations.saliencyMap(
      ofGradient: gradient.reshaped(to: try self.imageShape(of: example, given: imageShape)))
  }

  /// How much the probability of an answer falls when a part of the example is covered (occlusion map).
  ///
  /// A square of an image is filled with the mean of the image's pixels. A token is replaced with every other one in
  /// turn, and the mean of the probabilities counts: that of the answer when the token is not known.
  ///
  /// - Parameters:
  ///   - example: an image of the shape `inputShape`, or the tokens of a text
  ///   - imageShape: the shape `[C, H, W]` of images that the network reads as rows of numbers
  ///   - size: the side of the square, in pixels; by default a quarter of the shorter side of the image
  ///   - stride: the distance of neighbouring squares; by default a third of the side
  /// - Returns: for an image `[H, W]`: each pixel has the mean of the squares that cover it; for tokens `[T]`. Above 0
  ///   the part speaks for the answer, below against it
  /// - Complexity: a forward pass for each square, or for each token and each word of the vocabulary.
  /// - Reference: Zeiler, Fergus (2014), "Visualizing and Understanding Convolutional Networks", *ECCV*, section 4.2. For
  ///   tokens: Robnik-Šikonja, Kononenko (2008), "Explaining Classifications For Individual Instances", *TKDE*.
  public func occlusionMap(
    of example: Tensor, for answer: ExplainedAnswer, imageShape: [Int]? = nil, size: Int? = nil,
    stride: Int? = nil
  ) throws -> Tensor {
    try requireExample(example, sideInputs: answer.sideInputs)
    if readsTokens { return tokenOcclusion(of: example, for: answer) }
    let shape = try self.imageShape(of: example, given: imageShape)
    let image = example.reshaped(to: shape)
    let side = Swift.min(shape[1], shape[2])
    let size = size ?? Swift.max(1, side / 4)
    let stride = stride ?? Swift.max(1, size / 3)
    guard (1...side).contains(size), (1...size).contains(stride) else {
      throw CourseError(
        .invalidArgument, "the square of an occlusion map",
        expected: "a side of 1 to \(side) pixels, and steps of at most that side",
        received: "a side of \(size), steps of \(stride)")
    }
    let squares = Explorations.occlusionMap(
      of: image, size: size, stride: stride, fill: image.mean()
    ) { batch in
      scores(of: batch.reshaped(to: [batch.shape[0]] + example.shape), for: answer)
    }
    return squares.spread(over: [shape[1], shape[2]], size: size, stride: stride)
  }

  /// How much each head of each attention layer takes of every step, for one example.
  ///
  /// - Parameters:
  ///   - example: as `inputShape`, or the tokens of a text
  ///   - sideInputs: the side inputs that the layers ask for, `[1]` + shape each
  /// - Returns: the path of each such layer and its weights A, `[H, T, T]`: in head h, step t takes `A[h, t, u]` of
  ///   step u
  /// - Throws: `CourseError` when the example does not fit the network.
  /// - Reference: Vaswani et al. (2017), "Attention is all you need", *NeurIPS*, appendix. That such weights explain an
  ///   answer is disputed: Jain, Wallace (2019), "Attention is not Explanation", *NAACL*.
  public func attentionMaps(
    of example: Tensor, sideInputs: [String: Tensor] = [:]
  ) throws -> [(path: String, weights: Tensor)] {
    try requireExample(example, sideInputs: sideInputs)
    let layers = activations(of: Tensor(stacking: [example]), sideInputs: sideInputs)
    return layers.compactMap { place in
      guard var attention = place.layer as? Attention else { return nil }
      // Tokens of a fixed number may end with padding; what stands outside of such a sequence has none.
      let sequence = layers.first {
        $0.layer is PaddedSequence && place.path.hasPrefix($0.path + ".")
      }
      let lengths =
        sequence.flatMap { ($0.layer as? PaddedSequence)?.lengths(of: $0.input) }
        ?? sideInputs[PaddedLengths.sideInput]
      attention.take(sideInputs: [
        PaddedLengths.sideInput: lengths ?? Tensor([[Float(place.input.shape[1])]])
      ])
      return (place.path, attention.weights(of: place.input).slice(axis: 0, at: 0))
    }
  }

  /// Whether the inputs are tokens.
  package var readsTokens: Bool { layersAtInput.contains { $0 is any TokenLayer } }

  /// The part of the answer in each of some examples.
  private func scores(of batch: Tensor, for answer: ExplainedAnswer) -> [Float] {
    let predictions = predictions(for: batch, sideInputs: answer.sideInputs)
    let rows = predictions.reshaped(to: [batch.shape[0], -1])
    return rows.matmul(answer.selection.reshaped(to: [-1, 1])).scalars
  }

  private func tokenOcclusion(of example: Tensor, for answer: ExplainedAnswer) -> Tensor {
    let count = layersAtInput.compactMap { ($0 as? any TokenLayer)?.vocabularySize }.min() ?? 1
    let tokens = example.scalars
    let whole = scores(of: Tensor(stacking: [example]), for: answer)[0]
    let falls = tokens.indices.map { place -> Float in
      let others = (0..<count).map(Float.init).filter { $0 != tokens[place] }
      guard !others.isEmpty else { return 0 }
      // In pieces: a network has a score for each token, at each step, of as many texts.
      let scores = stride(from: 0, to: others.count, by: 64).flatMap { start -> [Float] in
        let piece = others[start..<Swift.min(start + 64, others.count)]
        let batch = piece.flatMap { other -> [Float] in
          var changed = tokens
          changed[place] = other
          return changed
        }
        return self.scores(
          of: Tensor(shape: [piece.count, tokens.count], scalars: batch), for: answer)
      }
      return whole - scores.reduce(0, +) / Float(others.count)
    }
    return Tensor(shape: [tokens.count], scalars: falls)
  }

  /// The shape `[C, H, W]` of an image.
  private func imageShape(of example: Tensor, given: [Int]?) throws -> [Int] {
    guard textTokenizer == nil else {
      throw CourseError(
        .invalidArgument, "the network reads texts", expected: "images or tokens",
        received: "the bytes of a text",
        remedy: "Use saliency(of:for:) and occlusion(of:for:) of a TextClassifier.")
    }
    let shape =
      given ?? (example.rank == 3 ? example.shape : example.rank == 2 ? [1] + example.shape : [])
    guard shape.count == 3, shape.reduce(1, *) == example.count else {
      throw CourseError(
        .shapeMismatch, "the example is not an image", expected: "a shape [C, H, W]",
        received: "\(example.shape)")
    }
    return shape
  }
}

extension Tensor {
  /// The mean of the squares over each pixel, where number `[i, j]` belongs to the square at `(i · stride, j · stride)`.
  /// Pixels at the edge that no square covers have the value of the nearest that one does.
  fileprivate func spread(over area: [Int], size: Int, stride: Int) -> Tensor {
    /// The squares of an axis that cover a pixel, or the nearest one.
    func squares(_ pixel: Int, _ count: Int) -> ClosedRange<Int> {
      let last = Swift.min(pixel / stride, count - 1)
      let first = Swift.max(0, (pixel - size + stride) / stride)
      return Swift.min(first, last)...last
    }
    var map = Tensor(zeros: area)
    for y in 0..<area[0] {
      for x in 0..<area[1] {
        var (sum, count) = (Float(0), Float(0))
        for i in squares(y, shape[0]) {
          for j in squares(x, shape[1]) {
            sum += self[i, j]
            count += 1
          }
        }
        map[y, x] = sum / count
      }
    }
    return map
  }
}
