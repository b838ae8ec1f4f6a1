import Shared

extension Augmentation {
  /// Mirrored from left to right, every other image.
  ///
  /// Not for images whose class it changes: letters, digits, road signs.
  public static var mirror: Augmentation {
    Augmentation("mirror", "", stage: .geometry, probability: 0.5) { sample, _ in sample.mirror() }
  }

  /// Turned by 90, 180 or 270 degrees, three images out of four: all four orientations are equally likely.
  ///
  /// An image that is not square becomes as high as it was wide, and the generator fits it to the size of
  /// the batch again.
  public static var rotate90: Augmentation {
    Augmentation("rotate90", "", stage: .geometry, probability: 0.75) { sample, draws in
      sample.rotate90(turns: draws.integer(in: 1...3))
    }
  }

  /// Turned about its centre by up to `degrees` either way, in the same size; corners are cut off, and the
  /// new ones are 0.
  public static func rotate(degrees: Float) -> Augmentation { rotate(degrees: -degrees...degrees) }

  /// Turned counter-clockwise about its centre by an angle from the range.
  public static func rotate(degrees: ClosedRange<Float>) -> Augmentation {
    let (low, high) = (degrees.lowerBound, degrees.upperBound)
    let arguments = low == -high ? commandText(high) : "\(low)...\(high)"
    return Augmentation("rotate", arguments, stage: .geometry) { sample, draws in
      sample.rotate(degrees: draws.number(in: degrees))
    }
  }

  /// Height and width scaled about the centre, each by a factor of its own from `1 - amount` to `1 + amount`, in the same
  /// size: borders are cut off, and new pixels are 0.
  public static func zoom(_ amount: Float) -> Augmentation {
    require(amount >= 0 && amount < 1, "zoom", "an amount of at least 0 and below 1", "\(amount)")
    return Augmentation("zoom", commandText(amount), stage: .geometry) { sample, draws in
      let (height, width) = (sample.height, sample.width)
      let (newHeight, newWidth) = (
        max(1, Int((Float(height) * draws.number(in: 1 - amount...1 + amount)).rounded())),
        max(1, Int((Float(width) * draws.number(in: 1 - amount...1 + amount)).rounded()))
      )
      sample.resize(height: newHeight, width: newWidth)
      sample.crop(
        top: (newHeight - height) / 2, left: (newWidth - width) / 2, height: height, width: width)
    }
  }

  /// Slanted, as italics are, by an angle of up to `degrees` either way: rows are shifted, and the middle one stays. New
  /// pixels are 0.
  public static func shear(degrees: Float) -> Augmentation {
    require(
      degrees >= 0 && degrees < 90, "shear", "an angle of at least 0 and below 90 degrees",
      "\(degrees)")
    return Augmentation("shear", commandText(degrees), stage: .geometry) { sample, draws in
      let (sine, cosine) = sineAndCosine(degrees: draws.number(in: -degrees...degrees))
      let (height, width) = (sample.height, sample.width)
      let shifts = (0..<height).map { row in
        Float(sine / cosine) * (Float(row) - Float(height - 1) / 2)
      }
      var both = Tensor(zeros: [2, height, width])
      both[0..<1] =
        Tensor(shifts).reshaped(to: [1, height, 1]) + Tensor(zeros: [1, height, width])
      sample.displace(by: both)
    }
  }

  /// Distorted smoothly, as handwriting differs: normally distributed shifts with a standard deviation of `amount` pixels,
  /// drawn for 4 x 4 places and interpolated (bicubic) between them. New pixels are 0.
  ///
  /// - Reference: Simard, Steinkraus, Platt (2003), *Best practices for convolutional neural networks applied to
  ///   visual document analysis*, who smooth a shift of each pixel by a Gaussian.
  public static func elastic(_ amount: Float) -> Augmentation {
    require(
      amount >= 0 && amount.isFinite, "elastic", "a number of pixels of at least 0", "\(amount)")
    return Augmentation("elastic", commandText(amount), stage: .geometry) { sample, draws in
      let places = Tensor(
        normal: [2, 4, 4], standardDeviation: amount, key: draws.key.folded("elastic"))
      sample.displace(
        by: places.resized(
          height: sample.height, width: sample.width, interpolation: .bicubic, antialias: false))
    }
  }

  /// Shifted by up to `padding` pixels either way along each axis, in the same size; new pixels are 0.
  ///
  /// The same as a border of `padding` zeros and a crop of the old size out of it, hence the name.
  public static func crop(padding: Int) -> Augmentation {
    require(padding >= 0, "crop", "a padding of at least 0", "\(padding)")
    return Augmentation("crop", "\(padding)", stage: .geometry) { sample, draws in
      let (top, left) = (
        draws.integer(in: -padding...padding), draws.integer(in: -padding...padding)
      )
      sample.crop(top: top, left: left, height: sample.height, width: sample.width)
    }
  }

  /// Resized.
  /// - Parameter antialias: whether a pixel of a smaller image is the mean of all it stands for
  public static func resize(
    height: Int, width: Int, interpolation: Interpolation = .bilinear, antialias: Bool = true
  ) -> Augmentation {
    require(height >= 1 && width >= 1, "resize", "sizes of at least 1", "\(height) x \(width)")
    let arguments =
      "\(height):\(width)" + (interpolation == .bilinear ? "" : ":\(interpolation)")
      + (antialias ? "" : ":aliased")
    return Augmentation("resize", arguments, stage: .geometry) { sample, _ in
      sample.resize(
        height: height, width: width, interpolation: interpolation, antialias: antialias)
    }
  }

  /// A square of `size` pixels at a random place set to 0, so that a network cannot rely on a single part of an
  /// object. Its centre lies anywhere in the image, so that it may be cut off at the edges. Masks and boxes stay.
  ///
  /// - Reference: DeVries, Taylor (2017), *Improved regularization of convolutional neural networks with
  ///   cutout*.
  public static func cutout(size: Int) -> Augmentation {
    require(size >= 1, "cutout", "a size of at least 1", "\(size)")
    return Augmentation("cutout", "\(size)", stage: .geometry) { sample, draws in
      let top = draws.integer(in: 0...sample.height - 1) - size / 2
      let left = draws.integer(in: 0...sample.width - 1) - size / 2
      let rows = max(top, 0)..<min(top + size, sample.height)
      let columns = max(left, 0)..<min(left + size, sample.width)
      guard !rows.isEmpty, !columns.isEmpty else { return }
      var image = sample.image
      image[0..., rows, columns] = Tensor(zeros: [sample.channels, rows.count, columns.count])
      sample.image = image
    }
  }

  /// A number as people write it: 15 and not 15.0.
  static func commandText(_ number: Float) -> String {
    number == number.rounded() && abs(number) < 1e6 ? "\(Int(number))" : "\(number)"
  }

  /// Stops the program with a message when an argument is out of range.
  static func require(_ condition: Bool, _ name: String, _ expected: String, _ received: String) {
    if !condition { stop("Augmentation.\(name)", expected: expected, received: received) }
  }
}
