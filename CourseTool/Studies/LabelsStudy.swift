import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// Shows how far few labels go, with a representation that was learned without any.
enum LabelsStudy: Study {
  static let name = "labels"
  static let abstract = "Few labels: pretraining without labels, and what it is worth."
  static let explanation = """
    An encoder of three convolutions (32, 64 and 128 channels) learns from all training images without
    their labels: by VICReg (task 5.7), or by telling how far an image is turned. Then a linear probe
    (multinomial logistic regression) learns from 5, 10, 50 and 500 labels a class on its frozen features. It is
    compared with the same probe on the pixels and on the features of an encoder with random weights, and with
    the same network trained from scratch on the labelled images, with the milder augmentation that suits it
    better. The encoders are pretrained once; five seeds choose the labelled images, and draw the weights
    of the other networks. The images are drawn figures (--data synthetic-figures), or those of mnist, fashion-mnist,
    cifar10, or a folder. The picture shows the accuracy on the test images, with the standard deviation over the seeds.
    For texts (--data definitions, or a CSV file with --text and --label), a transformer of two blocks learns to predict
    the next character of all training texts. With 5, 20 and 100 labels a class it is fine-tuned, and a probe learns on
    its frozen features, the mean over the characters. They are compared with the probe on random weights and on the
    frequencies of words (TF-IDF), with the transformer trained from scratch, and with a bag of words and pieces of
    words.
    """

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    if let source = settings.data, StudyTexts.areThere(in: source) {
      return try run(StudyTexts(settings, in: source), settings, session: &session)
    }
    guard settings.text == nil, settings.label == nil else {
      let rule = "'--text' and '--label' apply to texts in a CSV file only"
      throw UsageError(
        rule + (settings.data.map { ", and --data is \($0)" } ?? ": give --data FILE.csv"))
    }
    return try run(StudyImages(settings, session: &session), settings, session: &session)
  }

  private static func run<Subject: LabelsSubject>(
    _ subject: Subject, _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    var subject = subject
    let (methods, repeats) = (Subject.methods, settings.repeats ?? 5)
    let counts = try labelCounts(subject)
    session = session.expecting(
      Subject.trainings.shared + repeats * counts.count * Subject.trainings.each)
    var data = StudyTable(columns: ["method", "labels a class", "seed", "accuracy"])
    // Of each method and number of labels, the accuracy with each seed.
    var accuracies = methods.map { _ in counts.map { _ in [Double]() } }
    try subject.pretrain(seed: settings.seed, session: &session)
    for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
      try subject.begin(seed: seed)
      let order = RandomKey(seed: seed).folded("labels").permutation(of: subject.train.count)
      for (place, count) in counts.enumerated() {
        let results = try subject.accuracies(
          LabelledExamples(of: subject.train, perClass: count, in: order), seed: seed,
          session: &session)
        for (method, accuracy) in results.enumerated() {
          accuracies[method][place].append(accuracy)
          data.rows.append([
            .text(methods[method]), .count(count), .count(Int(seed)), .number(accuracy, digits: 4),
          ])
        }
        session.keep(data)
        session.report(
          "seed \(seed), \(count) labels: "
            + zip(methods, results).map { "\($0) \(fixed($1, 3))" }.joined(separator: "; "))
      }
    }
    return result(accuracies, counts: counts, of: subject, data: data)
  }

  /// The numbers of labels for which each class has enough examples.
  private static func labelCounts<Subject: LabelsSubject>(_ subject: Subject) throws -> [Int] {
    var perClass = [Int](repeating: 0, count: subject.train.classCount ?? 0)
    for label in subject.train.targets.classIndices { perClass[label] += 1 }
    let rarest = perClass.indices.min { perClass[$0] < perClass[$1] }
    let counts = Subject.labels.filter { $0 <= rarest.map { perClass[$0] } ?? 0 }
    guard counts.isEmpty else { return counts }
    throw UsageError(
      "the study needs \(Subject.labels[0]) training \(Subject.unit) of each class, and "
        + (rarest.map { "\"\(subject.train.classNames[$0])\" has \(perClass[$0])" }
          ?? "there are no classes")
        + ": use more --examples, or more data")
  }

  private static func result<Subject: LabelsSubject>(
    _ accuracies: [[[Double]]], counts: [Int], of subject: Subject, data: StudyTable
  ) -> StudyResult {
    func mean(_ values: [Double]) -> Double { RunStatistics.meanAndDeviation(values).mean }
    let methods = Subject.methods
    var table = StudyTable(columns: ["method"] + counts.map { "\($0) a class" })
    var figure = Figure(
      title: "Accuracy on \(subject.test.count.grouped) test \(Subject.unit) of \(subject.name)",
      x: .init("labels of each class", scale: .logarithmic), y: .shares("accuracy"))
    for (method, name) in methods.enumerated() {
      let values = accuracies[method]
      table.rows.append(
        [.text(name)]
          + values.map { values in
            let (mean, deviation) = RunStatistics.meanAndDeviation(values)
            return .text(fixed(mean, 3) + (deviation.map { " ± \(fixed($0, 3))" } ?? ""))
          })
      figure.marks.append(
        .line(
          name, zip(counts, values).map { (Double($0), mean($1)) }, color: .series(method)))
      // Side by side, where they would cover each other.
      let shift = pow(1.02, Double(method) - Double(methods.count - 1) / 2)
      for (count, values) in zip(counts, values) {
        let (middle, deviation) = RunStatistics.meanAndDeviation(values)
        guard let reach = deviation, reach > 0 else { continue }
        let x = Double(count) * shift
        figure.marks.append(
          .line(
            "", [(x, max(middle - reach, 0)), (x, min(middle + reach, 1))], color: .series(method),
            hasMarkers: false))
      }
    }
    let place = counts.firstIndex(of: Subject.concludedLabels) ?? 0
    return StudyResult(
      table: table, data: data, picture: figure,
      conclusion: subject.conclusion(
        accuracies.map { fixed(mean($0[place]), 3) }, labels: counts[place]))
  }
}

