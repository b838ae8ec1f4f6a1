import CCourseKernels

/// A recurrent pass on random numbers, and its expected results by plain loops in double precision.
struct RecurrentExample {
  let cell: CourseCell
  let batch, steps, inputSize, hiddenSize: Int
  let isReversed: Bool
  /// nil: no mask, zero states, no gradient from there.
  var mask, initialHidden, initialCell, dY, dFinalHidden, dFinalCell: [Float]?
  var x, inputWeights, recurrentWeights, bias, candidateBias: [Float]

  var gates: Int { cell == kernelCellElman ? 1 : cell == kernelCellLSTM ? 4 : 3 }
  var isLSTM: Bool { cell == kernelCellLSTM }
  var isGRU: Bool { cell == kernelCellGRU }

  init(
    _ cell: CourseCell, batch: Int, steps: Int, inputSize: Int, hiddenSize: Int,
    _ numbers: inout TestNumbers
  ) {
    self.cell = cell
    (self.batch, self.steps, self.inputSize, self.hiddenSize) = (
      batch, steps, inputSize, hiddenSize
    )
    isReversed = numbers.flag()
    let gates = cell == kernelCellElman ? 1 : cell == kernelCellLSTM ? 4 : 3
    let width = gates * hiddenSize
    let scale = 1 / Float(hiddenSize).squareRoot()
    x = numbers.floats(batch * steps * inputSize, in: -2...2)
    inputWeights = numbers.floats(inputSize * width)
    recurrentWeights = numbers.floats(hiddenSize * width, in: -2 * scale...2 * scale)
    bias = numbers.floats(width)
    candidateBias = numbers.floats(hiddenSize)
    let state = batch * hiddenSize
    if numbers.flag() {
      mask = (0..<(batch * steps)).map { _ in numbers.below(4) == 0 ? 0 : 1 }
    }
    if numbers.flag() {
      initialHidden = numbers.floats(state)
      initialCell = numbers.floats(state)
    }
    if numbers.below(4) > 0 { dY = numbers.floats(state * steps) }
    if dY == nil || numbers.flag() {
      dFinalHidden = numbers.floats(state)
      dFinalCell = numbers.floats(state)
    }
  }

  // MARK: The kernel

  /// Everything that a forward and a backward pass return.
  struct Result<Number> {
    var y: [Number], hidden: [Number], cell: [Number]
    var dX: [Number], dInput: [Number], dRecurrent: [Number], dBias: [Number]
    var dCandidateBias: [Number], dHidden: [Number], dCell: [Number]

    var named: [(String, [Number])] {
      [
        ("y", y), ("final hidden", hidden), ("final cell", cell), ("dX", dX), ("dW", dInput),
        ("dU", dRecurrent), ("db", dBias), ("dc", dCandidateBias),
        ("initial hidden gradient", dHidden), ("initial cell gradient", dCell),
      ]
    }
  }

  func run(on set: UnsafePointer<CourseKernelSet>, needsInputGradient: Bool = true) -> Result<Float>
  {
    let width = gates * hiddenSize, state = batch * hiddenSize
    // NaN shows elements that are not written.
    func space(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count) }
    var result = Result(
      y: space(state * steps), hidden: space(state), cell: space(isLSTM ? state : 0),
      dX: space(needsInputGradient ? x.count : 0), dInput: space(inputSize * width),
      dRecurrent: space(hiddenSize * width), dBias: space(width),
      dCandidateBias: space(isGRU ? hiddenSize : 0), dHidden: space(state),
      dCell: space(isLSTM ? state : 0))
    var layer = CourseRecurrent()
    (layer.cell, layer.reversed) = (cell, isReversed)
    (layer.batch, layer.steps, layer.inputSize, layer.hiddenSize) = (
      batch, steps, inputSize, hiddenSize
    )
    withPointers([
      mask, inputWeights, recurrentWeights, bias, isGRU ? candidateBias : nil, initialHidden,
      initialCell, dY, dFinalHidden, dFinalCell, x,
    ]) { p in
      (layer.mask, layer.inputWeights, layer.recurrentWeights) = (p[0], p[1], p[2])
      (layer.bias, layer.candidateBias) = (p[3], p[4])
      var kept = space(kernels_recurrent_kept_count(set, &layer))
      var work = space(kernels_recurrent_work_count(set, &layer, false))
      result.hidden.withUnsafeMutableBufferPointer { hidden in
        result.cell.withUnsafeMutableBufferPointer { cell in
          kernels_recurrent_forward(
            set, &layer, p[10], p[5], p[6], &kept, &work, &result.y,
            CourseState(hidden: hidden.baseAddress, cell: cell.baseAddress))
        }
      }
      work = space(kernels_recurrent_work_count(set, &layer, true))
      withUnsafeMutablePointer(to: &result) { result in
        var gradients = CourseRecurrentGradients()
        func pointer(_ path: WritableKeyPath<Result<Float>, [Float]>)
          -> UnsafeMutablePointer<Float>
        {
          // The array is uniquely referenced and keeps its memory until `result` is read again.
          result.pointee[keyPath: path].withUnsafeMutableBufferPointer { $0.baseAddress! }
        }
        gradients.input = needsInputGradient ? pointer(\.dX) : nil
        (gradients.inputWeights, gradients.recurrentWeights) = (
          pointer(\.dInput), pointer(\.dRecurrent)
        )
        gradients.bias = pointer(\.dBias)
        if isGRU { gradients.candidateBias = pointer(\.dCandidateBias) }
        gradients.initial.hidden = pointer(\.dHidden)
        if isLSTM { gradients.initial.cell = pointer(\.dCell) }
        kernels_recurrent_backward(set, &layer, kept, &work, p[7], p[8], p[9], &gradients)
      }
    }
    return result
  }

  private func withPointers(
    _ arrays: [[Float]?], _ body: ([UnsafePointer<Float>?]) -> Void
  ) {
    let buffers = arrays.map { array -> UnsafeMutableBufferPointer<Float>? in
      guard let array else { return nil }
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: array.count)
      _ = buffer.initialize(from: array)
      return buffer
    }
    body(buffers.map { $0.flatMap { UnsafePointer($0.baseAddress) } })
    for buffer in buffers { buffer?.deallocate() }
  }
}
