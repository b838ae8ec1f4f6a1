import CourseTestSupport
import Generator
import Shared
import Testing

@Suite(.watched) struct AugmentationTests {
  private static func picture(_ height: Int = 6, _ width: Int = 9, channels: Int = 3) -> PixelImage
  {
    var draws = RandomKey(seed: varied(8)).generator
    return PixelImage(
      width: width, height: height, channels: channels,
      pixels: (0..<(width * height * channels)).map { _ in UInt8(draws.next() % 256) })
  }

  /// The steps in one pass over bytes, and one after the other on numbers.
  @Test func fusedStepsEqualReadableOnes() throws {
    let steps: [(inout ImageSample) -> Void] = [
      { $0.mirror() }, { $0.rotate90() }, { $0.rotate90(turns: 3) },
      { $0.crop(top: -2, left: 3, height: 5, width: 7) },
      { $0.crop(top: 1, left: -1, height: 6, width: 6) },
      { $0.normalize(mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4]) },
    ]
    var draws = RandomDraws(key: RandomKey(seed: varied(9)))
    for _ in 0..<300 {
      let picture = Self.picture(draws.integer(in: 1...9), draws.integer(in: 1...9))
      var fused = ImageSample(picture)
      var readable = ImageSample(picture)
      for _ in 0..<draws.integer(in: 1...5) {
        let step = steps[draws.integer(in: 0...steps.count - 1)]
        step(&fused)
        // Setting the image makes it numbers, and the step one of a tensor.
        readable.image = readable.image
        step(&readable)
      }
      try #require(fused.image == readable.image, "shape \(fused.image.shape)")
    }
  }

  @Test func masksAndBoxesFollowTheirImage() {
    // One bright rectangle: the mask is the same shape, the box its edges.
    var image = PixelImage(width: 9, height: 6, channels: 3)
    var mask = PixelImage(width: 9, height: 6, channels: 1)
    for row in 1..<3 {
      for column in 4..<8 {
        for channel in 0..<3 { image[row, column, channel] = 255 }
        mask[row, column, 0] = 5
      }
    }
    let box = ImageBox(left: 4, top: 1, right: 8, bottom: 3, label: 5)
    let changes: [(String, (inout ImageSample) -> Void)] = [
      ("mirror", { $0.mirror() }), ("a quarter", { $0.rotate90() }),
      ("three quarters", { $0.rotate90(turns: 3) }),
      ("crop", { $0.crop(top: 2, left: 1, height: 4, width: 5) }),
      // From two pixels to the left and one above.
      (
        "displacement",
        { $0.displace(by: Tensor([-2, -1]).reshaped(to: [2, 1, 1]) * Tensor(ones: [2, 6, 9])) }
      ),
      ("twice the size", { $0.resize(height: 12, width: 18, interpolation: .nearest) }),
      (
        "all",
        {
          $0.mirror()
          $0.crop(top: -1, left: -2, height: 8, width: 12)
          $0.rotate90(turns: 3)
        }
      ),
    ]
    for (name, change) in changes {
      var sample = ImageSample(image, mask: mask, boxes: [box])
      change(&sample)
      expectClose(sample.mask!, sample.image[0..<1] * 5, "\(name): mask")
      var drawn = Tensor(zeros: [1, sample.height, sample.width])
      for box in sample.boxes {
        #expect(box.label == 5)
        drawn[0..<1, Int(box.top)..<Int(box.bottom), Int(box.left)..<Int(box.right)] = Tensor(
          ones: [1, Int(box.height), Int(box.width)])
      }
      expectClose(drawn, sample.image[0..<1], "\(name): box")
    }
    var gone = ImageSample(image, mask: mask, boxes: [box])
    gone.crop(top: 3, left: 0, height: 3, width: 9)
    #expect(gone.boxes.isEmpty)
  }

  @Test func boxesStayAroundWhatIsTurned() {
    let box = ImageBox(left: 2, top: 2, right: 4, bottom: 3, label: 0)
    var sample = ImageSample(PixelImage(width: 6, height: 6, channels: 1), boxes: [box])
    sample.rotate(degrees: 90)
    // Its corners lie at (2, 2), (3, 2), (2, 4), (3, 4) then.
    #expect(sample.boxes == [ImageBox(left: 2, top: 2, right: 3, bottom: 4, label: 0)])
  }

  @Test func probabilitiesAreKept() {
    let picture = Self.picture()
    let plain = ImageSample(picture).image
    for probability in [Float(0), 0.25, 0.5, 1] {
      let mirror = Augmentation.mirror.with(probability: probability)
      let count = (0..<2000).count { number in
        var sample = ImageSample(picture)
        mirror(&sample, key: RandomKey(seed: varied(10)).folded(number))
        return sample.image != plain
      }
      // Off by more than 5 standard deviations less than once in a million; the seed is fixed.
      let deviation = (2000 * probability * (1 - probability)).squareRoot()
      #expect(abs(Float(count) - 2000 * probability) <= 5 * deviation, "\(probability)")
    }
  }

  @Test func everyOrientationIsAsLikely() {
    let picture = Self.picture(4, 4)
    let plain = ImageSample(picture).image
    var counts = [0, 0, 0, 0]
    for number in 0..<2000 {
      var sample = ImageSample(picture)
      Augmentation.rotate90(&sample, key: RandomKey(seed: varied(11)).folded(number))
      let turned = sample.image
      if let turns = (0..<4).first(where: { plain.rotated90(turns: $0) == turned }) {
        counts[turns] += 1
      }
    }
    #expect(counts.reduce(0, +) == 2000)
    for count in counts { #expect(abs(count - 500) < 100, "\(counts)") }
  }

  @Test func drawsDependOnTheKeyOnly() {
    let list: [Augmentation] = [
      .mirror, .rotate(degrees: 20), .zoom(0.4), .crop(padding: 2), .brightness(0.3),
      .contrast(0.3),
      .saturation(0.3), .hue(0.1), .noise(standardDeviation: 0.1), .cutout(size: 3), .elastic(1),
      .shear(degrees: 20), .thickness(1),
    ]
    for augmentation in list {
      func image(_ seed: UInt64) -> Tensor {
        var sample = ImageSample(Self.picture())
        augmentation.with(probability: 1)(&sample, key: RandomKey(seed: varied(seed)))
        return sample.image
      }
      let changed = (1...5).map { image(UInt64($0)) }
      #expect(changed == (1...5).map { image(UInt64($0)) }, "\(augmentation)")
      #expect(changed.contains { $0 != ImageSample(Self.picture()).image }, "\(augmentation)")
      for image in changed {
        #expect(image.shape == [3, 6, 9] && image.min() >= 0 && image.max() <= 1)
      }
    }
  }

  /// A white square in the middle of black: its sides are scaled, each by a factor of its own, and its middle stays.
  @Test func zoomScalesBothSides() {
    var square = [UInt8](repeating: 0, count: 40 * 40)
    for row in 10..<30 { for column in 10..<30 { square[40 * row + column] = 255 } }
    let image = PixelImage(width: 40, height: 40, channels: 1, pixels: square)
    var sizes: [(rows: Float, columns: Float)] = []
    for number in 0..<60 {
      var sample = ImageSample(
        image, boxes: [ImageBox(left: 10, top: 10, right: 30, bottom: 30, label: 0)])
      Augmentation.zoom(0.25)(&sample, key: RandomKey(seed: varied(14)).folded(number))
      #expect(sample.image.shape == [1, 40, 40])
      let middle = sample.image.reshaped(to: [40, 40])
      let size = (middle.slice(axis: 1, at: 20).sum(), middle.slice(axis: 0, at: 20).sum())
      sizes.append(size)
      expectClose(sample.boxes[0].width, size.1, "the width of the box", atol: 1)
      expectClose(
        sample.boxes[0].left + sample.boxes[0].right, 40, "the middle of the box", atol: 2)
    }
    for side in [sizes.map(\.rows), sizes.map(\.columns)] {
      #expect(side.allSatisfy { (14.5...25.5).contains($0) }, "\(side)")
      #expect(side.min()! < 17 && side.max()! > 23, "\(side)")
    }
    #expect(sizes.contains { abs($0.rows - $0.columns) > 3 }, "each side has a factor of its own")
  }

  @Test func displacedPixelsAreThoseOfGridSample() {
    // torch.manual_seed(0); x = (torch.arange(12) ** 2 % 11).double().view(1, 1, 3, 4)
    // dx = (torch.arange(12) * 7 % 9 - 4).double().view(3, 4) * 0.3; dy = (torch.arange(12) * 5 % 7 - 3).double().view(3, 4) * 0.4
    // i, j = torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")
    // g = torch.stack([(j + dx) / 1.5 - 1, (i + dy) / 1 - 1], -1)[None]
    // F.grid_sample(x, g, mode=MODE, padding_mode="zeros", align_corners=True)
    let image = Tensor((0..<12).map { Float($0 * $0 % 11) }).reshaped(to: [1, 3, 4])
    let columns: [Float] = (0..<12).map { 0.3 * Float($0 * 7 % 9 - 4) }
    let rows: [Float] = (0..<12).map { 0.4 * Float($0 * 5 % 7 - 3) }
    let shifts = Tensor(columns + rows).reshaped(to: [2, 3, 4])
    expectClose(
      image.displaced(by: shifts),
      [[[0, 3.14, 5.5, 1.5], [0.72, 2.36, 5.32, 7.2], [0.72, 7.2, 3.86, 0]]], "bilinear", atol: 1e-5
    )
    expectClose(
      image.displaced(by: shifts, interpolation: .nearest),
      [[[0, 3, 4, 0], [0, 3, 5, 9], [0, 9, 5, 0]]], "nearest")
  }

  @Test func elasticShiftsHaveTheirDeviation() {
    // A ramp shows how far each pixel came: X = (column + 20) / 100.
    let row = (0..<40).map { (Float($0) + 20) / 100 }
    let ramp = Tensor(zeros: [1, 40, 40]) + Tensor(row)
    var shifts: [Float] = []
    for number in 0..<200 {
      var sample = ImageSample(PixelImage(width: 40, height: 40, channels: 1))
      sample.image = ramp
      Augmentation.elastic(1.5)(&sample, key: RandomKey(seed: varied(15)).folded(number))
      let moved = (sample.image - ramp) * 100
      // Away from the edges, and in the middle of a place.
      shifts.append(moved[0..<1, 14..<15, 14..<15].sum())
      let slopes = abs(moved[0..<1, 10..<30, 11..<30] - moved[0..<1, 10..<30, 10..<29])
      #expect(slopes.max() < 2.5, "neighbours move alike")
    }
    let values = Tensor(shifts)
    // Off by more than 5 standard errors of 0.11 and 0.075 less than once in a million.
    expectClose(values.mean(), 0, "mean", atol: 0.55)
    expectClose(values.variance().squareRoot(), 1.5, "deviation", atol: 0.38)
  }

  /// A white column slants about its middle, by angles up to the limit, and its box stays around it.
  @Test func shearSlants() {
    var slopes: [Float] = []
    for number in 0..<60 {
      var sample = ImageSample(
        PixelImage(width: 41, height: 31, channels: 1),
        boxes: [ImageBox(left: 20, top: 0, right: 21, bottom: 31, label: 0)])
      var column = Tensor(zeros: [1, 31, 41])
      column[0..<1, 0..<31, 20..<21] = Tensor(ones: [1, 31, 1])
      sample.image = column
      Augmentation.shear(degrees: 30)(&sample, key: RandomKey(seed: varied(16)).folded(number))
      let image = sample.image.reshaped(to: [31, 41])
      // The centre of each row: the sum over a row stays 1.
      let centres = (image * Tensor((0..<41).map { Float($0) })).sum(axis: 1)
      expectClose(image.sum(axis: 1), Tensor(ones: [31]), "rows", atol: 1e-4)
      let places = centres.scalars
      expectClose(places[15], 20, "the middle", atol: 1e-4)
      let slope = (places[30] - places[0]) / 30
      for (row, place) in places.enumerated() {
        expectClose(place, 20 + slope * Float(row - 15), "row \(row)", atol: 1e-3)
      }
      let ends = [places[0], places[30]]
      expectClose(sample.boxes[0].left, ends.min()!, "the box", atol: 1)
      expectClose(sample.boxes[0].right, ends.max()! + 1, "the box", atol: 1)
      slopes.append(slope)
    }
    // tan 30° = 0.577. None of 60 beyond 20 degrees one way: less than once in 10 000 times.
    #expect(slopes.allSatisfy { abs($0) <= 0.578 })
    #expect(slopes.max()! > 0.36 && slopes.min()! < -0.36)
  }

  /// A block grows by the pixels beside it, or loses those at its edge, by a share from 0 to 1.
  @Test func thicknessDilatesAndErodes() {
    var pixels = [UInt8](repeating: 0, count: 49)
    for row in 2..<5 { for column in 2..<5 { pixels[7 * row + column] = 255 } }
    let block = PixelImage(width: 7, height: 7, channels: 1, pixels: pixels)
    let plain = ImageSample(block).image
    var sums: [Float] = []
    for number in 0..<100 {
      var sample = ImageSample(block)
      Augmentation.thickness(1)(&sample, key: RandomKey(seed: varied(17)).folded(number))
      let sum = sample.image.sum()
      // 12 pixels lie beside the block, and 8 of its 9 pixels at its edge.
      let share = sum > 9 ? (sum - 9) / 12 : (9 - sum) / 8
      let rim = sum > 9 ? sample.image[0..<1, 3..<4, 1..<2] : 1 - sample.image[0..<1, 3..<4, 2..<3]
      expectClose(rim.sum(), share, "the rim", atol: 1e-5)
      expectClose(
        sum > 9 ? sample.image * plain : sample.image * (1 - plain), sum > 9 ? plain : 0 * plain,
        "inside and outside", atol: 1e-6)
      sums.append(sum)
    }
    #expect(sums.max()! > 18 && sums.max()! <= 21 && sums.min()! < 3 && sums.min()! >= 1)
  }

  @Test func cutoutClearsASquare() {
    var areas: Set<Int> = []
    for number in 0..<100 {
      var sample = ImageSample(PixelImage(width: 8, height: 7, channels: 1, repeating: 255))
      Augmentation.cutout(size: 4)(&sample, key: RandomKey(seed: varied(12)).folded(number))
      areas.insert(Int((1 - sample.image).sum()))
    }
    #expect(areas.contains(16) && areas.allSatisfy { $0 <= 16 && $0 >= 4 }, "\(areas)")
  }

  @Test func noiseHasItsDeviation() {
    var sample = ImageSample(PixelImage(width: 100, height: 100, channels: 1, repeating: 128))
    Augmentation.noise(standardDeviation: 0.1)(&sample, key: RandomKey(seed: varied(13)))
    let noise = sample.image - Float(128) / 255
    expectClose(noise.mean(), 0, "mean", atol: 0.005)
    expectClose(noise.variance(), 0.01, "variance", atol: 0.001)
  }

  @Test func ownAugmentationsAreClosures() {
    let negative = Augmentation("negative", stage: .color) { sample, _ in
      sample.image = 1 - sample.image
    }
    var sample = ImageSample(PixelImage(width: 1, height: 1, channels: 1, pixels: [51]))
    negative(&sample, key: RandomKey(seed: varied(1)))
    expectClose(sample.image, [[[0.8]]], "negative")
    #expect("\(negative)" == "negative" && "\(Augmentation.mirror)" == "mirror@0.5")
  }

  @Test func wrongArgumentsAreRefused() async {
    expectWords(
      of: await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Augmentation.normalize(mean: [0], std: [0])
      }, "Augmentation.normalize", "above 0")
    expectWords(
      of: await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Augmentation.mirror.with(probability: 1.5)
      }, "mirror", "a probability from 0 to 1", "1.5")
  }
}
