import Shared

/// Shows which parts of an image a network needs for its answer: covers one square after the other, and measures how much
/// the score falls.
///
/// Computes `M[i, j] = f(X) − f(X with square (i, j) covered)`. Square (i, j) has its upper left corner in row `i · stride`
/// and column `j · stride`; M has `(H − size) / stride + 1` rows, rounded down, and columns likewise.
/// - `X`: one image, `[C, H, W]`
/// - `f`: the score of each image of a batch, such as the probability of a class; `[N, C, H, W]` to `[N]`
/// - `M`: `[rows, columns]`; large where the network looks, negative where covering helps it
///
/// A score that falls means that the network needs what is below the square. Covered is not removed: a black square is also
/// something to see, so that other fills can give other maps.
///
///     let image: Tensor = [[[1, 0], [0, 5]]]
///     let map = occlusionMap(of: image, size: 1) { batch in               // f: the sum of all pixels
///       (0..<batch.shape[0]).map { batch.slice(axis: 0, at: $0).sum() }
///     }                                                                  // [[1, 0], [0, 5]]
///
/// - Parameters:
///   - image: the image
///   - size: the side of the square, in pixels
///   - stride: the distance of neighbouring squares
///   - fill: the value that covers
///   - batchSize: the number of images that are shown to `f` at once
///   - score: f
/// - Returns: M
/// - Complexity: one forward pass for each square.
/// - Reference: Zeiler, Fergus (2014), "Visualizing and Understanding Convolutional Networks", *ECCV*, section 4.2.
///   Task: Protocols/Explorations.md, 5.8.
public func occlusionMap(
  of image: Tensor, size: Int, stride: Int = 1, fill: Float = 0, batchSize: Int = 64,
  score: (Tensor) throws -> [Float]
) rethrows -> Tensor {
  guard image.rank == 3, size >= 1, stride >= 1, batchSize >= 1, fill.isFinite,
    size <= Swift.min(image.shape[1], image.shape[2])
  else {
    stop(
      "occlusionMap",
      expected: "an image [C, H, W], a square that fits into it, a stride and a batch size of at "
        + "least 1, and a finite fill",
      received: "\(image.shape), size \(size), stride \(stride), batch size \(batchSize), "
        + "fill \(fill)")
  }
  let rows = (image.shape[1] - size) / stride + 1
  let columns = (image.shape[2] - size) / stride + 1
  // TODO(5.8): whole = the score of the image as it is, and for each square whole − the score of the image in which it is
  // covered. scores(count, batchSize, score) { number in ... } asks f for the scores of images that you make one by one.
  // BEGIN SOLUTION
  let whole = try scores(1, batchSize, score) { _ in image }[0]
  let falls = try scores(rows * columns, batchSize, score) { number in
    let (row, column) = (number / columns * stride, number % columns * stride)
    return image.covered(row: row, column: column, size: size, with: fill)
  }.map { whole - $0 }
  return Tensor(shape: [rows, columns], scalars: falls)
  // END SOLUTION
}

extension Tensor {
  /// The image `[C, H, W]` with a square of one value in all channels.
  func covered(row: Int, column: Int, size: Int, with fill: Float) -> Tensor {
    // TODO(5.8): a copy in which the pixels of the square have the value.
    // BEGIN SOLUTION
    var result = self
    for c in 0..<shape[0] {
      for y in row..<row + size {
        for x in column..<column + size { result[c, y, x] = fill }
      }
    }
    return result
    // END SOLUTION
  }
}

/// The size of the gradient of a score at each pixel, `[H, W]`: the largest of the channels.
///
/// Computes `M[y, x] = max |dX[c, y, x]|` over the channels c, where `dX = df/dX` is the gradient of a score with respect to
/// the image: how much the score would change with that pixel (saliency map).
/// - `dX`: the input gradient of a network for one image, `[C, H, W]`
///
///     saliencyMap(ofGradient: [[[1, -2]], [[-3, 0.5]]])                    // [[3, 2]]: one row, two columns
///
/// - Reference: Simonyan, Vedaldi, Zisserman (2014), "Deep Inside Convolutional Networks", *ICLR workshop*, section 3.
///   Task: Protocols/Explorations.md, 5.8.
public func saliencyMap(ofGradient gradient: Tensor) -> Tensor {
  guard gradient.rank == 3 else {
    stop("saliencyMap", expected: "a gradient [C, H, W]", received: "\(gradient.shape)")
  }
  // TODO(5.8): the largest absolute value over the channels.
  // BEGIN SOLUTION
  return abs(gradient).max(axis: 0)
  // END SOLUTION
}

/// The scores of images that are made when they are needed, asked for in batches.
private func scores(
  _ count: Int, _ batchSize: Int, _ score: (Tensor) throws -> [Float], image: (Int) -> Tensor
) rethrows -> [Float] {
  var result: [Float] = []
  while result.count < count {
    let batch = (result.count..<Swift.min(result.count + batchSize, count)).map(image)
    let answers = try score(Tensor(stacking: batch))
    guard answers.count == batch.count else {
      stop(
        "occlusionMap", expected: "a score for each of \(counted(batch.count, "image"))",
        received: "\(answers.count)")
    }
    result += answers
  }
  return result
}