/// Examples with classes, and the methods that the study of labels compares on them.
protocol LabelsSubject {
  /// The examples, as "images".
  static var unit: String { get }
  /// The labels of each class, as far as there are so many.
  static var labels: [Int] { get }
  /// Those of which the conclusion tells.
  static var concludedLabels: Int { get }
  /// The methods, in the order of the table.
  static var methods: [String] { get }
  /// The number of trainings: before labels are chosen, and for each choice.
  static var trainings: (shared: Int, each: Int) { get }

  /// The name of the data.
  var name: String { get }
  var train: Dataset { get }
  var test: Dataset { get }

  /// Learns from all training examples, without their labels.
  mutating func pretrain(seed: UInt64, session: inout StudySession) throws
  /// Prepares what depends on the seed of a choice, but not on the number of labels.
  mutating func begin(seed: UInt64) throws
  /// The accuracy of each method on the test examples.
  func accuracies(
    _ labelled: LabelledExamples, seed: UInt64, session: inout StudySession
  ) throws -> [Double]
  /// The conclusion, in words.
  /// - Parameter accuracies: the mean of each method, with so many labels of each class
  func conclusion(_ accuracies: [String], labels: Int) -> String
}

/// The training examples whose labels are known.
struct LabelledExamples {
  /// Their numbers, class by class.
  let chosen: [Int]
  /// The number of each class.
  let perClass: Int

  /// The first ones of each class in an order of all examples.
  init(of train: Dataset, perClass: Int, in order: [Int]) {
    let labels = train.targets.classIndices
    chosen = (0..<(train.classCount ?? 0)).flatMap { label in
      order.lazy.filter { labels[$0] == label }.prefix(perClass)
    }
    self.perClass = perClass
  }
}

extension LabelsSubject {
  /// The parts of some data, whose shares a study does not let its user choose.
  static func parts(of data: DataSource.Loaded, _ recipe: Recipe) throws -> DatasetSplit {
    do {
      return try recipe.split(data)
    } catch var error as CourseError where error.kind == .invalidData {
      error.remedy = "Use more \(unit)."
      throw error
    }
  }

  /// The accuracy of a linear probe.
  /// - Parameters:
  ///   - features: those of the labelled examples
  ///   - tested: those of the test examples
  func probe(_ labelled: LabelledExamples, _ features: Tensor, on tested: Tensor) throws -> Double {
    if Interruption.isRequested { throw Interruption.status }
    let labels = train.targets.classIndices
    let probe = try LinearProbe(
      features: features, labels: labelled.chosen.map { labels[$0] },
      classCount: train.classNames.count)
    return probe.accuracy(on: tested, labels: test.targets.classIndices)
  }
}
