import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// A network that does not fit into memory is an error before anything is drawn.
@Suite(.watched) struct NetworkMemoryTests {
  private static let sizes = String(repeating: "65536,", count: 99) + "65536"

  /// Terabytes: more than any machine has.
  @Test(arguments: [
    ["iris-mlp", "--hidden", sizes],
    ["digits-cnn", "--kernel-size", "1024", "--maps", sizes.replacing(",", with: "+")],
    ["digits-cnn", "--hidden", sizes],
    ["digits-rows-lstm", "--recurrent", sizes],
    ["digits-rows-lstm", "--hidden", sizes],
    ["digits-rows-lstm", "--cell", "gru", "--recurrent", sizes],
    ["char-lstm", "--recurrent", sizes],
  ])
  func weightsThatDoNotFitAreRefused(arguments: [String]) throws {
    for command in ["train", "summary"] where command == "train" || arguments.count == 1 {
      let run = runTool([command] + arguments + ["-o", "/dev/null", "--force"])
      #expect(run.status == 1)
      #expect(run.error.contains("the network is too large for this machine"), "\(run.error)")
      #expect(run.error.contains("GB, the memory there is"))
      #expect(run.error.contains("--hidden"))
    }
  }

  @Test(arguments: [
    ["iris-mlp", "--hidden", "500,500"],
    ["digits-cnn"], ["digits-rows-lstm", "--recurrent", "200"],
    ["char-lstm", "--embedding", "60000", "--recurrent", "1"],
  ])
  func whatFitsDependsOnTheMemory(arguments: [String]) throws {
    let recipe = try #require(Recipes.named(arguments[0])?.settings)
    var changed = recipe
    changed.apply(
      try ArgumentParser(command: TrainCommand.description).parse(arguments))
    let data = try changed.loadData()
    let training = try changed.split(data).train
    let count = Double(try changed.network(for: training).parameterCount)
    // Weights and gradients, 4 bytes each; biases are not counted.
    func problem(memory: Double) -> CourseError? {
      SystemMemory.$assumed.withValue(memory) {
        do {
          _ = try changed.network(for: training)
          return nil
        } catch {
          return error as? CourseError
        }
      }
    }
    #expect(problem(memory: 8 * count * 100) == nil)
    #expect(problem(memory: 8 * count * 0.95)?.what == "the network is too large for this machine")
  }

  @Test func aBatchThatDoesNotFitIsRefused() throws {
    var recipe = try #require(Recipes.named("digits-cnn")?.settings)
    recipe.batchSize = 1000
    let training = try recipe.split(recipe.loadData()).train
    SystemMemory.$assumed.withValue(50e6) {
      expectCourseError(.invalidArgument, "a training step is too large", "a batch of 1000") {
        try recipe.network(for: training)
      }
    }
  }
}
