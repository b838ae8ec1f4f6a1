import Shared

extension Augmentation {
  /// Brighter or darker by a factor from `1 - amount` to `1 + amount`.
  public static func brightness(_ amount: Float) -> Augmentation {
    scaling("brightness", by: amount) { image, factor in image.brightened(by: factor) }
  }

  /// More or less contrast, by a factor from `1 - amount` to `1 + amount`.
  public static func contrast(_ amount: Float) -> Augmentation {
    scaling("contrast", by: amount) { image, factor in image.contrasted(by: factor) }
  }

  /// More or less colour, by a factor from `1 - amount` to `1 + amount`.
  public static func saturation(_ amount: Float) -> Augmentation {
    scaling("saturation", by: amount) { image, factor in image.saturated(by: factor) }
  }

  /// Hues shifted along the colour circle by up to `amount` of it either way.
  public static func hue(_ amount: Float) -> Augmentation {
    require((0...0.5).contains(amount), "hue", "an amount from 0 to 0.5", "\(amount)")
    return Augmentation("hue", commandText(amount), stage: .color) { sample, draws in
      sample.image = sample.image.hueShifted(by: draws.number(in: -amount...amount))
    }
  }

  /// Bright strokes on a dark ground thicker or thinner, by up to `amount` of a pixel on each side: a blend of the image and
  /// its dilation or its erosion, the largest or smallest of each pixel and its four neighbours.
  ///
  /// - Reference: Serra (1982), *Image Analysis and Mathematical Morphology*.
  public static func thickness(_ amount: Float) -> Augmentation {
    require((0...1).contains(amount), "thickness", "an amount from 0 to 1", "\(amount)")
    return Augmentation("thickness", commandText(amount), stage: .color) { sample, draws in
      let image = sample.image
      let share = draws.number(in: -amount...amount)
      var extreme = image
      for (top, left) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
        let neighbour = image.cropped(
          top: top, left: left, height: sample.height, width: sample.width)
        extreme =
          share > 0 ? Tensor.maximum(extreme, neighbour) : Tensor.minimum(extreme, neighbour)
      }
      sample.image = image + abs(share) * (extreme - image)
    }
  }

  /// Normally distributed noise added to each number, cut off at 0 and 1.
  public static func noise(standardDeviation: Float) -> Augmentation {
    require(
      standardDeviation >= 0 && standardDeviation.isFinite, "noise",
      "a standard deviation of at least 0", "\(standardDeviation)")
    return Augmentation("noise", commandText(standardDeviation), stage: .color) { sample, draws in
      let noise = Tensor(
        normal: sample.image.shape, standardDeviation: standardDeviation,
        key: draws.key.folded("noise"))
      sample.image = (sample.image + noise).clipped(to: 0...1)
    }
  }

  /// Each channel shifted and scaled: `(X[c] - mean[c]) / std[c]`. A single number applies to all channels.
  public static func normalize(mean: [Float], std: [Float]) -> Augmentation {
    require(
      !mean.isEmpty && [1, mean.count].contains(std.count) && [1, std.count].contains(mean.count)
        && std.allSatisfy { $0 > 0 && $0.isFinite } && mean.allSatisfy(\.isFinite), "normalize",
      "a mean and a standard deviation above 0 for each channel", "\(mean), \(std)")
    return Augmentation(
      "normalize", (mean + std).map(commandText).joined(separator: ":"), stage: .normalization,
      normalization: PixelView.Normalization(mean: mean, std: std)
    ) { sample, _ in
      sample.normalize(mean: mean, std: std)
    }
  }

  private static func scaling(
    _ name: String, by amount: Float,
    _ change: @escaping @Sendable (_ image: Tensor, _ factor: Float) -> Tensor
  ) -> Augmentation {
    require(amount >= 0 && amount.isFinite, name, "an amount of at least 0", "\(amount)")
    return Augmentation(name, commandText(amount), stage: .color) { sample, draws in
      sample.image = change(sample.image, draws.number(in: max(0, 1 - amount)...1 + amount))
    }
  }
}
