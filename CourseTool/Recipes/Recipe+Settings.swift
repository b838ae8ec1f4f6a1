import CourseCommandLine
import CourseTraining
import Networks

extension Recipe {
  /// Every setting, in the order of the help.
  static let settings: [Setting] = [
    Setting(
      "data", \.data, .text("NAME|FILE|FOLDER"), isFixed: false,
      "training data: a name from 'data list', a CSV file with one example per row, a folder with a "
        + "subfolder of images for each class, an IDX, CIFAR or npz file of images, (char-lstm) any "
        + "text file, or (figures-unet) a folder with images and masks"),
    Setting(
      "label", \.label, .text("COLUMN"),
      "label column of a CSV file: its name, or its index from 0"),
    Setting(
      "text", \.text, .text("COLUMN"),
      "column of a CSV file with the texts (csv-text): its name, or its index from 0 (default: the only "
        + "one beside the label)"),
    Setting(
      "class-weights", \.classWeights, .notation("HOW", expected: ClassWeightsSetting.expected),
      "weights of the classes in the loss: balanced (rare ones count more), or such as yes:3,no:1; "
        + "or none"),
    Setting(
      "target", \.target, .columns,
      "columns of a CSV file with numbers (csv-regression, csv-sequence) or labels (csv-multilabel) to "
        + "predict"),
    Setting(
      "loss", \.loss, .choice(),
      "loss of predicted numbers: squared, absolute, huber (the scaled error, squared up to 1); of "
        + "labels: cross-entropy"),
    Setting(
      "separator", \.separator, .text("TEXT"),
      "the text between the labels of a cell, where it cannot be told (csv-multilabel)"),
    Setting(
      "window", \.window, .integer(in: 1...65_536),
      "past rows of a series that predict the next ones (csv-sequence)"),
    Setting(
      "horizon", \.horizon, .integer(in: 1...65_536),
      "next rows of a series to predict (csv-sequence)"),
    Setting(
      "columns", \.columns, .columns,
      "the only columns of a CSV file to use (default: all that can be used)"),
    Setting("ignore", \.ignore, .columns, "columns of a CSV file to leave out"),
    Setting(
      "words", \.words, .columns,
      "columns of a CSV file to take as words though they hold numbers, such as codes"),
    Setting(
      "word-limit", \.wordLimit, .integer(in: 2...65_536),
      "the largest number of different words in a column of a CSV file that become a feature each; "
        + "of more, a vector is learned for each word"),
    Setting(
      "missing", \.missing, .choice(),
      "missing values in a CSV file: indicator (the median, and a feature that marks the gap), "
        + "median, mean, drop-row, refuse"),
    Setting(
      "missing-marks", \.missingMarks, .texts("TEXT,..."),
      "further marks of missing values, such as unknown,-999"),
    Setting(
      "dates", \.dates, .choice(),
      "dates in a CSV file: number (of days), or calendar (year, month, weekday, hour)"),
    Setting(
      "decimal", \.decimal, .choice(),
      "the decimal mark of a CSV file, where it cannot be told: point or comma"),
    Setting(
      "scaling", \.scaling, .notation("HOW", expected: Scaling.expected, names: Scaling.names),
      "feature scaling: \(Scaling.names.joined(separator: ", ")), or a number to divide by"),
    Setting(
      "shape", \.shape, .sizes(in: 1...65_536),
      "input shape of an example, such as 1,8,8 for grey images; none: the shape in the data"),
    Setting(
      "size", \.imageSize, .imageSize,
      "height and width that images are brought to (default: theirs, or a size that suits them)"),
    Setting(
      "fit", \.fitting, .choice("HOW"),
      "treatment of images of another size: crop, pad, stretch, refuse (default: pad)"),
    Setting(
      "channels", \.channels, .channels,
      "1 for grey images, 3 for colours (default: those of the images)"),
    Setting(
      "masks", \.masks, .text("FOLDER"), isFixed: false,
      "folder with the mask of each image, the class of each pixel as its grey value or palette "
        + "index (default: masks, beside the folder images in --data)"),
    Setting(
      "network", \.textNetwork, .choice(),
      "network of texts with classes: bag (the average of words, pairs and pieces of words), cnn, lstm, "
        + "transformer"),
    Setting(
      "buckets", \.buckets, .integer(in: 1...16_777_215),
      "numbers that the pairs of words share, and the pieces, in --network bag"),
    Setting(
      "maps", \.maps, .notation("N+N,N,...", expected: Blocks.expected),
      "output channels of the convolutions, with pooling at each comma and at the end: 32+32,64; "
        + "or none"),
    Setting(
      "depth", \.depth, .integer(in: 0...1202),
      "layers of a residual network, such as 8, 14 or 20, whose stages have the channels in --maps "
        + "16,32,64; 0 for a plain network"),
    Setting(
      "kernel-size", \.kernelSize, .integer(in: 1...1024),
      "height and width of the convolution kernels"),
    Setting(
      "cell", \.cell, .choice(), "type of the recurrent layers: \(list(RecurrentCell.self))"),
    Setting(
      "recurrent", \.recurrent, .sizes(in: 1...65_536), "sizes of the recurrent layers, or none"),
    Setting(
      "embedding", \.embedding, .integer(in: 0...65_536),
      "length of the vectors of characters or words; 0 for data other than text"),
    Setting(
      "blocks", \.blocks, .integer(in: 0...1024),
      "blocks of a transformer, for text; 0 for recurrent layers"),
    Setting(
      "heads", \.heads, .integer(in: 1...1024), "attention heads of each block"),
    Setting(
      "levels", \.levels, .integer(in: 0...8),
      "how often a U-Net halves the image, for images with masks; 0 for other networks"),
    Setting(
      "width", \.width, .integer(in: 1...4096),
      "channels of the first level of a U-Net, doubled at each further one"),
    Setting(
      "skips", \.skips, .yesOrNo,
      "whether each level of a U-Net passes its details around those below it"),
    Setting(
      "regions", \.regions, .integer(in: 0...4096),
      "regions of each image that a detector is trained on; 0 for other networks"),
    Setting(
      "proposals", \.proposals, .choice(),
      "where a detector looks: windows (sliding), selective (search), or both"),
    Setting(
      "box-weight", \.boxWeight, .notNegative,
      "weight of the loss of a detector's boxes; 0 for no box regression"),
    Setting(
      "pretext", \.pretext, .choice("TASK"),
      "what an encoder of images learns without labels: vicreg, nt-xent (two views of an image belong "
        + "together), rotation"),
    Setting(
      "temperature", \.temperature, .positive(), "temperature of --pretext nt-xent"),
    Setting(
      "encoder", \.encoder, .text("FILE"),
      "trained image network whose encoder this one starts from: one pretrained without labels, or a classifier"
    ),
    Setting(
      "encoder-rate", \.encoderRate, .notNegative,
      "learning rate of the encoder, as a share of --learning-rate; 0 keeps its weights"),
    Setting(
      "sequence-length", \.sequenceLength, .integer(in: 1...65_536),
      "training sequence length, in characters; of texts with classes, the most words that are read"
    ),
    Setting(
      "steps-per-epoch", \.stepsPerEpoch, .integer(in: 0...1_000_000),
      "training steps of an epoch, on windows of the text at random places (transformers); 0: the "
        + "whole text, window by window"),
    Setting(
      "hidden", \.hidden, .sizes(in: 1...65_536), "sizes of the hidden layers: 64,32; or none"),
    Setting(
      "activation", \.activation, .choice(),
      "activation after each hidden layer and convolution: \(list(HiddenActivation.self))"),
    Setting(
      "batch-norm", \.batchNorm, .yesOrNo,
      "batch normalisation after each convolution, or after each hidden layer if there is none"),
    Setting("dropout", \.dropout, .fraction, "dropout rate after each hidden layer, such as 0.5"),
    Setting("optimizer", \.optimizer, .choice(), "optimizer: \(list(OptimizerName.self))"),
    Setting(
      "learning-rate", \.learningRateChoice, .learningRate,
      "learning rate; find: the one at which the loss falls fastest while the rate grows (range test)"
    ),
    Setting(
      "momentum", \.momentum, .fraction,
      "momentum coefficient, for --optimizer momentum (default: 0.9)"),
    Setting(
      "beta2", \.beta2, .fraction,
      "share of the second moment that a step keeps, for --optimizer adam and adamw (default: 0.999)"
    ),
    Setting(
      "weight-decay", \.weightDecay, .notNegative,
      "weight decay, for --optimizer adamw (default: 0.01); of a transformer, of its weights only"),
    Setting(
      "augment", \.augment, .augmentations,
      "random augmentation of the training images, such as mirror,crop:4 ('generator preview "
        + "--help' lists all); or none"),
    Setting(
      "penalty", \.penalty, .notation("HOW", expected: PenaltySetting.expected),
      "weight penalty: l1:0.0001, l2:0.0001, elastic:0.0001,0.0001; or none"),
    Setting(
      "clip", \.clip, .notation("HOW", expected: ClipSetting.expected),
      "gradient clipping: norm:1 (of all gradients together), value:0.5 (of each element); or none"),
    Setting(
      "schedule", \.scheduleName, .choice(),
      "learning-rate schedule: step (see --decay), cosine, one-cycle"),
    Setting(
      "warm-up", \.warmUp, .integer(in: 0...1_000_000),
      "first steps, in which the learning rate rises, for --schedule step and cosine"),
    Setting(
      "final-learning-rate", \.finalLearningRate, .notNegative,
      "last learning rate, for --schedule cosine"),
    Setting(
      "decay", \.decay, .positive(upTo: 1), "learning-rate decay factor, for --schedule step"),
    Setting(
      "decay-every", \.decayEvery, .integer(in: 1...1_000_000),
      "epochs between decays, for --schedule step"),
    Setting(RunOptions.epochs, \.epochs, isFixed: false),
    Setting(
      "patience", \.patience, .integer(in: 1...1_000_000), isFixed: false,
      "stop after N epochs without a better validation loss (early stopping)"),
    Setting(
      "keep", \.keep, .choice("best|last"),
      "weights to keep: of the epoch with the best validation loss, or the last (default: best with "
        + "--patience, else last)"),
    Setting(
      "batch-size", \.batchSize, .integer(in: 1...1_000_000),
      "examples per training step (the mini-batch size)"),
    Setting(
      "validation", \.validation, .fraction,
      "fraction of the examples held out for validation during training"),
    Setting(
      "test", \.test, .fraction,
      "fraction held out for the final test, or 0 for none; a data set with its own test set uses that"
    ),
    Setting(
      "split", \.splitName, .choice(),
      "random (stratified by class), or ordered (train on the first examples, test on the last)"),
    Setting(RunOptions.seed, \.seed),
  ]

  /// The settings about the columns of a CSV file.
  static let tableSettings = [
    "columns", "ignore", "words", "word-limit", "missing", "missing-marks", "dates", "decimal",
  ]

  /// The user's decisions about the columns of a CSV file.
  var preparationOptions: PreparationOptions {
    func columns(_ names: [String]) -> [LabelColumn] { names.map { LabelColumn(argument: $0) } }
    var options = PreparationOptions()
    options.missing = missing
    options.missingMarks = missingMarks ?? []
    options.columns = self.columns.map(columns)
    options.ignored = columns(ignore ?? [])
    options.words = columns(words ?? [])
    options.wordLimit = wordLimit
    options.usesCalendar = dates == .calendar
    options.separator = separator
    options.window = window.flatMap { try? SeriesWindow(history: $0, horizon: horizon) }
    options.decimal = decimal == .comma ? .comma : decimal == .point ? .point : nil
    return options
  }

  private static func list<Name: CaseIterable & RawRepresentable<String>>(_: Name.Type) -> String {
    Name.allCases.map(\.rawValue).joined(separator: ", ")
  }
}
