import CourseCommandLine
import ExplorationNetworks
import Networks
import Pictures

// The section of a network that was pretrained without labels in a page.

extension ModelReport {
  /// The images that a pretrained network takes for similar, and the classes in its features.
  var learned: Report.Section? {
    get throws {
      guard let images else { return nil }
      let encoder = try network.encoder()
      let known = images.train.subset(0..<min(images.train.count, 2000))
      let queries = images.test.count > 0 ? images.test : images.train
      let shown = queries.batch(at: 0..<min(queries.count, 6)).features
      let nearest = try NearestNeighbours(features: encoder.predict(known.features))
        .neighbours(of: encoder.predict(shown), count: min(TileSheet.shownNeighbours, known.count))
      let brightest = max(shown.max(), 1)
      let tiles = (0..<shown.shape[0]).map { row in
        TileSheet.Tile(
          PixelImage(
            shown.rows(at: [row]).reshaped(to: queries.inputShape), range: 0...brightest),
          captions: [
            queries.files.isEmpty
              ? "image \(row)" : AnswerSheet.shortened(file: queries.files[row], to: 40)
          ])
      }
      let names = representation == nil ? [] : known.classNames
      return .init(
        "Representation",
        (representation.map { [.pictures([$0.table])] } ?? []) + [
          .pictures([
            TileSheet.neighbours(
              title:
                "Images of the \(images.test.count > 0 ? "test" : "training") part, and the nearest "
                + "training images",
              of: tiles, nearest, among: known, classNames: names)
          ])
        ])
    }
  }
}
