// The protocols say what each member does.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// `base / (offset + perStep · step + perEpoch · epoch)`
public struct TinyReciprocal: LearningRateSchedule {
  private let offset, perStep, perEpoch: Float

  public init(offset: Float, perStep: Float = 0, perEpoch: Float = 0) {
    (self.offset, self.perStep, self.perEpoch) = (offset, perStep, perEpoch)
  }

  public func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    base / (offset + perStep * Float(step) + perEpoch * Float(epoch))
  }
}

/// Half the rate in each epoch.
public struct TinyHalving: LearningRateSchedule {
  public init() {}
  public func learningRate(step: Int, epoch: Int, base: Float) -> Float { base / Float(1 << epoch) }
}
