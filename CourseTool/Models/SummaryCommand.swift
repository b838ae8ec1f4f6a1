import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

/// `course summary MODEL|RECIPE`
enum SummaryCommand: Command {
  static let description = CommandDescription(
    name: "summary", abstract: "Show the layers of a trained network or of a recipe.",
    operands: [
      Operand(
        "MODEL|RECIPE", .one, "a trained network (.safetensors), a recipe, or a recipe file (.json)"
      )
    ])

  /// A layer; one that consists of layers comes before them.
  private struct LayerRecord: Encodable {
    var path: String
    var type: String
    var outputShape: [Int]
    var parameters: Int
  }

  private struct Record: Encodable {
    var inputShape: [Int]
    var layers: [LayerRecord]
    var parameters: Int
    /// Those of a forward pass for one example.
    var multiplyAdds: Int
    var loss: String?
    var optimizer: String?
    /// The form in which the network takes images: "3 x 64 x 64, pad".
    var images: String?
    /// The columns of tables, and those that are left out.
    var preparation: Preparation?
    var scaling: String?
    var classNames: [String]
    var epochs: Int?
    var accuracy: Double?
    var recipe: Recipe?
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let name = arguments.operands[0]
    let network: NeuralNetwork
    let recipe: Recipe?
    if name.hasSuffix(".safetensors") || isSavedNetwork(name) {
      network = try savedNetwork(name)
      recipe = try Recipe(notedIn: network, path: name)
    } else {
      let found = try Recipe.find(name)
      guard !found.data.isEmpty else {
        throw UsageError(
          "the network of '\(name)' depends on the data, and there are none: give a trained network "
            + "(.safetensors), or a recipe file with \"data\"")
      }
      try found.check()
      let data = try found.loadData()
      let training = try found.split(data).train
      let adapted = found.adapted(to: training).recipe
      network = try adapted.network(for: training, preparation: data.preparation)
      recipe = adapted
    }
    let history = network.progress?.history.epochs ?? []
    if arguments[CommonOptions.json] {
      return try terminal.output.json(record(network, history: history, recipe: recipe))
    }
    let out = terminal.output
    out.line(summaryText(network, for: out))
    out.line("Multiply-adds: \(network.multiplyAdds.grouped) for an example")
    if let input = network.imageInput { out.line("Images: \(input) (channels x height x width)") }
    if let preparation = network.preparation, !preparation.isPlain {
      out.line("Columns:")
      out.line(preparation.lines)
    }
    if let scaling = network.preprocessing { out.line("Preprocessing: \(scaling)") }
    if let targets = network.preparation?.targets, targets.contains(where: { $0.style != nil }) {
      let names = targets.map { $0.name?.printable ?? "column \($0.place)" }
      let rows = network.preparation?.window.map { window in
        ", in the next \(window.horizon == 1 ? "row" : "\(window.horizon) rows") after "
          + counted(window.history, "row")
      }
      out.line("Predicts: \(names.joined(separator: ", "))\(rows ?? "")")
    }
    if !network.classNames.isEmpty {
      let shown = network.classNames.prefix(12).map(\.printable).joined(separator: ", ")
      out.line(
        "\(network.preparation?.labels == nil ? "Classes" : "Labels"): \(shown)\(network.classNames.count > 12 ? ", ..." : "")"
      )
    }
    if let last = history.last {
      let score = (last.validation ?? last.training).accuracy.map {
        ", accuracy \(fixed($0, 4))\(last.validation == nil ? "" : " on validation data")"
      }
      out.line("Trained: \(history.count) of \(counted(last.epochs, "epoch"))\(score ?? "")")
    }
    if let recipe { out.line("Recipe: \(recipe.recipe) on \(recipe.data), seed \(recipe.seed)") }
  }

  private static func record(
    _ network: NeuralNetwork, history: [EpochReport], recipe: Recipe?
  ) -> Record {
    Record(
      inputShape: network.inputShape,
      layers: network.layerPlaces.map { place in
        LayerRecord(
          path: place.path, type: type(of: place.layer).typeName, outputShape: place.outputShape,
          parameters: place.layer.parameterCount)
      },
      parameters: network.parameterCount, multiplyAdds: network.multiplyAdds,
      loss: network.loss.map { type(of: $0).typeName },
      optimizer: network.optimizer.map { type(of: $0).typeName },
      images: network.imageInput?.description, preparation: network.preparation,
      scaling: network.preprocessing.map { "\($0)" },
      classNames: network.classNames,
      epochs: history.isEmpty ? nil : history.count,
      accuracy: history.last.flatMap { ($0.validation ?? $0.training).accuracy }, recipe: recipe)
  }
}
