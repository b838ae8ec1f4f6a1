import CourseTestSupport
import ExplorationNetworks
import Testing

@Suite(.watched) struct DefinitionTests {
  @Test func theDefinitionsAreAllThere() {
    let data = Dataset.definitions
    #expect(data.count == 19_871 && data.holdsTexts)
    #expect(
      data.classNames == [
        "act", "animal", "artifact", "body", "communication", "food", "location", "person",
        "plant", "substance",
      ])
    #expect(data.text(at: 3) == "large order of chiefly tropical liverworts")
    #expect(data.classNames[data.targets.classIndices[3]] == "plant")
    var counts = [Int](repeating: 0, count: 10)
    for label in data.targets.classIndices { counts[label] += 1 }
    #expect(counts == [2000, 2000, 2000, 1871, 2000, 2000, 2000, 2000, 2000, 2000])
  }

  @Test func theLicenceIsInside() {
    #expect(Dataset.definitionsLicense.contains("WordNet 3.0 Copyright 2006 by Princeton"))
    #expect(Dataset.definitionsLicense.contains("Permission to use, copy, modify and distribute"))
  }
}
