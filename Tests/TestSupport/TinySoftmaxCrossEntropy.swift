// The protocols say what each member does.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// Softmax and cross-entropy of class indices, for tests that must not depend on a student's losses.
public struct TinySoftmaxCrossEntropy: ClassificationLoss {
  public static let typeName = "TinySoftmaxCrossEntropy"
  public let configuration: ClassificationLossConfiguration
  private var pass: CrossEntropyPass?

  public init(reduction: Reduction = .mean) {
    configuration = ClassificationLossConfiguration(reduction: reduction)
  }

  public var inputKind: OutputKind { .scores }

  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    guard case .classes(let labels) = target else {
      stop("TinySoftmaxCrossEntropy", expected: "class indices", received: "\(target)")
    }
    let (sum, pass) = prediction.softmaxCrossEntropy(labels: labels)
    self.pass = pass
    return sum * scale(of: pass)
  }

  public mutating func backward() -> Tensor {
    guard let pass else { stop("TinySoftmaxCrossEntropy.backward without a forward pass") }
    return pass.gradient(scale: scale(of: pass))
  }

  private func scale(of pass: CrossEntropyPass) -> Float {
    reduction == .mean ? 1 / Float(pass.answerCount) : 1
  }
}
