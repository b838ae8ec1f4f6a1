import CCourseTexts
import Foundation
import Shared

extension CharacterText {
  /// Eight plays by William Shakespeare, 1 069 823 characters, 76 different ones: Coriolanus, Richard III, Romeo and
  /// Juliet, Julius Caesar, Hamlet, Macbeth, A Midsummer Night's Dream, The Tempest.
  ///
  /// In the public domain, from Project Gutenberg's texts.
  public static var shakespeare: CharacterText { bundledShakespeare }

  private static let bundledShakespeare: CharacterText = {
    let bytes = UnsafeRawBufferPointer(
      start: bundled_shakespeare_txt, count: bundled_shakespeare_txt_size)
    do {
      return try CharacterText(String(decoding: bytes, as: UTF8.self), name: "shakespeare")
    } catch {
      stop("the bundled plays cannot be read: \(error)")
    }
  }()
}
