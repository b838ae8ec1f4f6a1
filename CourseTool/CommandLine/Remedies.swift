import Networks
import Shared

/// The remedies of errors as the command line has them.
///
/// The libraries say what to do in Swift. In front of the tool, that is no help: each such remedy has its
/// counterpart here, an option or a command; where there is none, nothing is said. A test compares the list with
/// the sources of the libraries, so that no remedy is forgotten.
enum Remedies {
  /// How a library's remedy begins, and what the tool says instead; `nil` where no command can meet it.
  static let translations: [(beginning: String, remedy: String?)] = [
    // Data
    (
      "Collect more, remove the class, or divide without",
      "Collect more, remove the class, or make fewer parts with --validation 0 or --test 0."
    ),
    (
      "Use `standardizingAll`",
      "Scale with --scaling standardize-all, or a number to divide by."
    ),
    (
      "Remove the feature, or use `standardizingAll`",
      "Remove the feature, or scale with --scaling standardize-all, or a number to divide by; of values "
        + "that differ in later digits only, subtract what they have in common first."
    ),
    ("Say which column holds the class", "Say which column holds the class: --label COLUMN."),
    (
      "Name the features as in training, or leave", "Name the features as they were in training."
    ),
    (
      "Correct the label or leave the example out; a network",
      "Correct the label, or leave the example out."
    ),
    ("Fit the scaler on the data", nil),
    ("Divide the part to learn from by split", nil),
    (
      "If there are more, give the delimiter",
      "Columns are separated by commas, semicolons or tabs."
    ),
    ("Name the column that holds the class", "Name the column that holds the class with --label."),
    (
      "Choose the data that the network was made for, or reshape",
      "Give data as the network was trained on; 'course summary MODEL' shows the shape."
    ),
    // Batches
    ("Pass shuffle: false", nil),
    ("Use batches of one size throughout", nil),
    ("Choose a batch size that is larger and leaves", "Choose another --batch-size."),
    // Training
    ("Pass validation data to fit", nil),
    ("Set network.loss", nil),
    ("Train it without resuming", nil),
    ("Correct the schedule, or what a callback", nil),
    (
      "Lower the learning rate (a tenth",
      "Lower the --learning-rate (a tenth is a good next try), or scale the features with --scaling."
    ),
    // Saved networks
    ("It is a safetensors file from elsewhere", "Give a network that 'course train' saved."),
    ("This is not a safetensors file", "Give a network that 'course train' saved."),
    ("From Swift: ", "A program with types of its own saved it: only that program reads it."),
    ("Shorten the metadata", nil),
    // Layers
    ("Use SequenceCrossEntropyLoss", nil),
    ("For one class a sequence let the last recurrent layer", nil),
    ("Give the last layer", nil),
    ("Correct the label, or give the last layer", "Correct the label."),
    ("For more than two classes use", nil),
    ("Set inputSize", nil),
    ("Set inputChannels", nil),
    ("Set channels", nil),
    ("Set its shape to the last sizes", nil),
    ("Give the input a time axis", nil),
    ("Use Conv2D for other activations", nil),
    ("Use Dropout for inputs", nil),
    ("Use groups: 1", nil),
    ("Put this layer behind", nil),
    ("A window that holds nothing but padding", nil),
    ("Give one amount for each spatial axis", nil),
    ("Give one number for all spatial axes", nil),
    ("Choose a shape with as many elements", nil),
    ("The momentum is the weight of the old value", nil),
    ("A layer that reads from the end", nil),
    (
      "Make the layer for a larger vocabulary",
      "Give a text of the characters that it was trained on."
    ),
    ("Train the network first, or load", nil),
    ("Leave out the softmax or sigmoid", nil),
    ("End the network with Softmax", nil),
    ("End the network with Sigmoid", nil),
    (
      "Use a smaller window, padding: .same",
      "Choose fewer blocks in --maps: each one halves height and width."
    ),
    (
      "Give a grey image its channel axis",
      "--shape 1,H,W makes a grey image of each example."
    ),
    ("Reshape the examples to steps", "--shape T,F makes T steps of F numbers of each example."),
    (
      "Make its layers smaller",
      "Choose smaller layers: --hidden, --maps, --recurrent, --embedding."
    ),
    (
      "Choose a smaller batch size, or smaller layers",
      "Choose a smaller --batch-size, or smaller layers."
    ),
    // Images
    (
      "Choose another imageSize, or have images fitted",
      "Choose another --size, or --fit stretch or cover."
    ),
    ("Train from an ImageGenerator", "Take fewer images, or smaller ones."),
    (
      "Rows of pixels become images",
      "Give images: a folder, or mnist, fashion-mnist, cifar10, digits."
    ),
    ("Say which numbers are black and white", nil),
    ("Name the file of the labels", "Keep one of them as Labels.json."),
  ]

  /// What the tool says for a library's remedy.
  static func forCommandLine(_ remedy: String?) -> String? {
    guard let remedy else { return nil }
    guard let known = translations.first(where: { remedy.hasPrefix($0.beginning) }) else {
      return remedy
    }
    return known.remedy
  }
}

extension CourseError {
  /// The error as a command shows it.
  func forCommandLine() -> CourseError {
    var error = self
    error.remedy = Remedies.forCommandLine(remedy)
    // Several mistakes end here: the operands in another order, a file of data for a network.
    if kind == .format, what == "this is not a safetensors file", remedy == nil {
      error.remedy = "Give a network that 'course train' saved."
    }
    return error
  }
}
