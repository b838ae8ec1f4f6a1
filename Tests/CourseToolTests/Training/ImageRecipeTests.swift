import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// The recipe `images`, whose settings follow the data.
@Suite(.watched) struct ImageRecipeTests {
  private static func recipe() throws -> Recipe { try #require(Recipes.named("images")).settings }

  /// Images of one colour.
  private func images(_ count: Int, _ shape: [Int]) throws -> Dataset {
    try Dataset(
      bytes: ByteFeatures(
        shape: [count] + shape,
        bytes: [UInt8](repeating: 0, count: count * shape.reduce(1, *))),
      targets: .classes((0..<count).map { $0 % 2 }))
  }

  @Test(arguments: [
    (35, [3, 32, 32], "16,32,64", "8", "60", "mirror@0.5,crop:4"),
    (126, [3, 48, 48], "16,32,64", "16", "60", "mirror@0.5,crop:6"),
    (900, [1, 64, 80], "16,32,64,128", "16", "52", "mirror@0.5,crop:8"),
    (1400, [3, 32, 32], "32,64,128", "32", "60", "mirror@0.5,crop:4"),
    (5000, [3, 32, 32], "32,64,128", "32", "19", "mirror@0.5,crop:4"),
    (42_500, [1, 10, 12], "32+32", "64", "15", "mirror@0.5,crop:1"),
    (10, [3, 4, 4], "16", "8", "60", "mirror@0.5"), (10, [48], "16", "8", "60", "none"),
  ])
  func settingsFollowTheData(
    count: Int, shape: [Int], maps: String, batchSize: String, epochs: String, augment: String
  ) throws {
    let (recipe, remark) = try Self.recipe().adapted(to: images(count, shape))
    let texts = Dictionary(
      uniqueKeysWithValues: Recipe.settings.map { ($0.name, $0.text(recipe)) })
    #expect(texts["maps"] == maps && texts["batch-size"] == batchSize)
    #expect(texts["epochs"] == epochs && texts["augment"] == augment)
    #expect(try recipe.automatic.isEmpty && recipe.adapted(to: images(9, shape)).remark == nil)
    let words =
      "Settings for \(count) training images of shape \(shape): --maps \(maps) --augment \(augment) "
      + "--epochs \(epochs) --batch-size \(batchSize)"
    #expect(remark == words)
  }

  @Test func settingsThatAreGivenStay() throws {
    var recipe = try Recipe(
      json: JSONValue(parsing: "{\"recipe\": \"images\", \"epochs\": 7}", name: "r"), name: "r")
    let maps = try #require(Recipe.settings.first { $0.name == "maps" })
    try maps.apply("8", to: &recipe)
    #expect(recipe.automatic == ["augment", "batch-size"])
    let adapted = recipe.adapted(to: try images(126, [3, 48, 48])).recipe
    #expect(adapted.epochs == 7 && adapted.maps.text == "8" && adapted.batchSize == 16)
    // A recipe without open settings is as it was.
    let other = try #require(Recipes.named("cifar10-vgg")).settings
    #expect(other.adapted(to: try images(5, [3, 8, 8])).recipe == other)
  }

  @Test(arguments: [
    (40, 200), (112, 200), (426, 142), (1347, 46), (40_000, 20), (1, 200),
  ])
  func smallTablesNeedMoreEpochs(count: Int, epochs: Int) throws {
    for name in ["csv-mlp", "csv-regression"] {
      let recipe = try #require(Recipes.named(name)).settings
      let rows = try images(count, [3])
      let (adapted, remark) = recipe.adapted(to: rows)
      #expect(adapted.epochs == epochs && adapted.automatic.isEmpty)
      #expect(remark == "Settings for \(counted(count, "training example")): --epochs \(epochs)")
      var given = recipe
      let setting = try #require(Recipe.settings.first { $0.name == "epochs" })
      try setting.apply("7", to: &given)
      #expect(given.adapted(to: rows).recipe == given)
    }
  }

  @Test func openSettingsAreShownAndLeftOutOfRecipeFiles() throws {
    let shown = runTool("recipes", "images").output
    let epochs = shown.split(separator: "\n").first { $0.contains("--epochs ") }
    #expect(epochs?.hasSuffix("  follows the data") == true, "\(shown)")
    let json = try runTool("recipes", "images", "--json").json
    #expect(json["epochs"] == nil && json["maps"] == nil && json["optimizer"] as? String == "adam")
    for (arguments, words) in [
      ([], "recipe 'images' needs training data: --data FOLDER"),
      (["--data", "digits"], "digits is not a folder of images: give --data FOLDER"),
      (["--data", "nothing"], "there is no folder nothing"),
    ] {
      let run = runTool(["train", "images"] + arguments)
      #expect(run.status == 2 && run.error.contains(words), "\(run.error)")
    }
  }

  #if ImageCodecs

    @Test func aFolderIsLearnedWithoutOptions() throws {
      try withTemporaryFolder { folder in
        let data = folder.appending(path: "data")
        for (name, value) in [("dark", UInt8(40)), ("light", 200)] {
          let place = data.appending(path: name)
          try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
          for number in 0..<15 {
            var image = PixelImage(
              width: 12 + number, height: 20 - number % 3, channels: number % 2 == 0 ? 1 : 3,
              repeating: value)
            image[0, number, 0] = UInt8(number)
            try image.write(to: place.appending(path: "\(number).png"))
          }
        }
        let model = folder.appending(path: "m.safetensors").path
        let run = runTool("train", "images", "--data", data.path, "--output", model, "--json")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("Note: Settings for 21 training images of shape [3, 32, 32]: "))
        let test = try #require(try run.json["test"] as? [String: Any])
        #expect(test["accuracy"] as? Double == 1)
        // The settings are noted, so that the run can be measured and repeated.
        let network = try NeuralNetwork(contentsOf: URL(filePath: model))
        let recipe = try #require(try Recipe(notedIn: network, path: model))
        #expect(recipe.automatic.isEmpty && recipe.epochs == 60 && recipe.maps.text == "16,32,64")
        #expect(runTool("evaluate", model).output.contains("accuracy   1.0000"))
      }
    }

  #endif
}
