import Shared

/// Mirroring, quarter turns and bilinear resizing: the bodies of tasks 4.4 and 4.5, and the kernels that
/// stand in for them.
///
/// A kernel runs only where it agrees with the body that a student writes. Where that is unfinished or wrong,
/// every image of a batch goes through it, and it shows there.
final class ImageBodies: Sendable {
  /// The bodies of this package.
  static let standard = ImageBodies()

  private let mirroring: TwoBodiedFunction<Tensor>
  private let quarterTurn: TwoBodiedFunction<Tensor>
  private let resizing: TwoBodiedFunction<Resizing>

  /// An image to resize, and how.
  private struct Resizing: Sendable {
    var image: Tensor
    var height: Int
    var width: Int
    var antialias = false
  }

  /// - Parameters: the readable bodies; each is tried against its kernel the first time that is to run
  init(
    mirrored: @escaping @Sendable (Tensor) -> Tensor = { $0.mirroredReference() },
    rotated90: @escaping @Sendable (Tensor) -> Tensor = { $0.rotated90Reference() },
    resized: @escaping @Sendable (_ image: Tensor, _ height: Int, _ width: Int) -> Tensor = {
      $0.resizedReference(height: $1, width: $2)
    }
  ) {
    func image(_ shape: [Int]) -> Tensor {
      Tensor(uniform: shape, key: RandomKey(seed: 1).folded("agreement"))
    }
    mirroring = TwoBodiedFunction(
      reference: mirrored, kernel: { $0.mirroredByKernel() },
      trials: [image([3, 4, 5]), image([1, 3, 2])])
    quarterTurn = TwoBodiedFunction(
      reference: rotated90, kernel: { $0.rotated90ByKernel(turns: 1) },
      trials: [image([3, 4, 5]), image([1, 3, 2])])
    resizing = TwoBodiedFunction(
      reference: { resized($0.image, $0.height, $0.width) },
      kernel: {
        $0.image.resizedByKernel(
          height: $0.height, width: $0.width, interpolation: .bilinear, antialias: $0.antialias)
      },
      trials: [
        Resizing(image: image([3, 4, 5]), height: 7, width: 3),
        Resizing(image: image([2, 6, 3]), height: 4, width: 8),
      ])
  }

  /// Whether a `PixelView` may mirror, which is the kernel for images of bytes.
  var mirrorsByKernel: Bool { mirroring.runsKernel() }
  /// Whether a `PixelView` may turn, which is the kernel for images of bytes.
  var turnsByKernel: Bool { quarterTurn.runsKernel() }

  func mirrored(_ image: Tensor, _ implementation: Implementation = .fast) -> Tensor {
    checked(
      mirroring(image, implementation: implementation), image.shape, "Tensor.mirrored", "4.4")
  }

  /// - Parameter turns: from 0 to 3
  func rotated90(
    _ image: Tensor, turns: Int, _ implementation: Implementation = .fast
  ) -> Tensor {
    if quarterTurn.runsKernel(implementation) { return image.rotated90ByKernel(turns: turns) }
    return (0..<turns).reduce(image) { image, _ in
      checked(
        quarterTurn(image, implementation: .reference),
        [image.shape[0], image.imageWidth, image.imageHeight], "Tensor.rotated90", "4.4")
    }
  }

  /// Bilinear; the readable body knows no antialiasing.
  func resized(
    _ image: Tensor, height: Int, width: Int, antialias: Bool,
    _ implementation: Implementation = .fast
  ) -> Tensor {
    checked(
      resizing(
        Resizing(image: image, height: height, width: width, antialias: antialias),
        implementation: implementation), [image.shape[0], height, width], "Tensor.resized", "4.5")
  }

  /// A batch has room for the shape that was asked for and for no other.
  private func checked(
    _ result: Tensor, _ shape: [Int], _ function: String, _ task: String
  ) -> Tensor {
    guard result.shape == shape else {
      stop(
        function, expected: "shape \(shape): task \(task) in Protocols/Generator.md",
        received: "\(result.shape)")
    }
    return result
  }
}
