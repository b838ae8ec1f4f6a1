import Foundation
import Networks

/// A callback that draws the decision boundary while a network learns: the frames of an animation.
///
///     let recorder = try BoundaryRecorder(data: moons, frameLimit: 60)
///     try network.fit(moons, options: TrainingOptions(epochs: 200), callbacks: [recorder])
///     try recorder.animation().write(to: URL(filePath: "moons.gif"))
///
/// Frames are spaced by the progress of training and not by time: close together at the beginning, when the
/// line moves most, and further apart towards the end.
public final class BoundaryRecorder: TrainingCallback {
  private let boundary: DecisionBoundary
  private let frameLimit: Int
  private var epochsOfFrames: Set<Int> = []
  /// The frames so far.
  public private(set) var frames: [Figure] = []

  /// Prepares the recorder.
  /// - Parameters:
  ///   - data: examples of two features, in at least two classes
  ///   - frameLimit: the largest number of frames
  public init(data: Dataset, frameLimit: Int = 60) throws {
    boundary = try DecisionBoundary(of: data, resolution: 80)
    self.frameLimit = max(frameLimit, 2)
  }

  /// Chooses the epochs of the frames.
  public func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    try DecisionBoundary.requireNumbers(network)
    epochsOfFrames = Self.epochs(of: plan.epochs, frameLimit: frameLimit)
  }

  /// The epochs after which a frame is drawn: quadratically spaced, with the first and the last.
  package static func epochs(of count: Int, frameLimit: Int) -> Set<Int> {
    guard count > frameLimit else { return Set(0..<max(count, 1)) }
    return Set(
      (0..<frameLimit).map { frame in
        let share = Double(frame) / Double(frameLimit - 1)
        return Int((share * share * Double(count - 1)).rounded())
      })
  }

  /// Draws a frame after a chosen epoch.
  public func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    guard epochsOfFrames.contains(report.epoch) else { return .proceed }
    let accuracy = report.training.accuracy.map { String(format: ", accuracy %.3f", $0) } ?? ""
    frames.append(
      try boundary.figure(
        of: network,
        title: String(format: "Epoch %d, loss %.3f", report.epoch + 1, report.training.loss)
          + accuracy))
    return .proceed
  }

  /// The animation of all frames so far.
  public func animation(secondsPerFrame: Double = 0.1) -> Animation {
    Animation(frames, secondsPerFrame: secondsPerFrame)
  }
}
