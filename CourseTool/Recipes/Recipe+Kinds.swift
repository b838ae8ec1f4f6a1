import CourseCommandLine
import Networks

// Settings that ask for another kind of network than that of the recipe. Errors blame what the user gave.

extension Recipe {
  /// The first setting that does not fit, of those that were given if possible: omitting another one is beyond the user.
  func firstChanged(_ names: [String], given: Set<String>) -> (name: String, option: String)? {
    firstChanged(names.filter(given.contains)) ?? firstChanged(names)
  }

  /// Throws when a setting asks for a kind of network to which settings or data of the recipe do not belong: it is the one
  /// to omit.
  /// - Parameters:
  ///   - choice: the setting
  ///   - unfit: the settings that such a network does not have
  ///   - suitable: the recipe for such a network
  func checkKind(
    _ choice: String, unfit: [String], suitable: String, _ given: Set<String>
  ) throws(UsageError) {
    guard asksForOtherKind(choice, given),
      firstChanged(unfit.filter { !given.contains($0) }) != nil
        || !given.contains("data") && hasOtherData(than: choice)
    else { return }
    throw otherKind(choice, suitable: suitable)
  }

  /// Whether the data are known, and nothing for the kind of network that a setting makes.
  private func hasOtherData(than choice: String) -> Bool {
    guard DataSource.names.contains(data) else { return false }
    return switch choice {
    case "pretext": !DataSource.hasImages(data)
    default: true  // masks, boxes or texts, which none of them has
    }
  }

  /// Whether a setting was given that makes another kind of network of the recipe.
  func asksForOtherKind(_ choice: String, _ given: Set<String>) -> Bool {
    given.contains(choice) && firstChanged([choice]) != nil
      && Recipes.named(recipe)?.settings.firstChanged([choice]) == nil
  }

  /// The error for such a setting.
  func otherKind(_ choice: String, suitable: String) -> UsageError {
    UsageError(
      "'\(firstChanged([choice])?.option ?? "--\(choice)")' does not apply to the recipe \(recipe): omit it, or "
        + "use the recipe \(suitable)")
  }

  /// Throws when a setting takes away what makes the network of the recipe: what is left is a network for other data.
  func checkPurpose(_ given: Set<String>) throws(UsageError) {
    guard let named = Recipes.named(recipe)?.settings else { return }
    for (name, what) in [
      ("levels", "no U-Net"), ("regions", "no detector"), ("embedding", "no vectors"),
    ] where given.contains(name) && firstChanged([name]) == nil {
      guard let usual = named.firstChanged([name]) else { continue }
      throw UsageError("'--\(name) 0' leaves \(what): omit it, or use \(usual.option)")
    }
  }

  /// Throws when a network that sorts digits is to read something else, or another network its digits: both are
  /// transformers, and one would silently become the other.
  func checkSorting(_ given: Set<String>) throws(UsageError) {
    guard data == DataSource.sortingName else {
      guard Recipes.named(recipe)?.settings.data == DataSource.sortingName else { return }
      throw UsageError(
        "'--data \(data)': the recipe \(recipe) sorts digits, which it draws itself: omit it, or use the recipe "
          + "char-transformer for a text")
    }
    guard let named = Recipes.named(recipe)?.settings, named.data == data else {
      throw UsageError(
        "the data set \(data) has an answer at each step of a sequence: use the recipe sort-transformer"
      )
    }
    guard blocks > 0 else {
      throw UsageError(
        "'--blocks 0' leaves no transformer: omit it, or use --blocks \(named.blocks)")
    }
  }

  /// Throws when a scaling is given for texts, which have no features.
  func checkScalingOfTexts(_ given: Set<String>) throws(UsageError) {
    guard given.contains("scaling"), scaling != .none else { return }
    throw UsageError("'--scaling \(scaling.text)' does not apply to texts: omit it")
  }

  /// Throws when settings do not fit a network of characters, or of digits to sort.
  func checkCharacters(_ given: Set<String>) throws(UsageError) {
    guard isText || isSorting else { return }
    let unfit =
      ["target", "loss", "depth", "maps", "augment"] + (isSorting ? ["class-weights"] : [])
    try checkKind("embedding", unfit: unfit + ["hidden"], suitable: "char-transformer", given)
    try checkScalingOfTexts(given)
    if let option = firstChanged(unfit, given: given)?.option {
      throw UsageError(
        "'\(option)' does not apply to \(isSorting ? "the sorting of digits" : "text data"): omit it"
      )
    }
  }
}
