/// A loss for networks that answer several questions about each example: a loss for each task, on its own part of the
/// output.
///
/// Computes `L = Σₖ wₖ Lₖ(Y[..., aₖ..<bₖ], targetₖ)`
/// - `Y`: output, `[N, ..., F]`; task k has the numbers from aₖ up to, and without, bₖ of its last axis
/// - `Lₖ`: the loss of task k, which sees an output of `bₖ − aₖ` numbers and the target of its task
/// - `wₖ`: the weight of task k
///
/// Gradient: `dY = [w₁ dY₁, w₂ dY₂, ...]`, the gradients of the tasks, concatenated along the last axis.
///
/// A network has several outputs where `Branches` concatenate those of its heads:
///
///     try network.append(
///       Branches([Dense(outputSize: 3), Dense(outputSize: 1)], merge: .concatenate, axis: -1))
///     network.loss = MultiTaskLoss([
///       .init("species", outputs: 0..<3, loss: SoftmaxCrossEntropyLoss()),
///       .init("height", outputs: 3..<4, loss: MeanSquaredErrorLoss(), weight: 0.5),
///     ])
///     let data = try Dataset(
///       features: flowers, targets: .tasks(["species": .classes(species), "height": .values(heights)]))
///
/// The metrics of a task are those of its loss, with the name of the task in front: "species accuracy", "height RMSE". Class
/// names are those of the only task with classes, and so is the confusion matrix.
///
/// Over several batches, means are weighted by the number of examples (or by their weights), so that the loss of an epoch is
/// exact where each task asks for one answer per example.
///
/// - Errors: `fit` and `evaluate` refuse targets of other tasks, outputs that belong to no task, and targets that the
///   loss of a task refuses, before they begin.
/// - Complexity: the sum over the tasks, and a copy of the output and of its gradient.
/// - Reference: Caruana (1997), "Multitask Learning", *Machine Learning* 28; Girshick (2015), "Fast R-CNN", equation 1.
public struct MultiTaskLoss: Loss {
  /// A question, and the part of the output that answers it.
  public struct Task: Sendable {
    /// The name of the task, which its target has as well.
    public let name: String
    /// The numbers of the last axis of the output that belong to it.
    public let outputs: Range<Int>
    /// The factor of its loss.
    public let weight: Float
    /// Its loss.
    public internal(set) var loss: any Loss

    /// Creates a task.
    public init(_ name: String, outputs: Range<Int>, loss: any Loss, weight: Float = 1) {
      (self.name, self.outputs, self.loss, self.weight) = (name, outputs, loss, weight)
    }
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    struct SavedTask: Codable {
      let name: String
      /// The first output, and the one after the last.
      let outputs: [Int]
      let weight: Float
      let loss: SavedPart<LossRole>
    }
    let tasks: [SavedTask]

    /// Takes over tasks, with the arguments of their losses.
    public init(tasks: [Task]) {
      self.tasks = tasks.map {
        SavedTask(
          name: $0.name, outputs: [$0.outputs.lowerBound, $0.outputs.upperBound],
          weight: $0.weight, loss: SavedPart($0.loss))
      }
    }
  }

  /// "MultiTaskLoss"
  public static let typeName = "MultiTaskLoss"
  /// The tasks, in the order of their outputs.
  public private(set) var tasks: [Task]
  private var kept = Kept<[Int]>()

  /// The constructor arguments.
  public var configuration: Configuration { Configuration(tasks: tasks) }

