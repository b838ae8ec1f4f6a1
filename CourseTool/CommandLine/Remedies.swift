import Networks
import Shared

/// Translates the remedies of library errors for the command line.
///
/// The libraries phrase remedies in Swift. Users of the tool need an option or a command instead: the list has a
/// counterpart for each remedy, or `nil` where no command applies. A test compares it with the sources of the
/// libraries.
enum Remedies {
  /// The beginning of a library's remedy, and its counterpart for the tool.
  static let translations: [(beginning: String, remedy: String?)] = [
    // Data
    (
      "Say which mark is the decimal one",
      "Say which mark is the decimal one: --decimal comma, or --decimal point."
    ),
    (
      "Write dates as year-month-day, or leave",
      "Write dates as year-month-day, or leave the column out with --ignore."
    ),
    (
      "Correct the words; or say that they mark missing",
      "Correct the words; or say that they mark missing values (--missing-marks), that all are words "
        + "(--words), or leave the column out (--ignore)."
    ),
    (
      "Fill it in, or leave rows with gaps out",
      "Fill it in, or leave rows with gaps out with --missing drop-row."
    ),
    (
      "Fill gaps by another way",
      "Fill gaps with --missing indicator, median or mean, or leave columns out with --ignore."
    ),
    (
      "Use `standardizingAll`",
      "Use --scaling standardize-all, or a number to divide by."
    ),
    (
      "Remove the feature, or use `standardizingAll`",
      "Remove the feature, or use --scaling standardize-all or a number to divide by; if its values differ in "
        + "late digits only, subtract their common offset first."
    ),
    (
      "Use data with two columns of features",
      "Use data with two columns of features, such as moons, or another kind of picture."
    ),
    ("Say which column holds the class", "Select the label column with --label COLUMN."),
    (
      "Name the features as in training, or leave", "Use the feature names of the training data."
    ),
    (
      "Correct the label or leave the example out; a network",
      "Correct the label, or remove the example."
    ),
    ("Fit the scaler on the data", nil),
    ("Use saliency(of:for:) and occlusion", nil),
    ("Divide the training part with split", nil),
    (
      "If there are more, give the delimiter",
      "Separate columns by commas, semicolons or tabs."
    ),
    (
      "Name the column that holds the class",
      "Select the label column with --label; numbers are predicted by the recipe csv-regression."
    ),
    (
      "For one label in each row use",
      "For one label in each row use 'course train csv-mlp --label COLUMN'; for others say how they are "
        + "separated (--separator)."
    ),
    ("Add rows, or make the window shorter", "Add rows, or choose a shorter --window."),
    ("Make the window shorter", "Choose a shorter --window, or fewer --columns."),
    (
      "Predict the number (`values`",
      "Predict the number with 'course train csv-regression --target COLUMN', or take the numbers as classes "
        + "with --words COLUMN."
    ),
    (
      "Train a classifier on it (`target`",
      "Train a classifier: 'course train csv-mlp --label COLUMN'."
    ),
    (
      "Choose the data that the network was made for, or reshape",
      "Use data of the shape that the network was trained on ('course summary MODEL')."
    ),
    ("Use fewer folds", "Use a smaller --folds."),
    (
      "Give this part a larger fraction",
      "Give this part a larger share (--validation, --test), or 0."
    ),
    ("Read the labels by the classes", "Use data with the classes of the network."),
    // Batches
    (
      "Crop them, by an ImageInput with one height", "Give one height and width, such as --size 32."
    ),
    ("Pass shuffle: false", nil),
    ("Use batches of one size throughout", nil),
    ("Choose a batch size that is larger and leaves", "Choose another --batch-size."),
    // Training
    ("Pass validation data to fit", nil),
    ("Set network.loss", nil),
    ("Leave the weights out with weighted", nil),
    ("Use MultiTaskLoss", nil),
    ("Scale the numbers of the data, and leave targetScaling", nil),
    ("Append the layer to a network, which knows", nil),
    ("To keep parameters as they are, use", nil),
    ("Train it without resuming", nil),
    ("Correct the schedule, or what a callback", nil),
    (
      "Lower the learning rate (a tenth",
      "Lower the --learning-rate (try a tenth); numbers of a table far from 1 also need --scaling."
    ),
    (
      "Choose a number, and check the scaling",
      "Choose a number (--learning-rate 0.01), and check --scaling."
    ),
    // Saved networks
    ("It is a safetensors file from elsewhere", "Give a network saved by 'course train'."),
    ("This is not a safetensors file", "Give a network saved by 'course train'."),
    (
      "From Swift: ",
      "It was saved by a program with types of its own, and only that program can load it."
    ),
    ("Shorten the metadata", nil),
    // Layers
    ("Use SequenceCrossEntropyLoss", nil),
    ("For one class per sequence, let the last recurrent layer", nil),
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
    ("Put this layer after", nil),
    ("A window that holds nothing but padding", nil),
    ("Give one amount for each spatial axis", nil),
    ("Give one number for all spatial axes", nil),
    ("Choose a shape with as many elements", nil),
    ("The momentum is the weight of the old value", nil),
    ("A layer that reads from the end", nil),
    (
      "Make the layer for a larger vocabulary",
      "Use a text with the characters of the training text."
    ),
    ("Train the network first, or load", nil),
    ("Leave out the softmax or sigmoid", nil),
    ("End the network with Softmax", nil),
    ("End the network with Sigmoid", nil),
    (
      "Use a smaller window, padding: .same",
      "Use fewer blocks in --maps: each one halves height and width."
    ),
    (
      "Give a grey image its channel axis",
      "Use --shape 1,H,W to make a grey image of each example."
    ),
    (
      "Reshape the examples to steps",
      "Use --shape T,F to make T steps of F features of each example."
    ),
    (
      "Make its layers smaller",
      "Use smaller layers: --hidden, --maps, --recurrent, --embedding."
    ),
    (
      "Choose a smaller batch size, or smaller layers",
      "Use a smaller --batch-size, or smaller layers."
    ),
    (
      "Use shorter sequences, or a larger maximumLength",
      "Use a shorter text, or train with a larger --sequence-length."
    ),
    ("Put it behind layers that make an image smaller", nil),
    (
      "Choose such a size, or fewer convolutions",
      "Choose such a size with --size HxW, or fewer --maps."
    ),
    ("End the body with a layer that returns vectors", nil),
    ("Give the embedding a paddingIndex", nil),
    ("Make the data of texts", "Give texts: a column of a CSV file, or a text file."),
    ("Train one with NeuralNetwork.transformer", "Train one with 'course train char-transformer'."),
    // Images
    (
      "Choose another imageSize, or have images fitted",
      "Choose another --size, or --fit crop, pad or stretch."
    ),
    (
      "Choose a smaller size, or train from an ImageGenerator",
      "Use fewer images, or a smaller --size."
    ),
    (
      "Correct the path; the folder",
      "Give the folder of the masks with --masks; without it, that beside the images is taken."
    ),
    (
      "Bring the images to another size",
      "Choose another size with --size HxW, or fewer --levels."
    ),
    (
      "Bring all images to one size",
      "Train with --size HxW, which brings all images to one size."
    ),
    (
      "Resize it, or choose another ImageFitting",
      "Resize it first; a network that is trained with --size and --fit takes any size."
    ),
    (
      "Rows of pixels become images",
      "Give a folder of images, or mnist, fashion-mnist, cifar10, digits."
    ),
    ("Say which numbers are black and white", nil),
    ("Name the file of the labels", "Keep one of them as Labels.json."),
  ]

  /// The counterpart of a library's remedy.
  static func forCommandLine(_ remedy: String?) -> String? {
    guard let remedy else { return nil }
    guard let known = translations.first(where: { remedy.hasPrefix($0.beginning) }) else {
      return remedy
    }
    return known.remedy
  }
}

extension CourseError {
  /// The error with a remedy for the command line.
  func forCommandLine() -> CourseError {
    var error = self
    error.remedy = Remedies.forCommandLine(remedy)
    // Common causes: operands in the wrong order, a data file in place of a network.
    if kind == .format, what == "this is not a safetensors file", remedy == nil {
      error.remedy = "Give a network saved by 'course train'."
    }
    return error
  }
}
