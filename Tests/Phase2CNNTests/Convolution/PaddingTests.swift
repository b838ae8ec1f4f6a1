import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

@Suite(.watched) struct PaddingTests {
  /// `.same` is SAME_UPPER: for every size, kernel, stride and dilation the output has ⌈in / stride⌉
  /// places, as much as with the explicit amounts of the formula, the smaller half in front.
  @Test(.waits(for: Conv1DTests.steps)) func sameIsTheExplicitPaddingOfItsFormula() throws {
    for input in 1...9 {
      for kernel in 1...5 {
        for stride in 1...4 {
          for dilation in 1...2 {
            let extent = dilation * (kernel - 1) + 1
            let output = (input + stride - 1) / stride
            let total = max((output - 1) * stride + extent - input, 0)
            func layer(_ padding: Padding) -> Conv1D {
              var layer = Conv1D(
                inputChannels: 1, outputChannels: 1, kernelSize: kernel, stride: stride,
                padding: padding, dilation: dilation, seed: 1)
              layer.weights.value = Tensor(arange: 1, to: Float(kernel) + 0.5)
                .reshaped(to: [1, 1, kernel])
              return layer
            }
            var (same, explicit) = (
              layer(.same), layer(.explicit(before: [total / 2], after: [total - total / 2]))
            )
            let name = "input \(input), kernel \(kernel), stride \(stride), dilation \(dilation)"
            #expect(try same.outputShape(for: [1, input]) == [1, output], "\(name)")
            let x = patterned([1, 1, input], 11, 7, 1)
            let (y, expected) = (
              same.forward(x, mode: .inference), explicit.forward(x, mode: .inference)
            )
            // Strides beyond the kernel leave a rest, which explicit padding drops as well.
            #expect(y == expected, "\(name)")
          }
        }
      }
    }
  }

  @Test(arguments: [Padding.valid, .same, .explicit(before: [1, 2], after: [3, 4])])
  func filesKeepIt(padding: Padding) throws {
    let data = try JSONEncoder().encode(padding)
    #expect(try JSONDecoder().decode(Padding.self, from: data) == padding)
  }
}