  /// Creates the loss.
  /// - Parameter tasks: at least one; their outputs follow each other from 0 on, and their losses all average or all add up
  public init(_ tasks: [Task]) { self = orStop { try MultiTaskLoss(checking: tasks) } }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) throws {
    try self.init(
      checking: configuration.tasks.map { saved in
        let bounds = saved.outputs
        guard bounds.count == 2, bounds[0] >= 0, bounds[0] < bounds[1] else {
          throw Self.refused(
            "outputs of task \"\(saved.name)\"", "the first one and the one after the last",
            "\(bounds)")
        }
        // Made of a type among `KnownTypes.losses`.
        let loss = try saved.loss.make() as! any Loss
        return Task(saved.name, outputs: bounds[0]..<bounds[1], loss: loss, weight: saved.weight)
      })
  }

  private init(checking tasks: [Task]) throws {
    guard !tasks.isEmpty else { throw Self.refused("no tasks", "at least one", "none") }
    var end = 0
    for task in tasks {
      guard task.outputs.lowerBound == end, !task.outputs.isEmpty else {
        throw Self.refused(
          "outputs of task \"\(task.name)\"",
          "at least one, from \(end) on, where "
            + (end == 0 ? "the output begins" : "those of the task before it end"),
          "\(task.outputs)")
      }
      end = task.outputs.upperBound
      guard task.weight >= 0, task.weight.isFinite else {
        throw Self.refused(
          "weight of task \"\(task.name)\"", "a finite number of at least 0", "\(task.weight)")
      }
      guard !(task.loss is MultiTaskLoss) else {
        throw Self.refused(
          "loss of task \"\(task.name)\"", "the loss of one task", "another MultiTaskLoss")
      }
    }
    let names = tasks.map(\.name)
    guard Set(names).count == names.count, !names.contains("") else {
      throw Self.refused("names of the tasks", "a different name for each", quotedList(names))
    }
    guard Set(tasks.map(\.loss.reduction)).count == 1 else {
      throw Self.refused(
        "reductions of the losses", "the same for all tasks",
        tasks.map { "\"\($0.name)\" \($0.loss.reduction)" }.joined(separator: ", "))
    }
    self.tasks = tasks
  }

  private static func refused(
    _ what: String, _ expected: String, _ received: String
  ) -> CourseError {
    CourseError(
      .invalidArgument, "\(typeName): \(what)", expected: expected, received: received)
  }

  // MARK: Passes

  /// How the losses of a batch are combined: as in each task.
  public var reduction: Reduction { tasks[0].loss.reduction }
  /// Whether the loss of each task knows weights of examples.
  public var takesWeights: Bool { tasks.allSatisfy(\.loss.takesWeights) }

  /// The number of examples, or their weights together.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    weights.map { $0.scalars.reduce(0) { $0 + Double($1) } } ?? Double(target.count)
  }

  /// The weighted sum of the losses of all tasks.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// The weighted sum of the losses of all tasks, where examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    let width = tasks[tasks.count - 1].outputs.upperBound
    guard prediction.shape.last == width, prediction.rank >= 2, case .tasks(let targets) = target,
      tasks.allSatisfy({ targets[$0.name] != nil })
    else {
      stop(
        "MultiTaskLoss.forward",
        expected: "an output [N, ..., \(width)] and targets of the tasks "
          + quotedList(tasks.map(\.name)),
        received: "\(prediction.shape) and \(target.summary)")
    }
    var sum: Float = 0
    for index in tasks.indices {
      let part = tasks[index].part(of: prediction)
      sum +=
        tasks[index].weight
        * tasks[index].loss.forward(part, target: targets[tasks[index].name]!, weights: weights)
    }
    kept.set(prediction.shape, in: .training)
    return sum
  }

  /// The weighted gradients of all tasks, side by side.
  public mutating func backward() -> Tensor {
    let shape = kept.take(for: Self.typeName)
    let gradients = tasks.indices.map { index in
      var gradient = tasks[index].loss.backward()
      requireGradient(
        gradient, shape: shape.dropLast() + [tasks[index].outputs.count],
        of: "\(type(of: tasks[index].loss).typeName) of task \"\(tasks[index].name)\"")
      if tasks[index].weight != 1 { gradient *= tasks[index].weight }
      return gradient
    }
    return Tensor(concatenating: gradients, axis: -1)
  }

  /// The predictions of all tasks, side by side.
  public func prediction(from output: Tensor) -> Tensor {
    Tensor(
      concatenating: tasks.map { $0.loss.prediction(from: $0.part(of: output)) }, axis: -1)
  }

  // MARK: Reports

  /// The metrics of each task, with its name in front.
  public var metrics: [any Metric] {
    tasks.flatMap { task in task.loss.metrics.map { TaskMetric($0, of: task) } }
  }

  /// That of the only task that chooses among classes; `nil` where none does, or several.
  public func answerClassCount(outputShape: [Int]) -> Int? {
    guard let task = classifyingTask else { return nil }
    return task.loss.answerClassCount(outputShape: task.part(ofShape: outputShape))
  }

  /// Takes the answers of the only task that chooses among classes.
  public func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
    guard let task = classifyingTask, case .tasks(let targets) = target,
      let own = targets[task.name]
    else { return }
    task.loss.count(task.part(of: output), target: own, in: &matrix)
  }

  private var classifyingTask: Task? {
    let classifying = tasks.filter {
      $0.loss.answerClassCount(outputShape: [$0.outputs.count]) != nil
    }
    return classifying.count == 1 ? classifying[0] : nil
  }

  // MARK: Checks

  /// Throws when tasks have no targets, targets have no task, outputs belong to no task, or the loss of a task refuses its
  /// target.
  public func check(outputShape: [Int], target: Target) throws {
    let names = quotedList(tasks.map(\.name))
    guard case .tasks(let targets) = target else {
      throw CourseError(
        .invalidArgument, "MultiTaskLoss: targets of a single task",
        expected: "a target for each of the tasks \(names)", received: target.summary,
        remedy: "Give the data a target for each task.")
    }
    if let missing = tasks.first(where: { targets[$0.name] == nil }) {
      throw CourseError(
        .invalidData, "MultiTaskLoss: a task without targets",
        expected: "a target for each of the tasks \(names)", received: target.summary,
        location: "task \"\(missing.name)\"",
        remedy: "Add the targets of the task, or leave it out of the loss and the network.")
    }
    guard targets.count == tasks.count else {
      throw CourseError(
        .invalidData, "MultiTaskLoss: targets without a task",
        expected: "targets of the tasks \(names) only", received: target.summary,
        remedy: "Leave these targets out, or give the loss a task for them.")
    }
    let width = tasks[tasks.count - 1].outputs.upperBound
    guard outputShape.last == width else {
      throw CourseError(
        .shapeMismatch, "MultiTaskLoss: the tasks do not fit the output of the network",
        expected: "an output [..., \(width)], since the last task, "
          + "\"\(tasks[tasks.count - 1].name)\", ends there",
        received: "\(outputShape)",
        remedy: "Give each task as many outputs as its head has.")
    }
    for task in tasks {
      do {
        try task.loss.check(
          outputShape: task.part(ofShape: outputShape), target: targets[task.name]!)
      } catch var error as CourseError {
        error.location = ["task \"\(task.name)\"", error.location].compactMap { $0 }
          .joined(separator: ", ")
        throw error
      }
    }
  }
}

extension MultiTaskLoss.Task {
  /// The part of an output, `[N, ..., F]`, that belongs to the task.
  func part(of output: Tensor) -> Tensor {
    guard output.shape.last != outputs.count else { return output }
    var ranges = output.shape.map { 0..<$0 }
    ranges[output.rank - 1] = outputs
    return output[ranges: ranges]
  }

  /// The shape of the part, for that of the output.
  func part(ofShape shape: [Int]) -> [Int] { shape.dropLast() + [outputs.count] }
}

/// The metric of one task of several.
struct TaskMetric: Metric {
  private let task: MultiTaskLoss.Task
  private var base: any Metric

  init(_ base: any Metric, of task: MultiTaskLoss.Task) { (self.base, self.task) = (base, task) }

  /// The name of the task, and of the metric.
  var name: String { "\(task.name) \(base.name)" }

  var sums: MetricSums {
    get { base.sums }
    set { base.sums = newValue }
  }

  mutating func update(prediction: Tensor, target: Target) {
    guard case .tasks(let targets) = target, let own = targets[task.name] else {
      stop(name, expected: "targets of the task \"\(task.name)\"", received: target.summary)
    }
    base.update(prediction: task.part(of: prediction), target: own)
  }
}
