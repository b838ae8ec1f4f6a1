import Foundation

// The meaning of a mean cross-entropy over the characters of a text, that of `SequenceCrossEntropyLoss` without weights of classes.
//
//     let test = try network.evaluate(parts.validation)
//     test.loss                  // 1.61
//     test.perplexity            // 5.0: as uncertain as among five characters that are equally likely
//     test.bitsPerCharacter      // 2.32: the size of the text, compressed by the network

extension Evaluation {
  /// `exp` of the loss without penalties: the number of equally likely classes that would leave the network as uncertain.
  public var perplexity: Double { exp(loss - penalty) }
  /// The loss without penalties, divided by `ln 2`.
  public var bitsPerCharacter: Double { (loss - penalty) / log(2) }
}

extension Scores {
  /// `exp` of the loss without penalties: the number of equally likely classes that would leave the network as uncertain.
  public var perplexity: Double { exp(loss - (penalty ?? 0)) }
  /// The loss without penalties, divided by `ln 2`.
  public var bitsPerCharacter: Double { (loss - (penalty ?? 0)) / log(2) }
}
