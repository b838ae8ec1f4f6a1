import CourseCommandLine
import Networks

/// Labelled data for a trained network: those that are given, or the test part of its training data.
///
/// - Parameters:
///   - given: a file, a folder or a name; `nil` for the test part
///   - label: the label column, if it differs from training
///   - text: the column with the texts, if it differs from training
///   - purpose: the use of the data, for messages: "evaluate on"
///   - command: the command that gives data, for messages
///   - progress: the stream for the progress of reading images; `nil` for none
/// - Returns: the data, their source, and the part of it: "test", "validation" or "all"
func labelledData(
  _ given: String?, label: String?, text: String?, for network: NeuralNetwork, _ recipe: Recipe?,
  path: String, skipBroken: Bool, purpose: String, command: String, progress: TextStream?,
  on terminal: Terminal
) throws -> (data: Dataset, source: String, part: String) {
  if let recipe, recipe.isPretraining {
    let (images, source) = try recipe.labelledImages(
      given, for: network, path: path, skipBroken: skipBroken, progress: progress, on: terminal)
    return (try recipe.views(of: images.test, "test", of: source), source, "test")
  }
  if let given {
    guard
      label == nil && text == nil
        || DataSource.isTable(given) && recipe?.isText != true && recipe?.isSegmentation != true
    else {
      throw UsageError("'--\(label == nil ? "text" : "label")' applies to CSV files only")
    }
    if let recipe, recipe.isOfTexts {
      let loaded = try recipe.loadTexts(
        given, label: label, text: text, classNames: network.classNames)
      loaded.remarks.report(on: terminal.error)
      return (loaded.examples, given, "all")
    }
    if let recipe, recipe.isText {
      let text = try DataSource.loadText(given, classNames: network.classNames)
      do {
        let data = try text.dataset(
          batchSize: recipe.textRows, sequenceLength: recipe.sequenceLength)
        return (data, given, "all")
      } catch var error as CourseError {
        // The batches are those of the training.
        error.remedy = "Take a longer text."
        throw error
      }
    }
    if let recipe, recipe.isSegmentation {
      let loaded = try recipe.loadAnnotated(
        given, masks: given == recipe.data ? recipe.masks : nil, classNames: network.classNames,
        form: ImageForm(of: network), skipBroken: skipBroken, progress: progress)
      loaded.remarks.report(on: terminal.error)
      return (loaded.examples, given, "all")
    }
    let loaded = try DataSource.load(
      given, label: label, expected: ExpectedData(of: network, recipe),
      form: ImageForm(of: network), skipBroken: skipBroken, progress: progress)
    loaded.remarks.report(on: terminal.error)
    // Never on a training part.
    var data = (loaded.test ?? loaded.validation ?? loaded.examples).fitting(network.inputShape)
    if let scaler = DataSource.brightening(of: given, forTrainingOn: recipe?.data) {
      data = scaler.applied(to: data)
    }
    return (
      data, given, loaded.test != nil ? "test" : loaded.validation != nil ? "validation" : "all"
    )
  }
  guard label == nil, text == nil else {
    throw UsageError("'--\(label == nil ? "text" : "label")' requires DATA")
  }
  guard let recipe, recipe.test > 0 else {
    throw UsageError("\(path) has no test part of its own: give DATA")
  }
  let loaded = try recipe.recordedData(
    of: network, skipBroken: skipBroken, progress: progress,
    remedy:
      "Give the data to \(purpose): '\(terminal.command) \(command)', or restore the original data."
  )
  loaded.remarks.report(on: terminal.error)
  return (try recipe.split(loaded).test, recipe.data, "test")
}
