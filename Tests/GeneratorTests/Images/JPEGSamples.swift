/// JPEG files that Pillow made, with the pixels that Pillow reads from them; the program is
/// Tests/Reference/jpeg_samples.py.
enum JPEGSamples {
  static let all = [
    PNGSample(
      "grey", 7, 5, 1,
      png:
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwX"
        + "ExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/wAALCAAFAAcBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAEC"
        + "AwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAk"
        + "M2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJ"
        + "ipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3"
        + "+Pn6/9oACAEBAAA/APQtD167g8NxWSKhjWNTz1JBxX//2Q==",
      pixels:
        "gq7F2uvXwH6rxtfl1cB7pr/Fz8e3fp6wqrC0p4GWpZqgq50="),
    PNGSample(
      "colour", 11, 9, 3,
      png:
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwX"
        + "ExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4e"
        + "Hh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wAARCAAJAAsDAREAAhEBAxEB/8QAHwAAAQUBAQEB"
        + "AQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
        + "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1"
        + "dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl"
        + "5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcF"
        + "BAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
        + "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0"
        + "tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDqPiNq9nae"
        + "HfslmVEuzHy14NSnVyrFXW1zPhzOPe9hUZ4E2l6vM7SkTfMxPf1r77D53TqU4yfU+irZLQqzc11PQfFn/Hyn"
        + "1/rXzfFfx/12PzvDf78/U2dK/wCQfD9P6187Q/ho/W8N/Cif/9k=",
      pixels:
        "gadan7Zcxblt2KuC4JyR3I+ZxHagqluqe1CsUESWNUuUhrtzo8pxxMx31ruE26WL05CIuXCLoFGScDqQSS5/"
        + "MTSBhcyQoNuHu96CysyDzLF8xZNyrGpslEdxdi56VCFwRCl6ftGnk9+Xq+OIttJ+urZttpNZpGhQkUNTeyZf"
        + "YhleWiFwgM7AjdupmeCSn9B/obRjoZFGmWY5jEM6fShFbhxMbSJnhMrWiNS6h9ecg8aBgq1ehY06hWcpgUgq"
        + "fjUvdig+fS1ifbzdecS/bcWdYraCYKJbZ4kzcWshdFIifUchfDs3iz5gcazYZ7S6VrSZR6h9R5lZVYcyY3Ag"
        + "bFwhi2IqjlVCoFhugInOX47ESpyYPo98O4RWPoIvSnIsaHEigW4smW5Bu3dg"),
    PNGSample(
      "colour, halved chroma", 17, 9, 3,
      png:
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4n"
        + "ICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIy"
        + "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCAAJABEDASIAAhEBAxEB/8QAHwAAAQUBAQEB"
        + "AQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
        + "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1"
        + "dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl"
        + "5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcF"
        + "BAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
        + "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0"
        + "tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDY8R6hbw6X"
        + "5EBHmbe3WuO8NafPNqXnz52ZzzV3VP8Aj4/KtXTv9QP900Yb91ipYZaxYsL/ALThpUqn2dmdPvs/RaKwqK6v"
        + "7Nw/Y8j2cv5j/9k=",
      pixels:
        "frJnlrxztrp9ya9+1p2A1YyGw3WLpWORe1SVVkqSNUiKKVGCKV93M29tSoluY6JtgrxvgbtxnMeAv8uL0cCM"
        + "3KqJ1I6Et21+llN8cUOBTzuCMDl8J0d6Kll1NXB0T457aql8i8qDg8mBntaPvtmWzsyT1rGHy455rmVskEZn"
        + "bTRrUCtuNSxvLDt0LlR5PHGBVZaQbrOWkdafhdSTm96bstyavMqMwa16uoxrp2Rcj0ZZcS5ZXCZiRShqPDh1"
        + "PVOCSXaTXp2mcrqujdeygdijkd6moduep8eGqapupYpbmmRMikREdytHayVXXChmVDp7VViPXHunaqG/drzE"
        + "htLFedCuhtavj9Sej8GEjqdljYlMhmM5fUMveS03eipNdTBmcUOBcGGcc4O3eKHNe7jVgcrQcb64dsOzdb+a"
        + "bq14aplVb4U9c2ksdE0kfz0xizpJkEJqkVKJjWuojIbEiJ7Xf67aerrTcK7FbK+4XqeWTpVrSIlFU4I0ZXMo"
        + "cl8khVAwmE5LplNtq1+NpXKtoIfIlJjYhqPbdanQaZTHZZe8To+TPolrPIpMQIMzUHgibHMmjGs4pWdQvW12"
        + "wHCTs3KorILCoo7VhIzNdJjI"),
    PNGSample(
      "colour, progressive", 6, 10, 3,
      png:
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUf"
        + "GhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgo"
        + "KCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wgARCAAKAAYDASEAAhEBAxEB/8QAFgABAQEAAAAA"
        + "AAAAAAAAAAAAAAUG/8QAFgEBAQEAAAAAAAAAAAAAAAAABAMF/9oADAMBAAIQAxAAAAGsBTMmZH//xAAWEAEB"
        + "AQAAAAAAAAAAAAAAAAACAzL/2gAIAQEAAQUCvUA23//EABkRAQACAwAAAAAAAAAAAAAAAAEAAgMEMf/aAAgB"
        + "AwEBPwHBthQGW6z/xAAaEQACAgMAAAAAAAAAAAAAAAAAAgEDBBIz/9oACAECAQE/AWZ6p0MnpJ//xAAVEAEB"
        + "AAAAAAAAAAAAAAAAAAABEP/aAAgBAQAGPwICf//EABcQAQEBAQAAAAAAAAAAAAAAAAEAESH/2gAIAQEAAT8h"
        + "oRO+t//aAAwDAQACAAMAAAAQ8f/EABgRAAIDAAAAAAAAAAAAAAAAAAEQMVHw/9oACAEDAQE/EJiRqW//xAAX"
        + "EQEBAQEAAAAAAAAAAAAAAAABAEFh/9oACAECAQE/EEIx7CP/xAAZEAEAAgMAAAAAAAAAAAAAAAABABExUXH/"
        + "2gAIAQEAAT8QeUUzXI4VDVz/2Q==",
      pixels:
        "jqhhqLRyvLN607CI3J2L14qElrdesMRtxcJx2rt436V12Y9qhsyGoNmUs9eRxc6PyLKBvplvkdCJqd2TuduH"
        + "yNB9yLJmvJhOet2mjuiqluOTn9d+mbtcjKJAi8rRl9LMmMqtmMCOjqdmfY5Hc8DIe8a/cr2Wb7Z0Y6RIU5Iq"
        + "b6Tac6nPZ6GiYp1/V5NVSYY5eI7KaYe5VoKbRYGCOYNoMYNbboTAXnyuSXWON3N0LHZbJ3lR"),
    PNGSample(
      "colour, restarts", 9, 17, 3,
      png:
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxO"
        + "QERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2Nj"
        + "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAARAAkDASIAAhEBAxEB/8QAHwAAAQUBAQEB"
        + "AQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
        + "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1"
        + "dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl"
        + "5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcF"
        + "BAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
        + "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0"
        + "tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/90ABAAB/9oADAMBAAIRAxEAPwC7"
        + "qk6JahIz82O1c1mX3/KrNo8l3d4b7ua3/wCzovSpkqlF2hswhX9l7lTof//QraP/AK8/WukoorpXwRM8X8Z/"
        + "/9k=",
      pixels:
        "fbNdmcBtusR7zrh+2qJ93Y2E0XSPvl6bjzmUh8Bvos1+wNCJz7+E1aN+0IZ7vmd6qE6BiTaIicuDpNeSwNmX"
        + "zMePzah+woVyq2BnlEVldyxnhcySntmfut2jw8yXwq2Atoptn2VaiUdRbi1Pg9GnmN2xrd2tssqarqx8ooti"
        + "j2hLfU4+bTs8gdO8kNu9ndWymb6TkKBxiIRUemg6blAqZUImdcbAgMm+gsGseaqKcZJlb4BKam00Zl0iYU4W"
        + "arC8cLW6cK2mZJqDXYllX4FOY3k5ZG4naGYcZJq2V46iToSOTIF5SXtiR3VHUHc4Ynwybn0qaIivV3udSHKK"
        + "QXB4PXFlPHJSSntEXYZAc5A8am2gVWCOP1d9NVlxMGFmNG1eSIBbXpRafqhebFONVEV8OjxtLUNqKVNrMmls"
        + "SYh1Y6F4h72Bczt8Wy9uPipnMDdtLE14NGqCTY6QZ6yXiMmefCtwZSJnSSRpPDZ2N1CJP3CbU5aparWxiM6y"
        + "hiJqcB1lWSNvTzqFRlmeSXiwWZu+bLjFhdHEhyJadx9bZCdsXj6JWVumW3i8Z5nMdbTTic7TijVMei1NcDJj"
        + "c0aHd2Cue3rIgpXZia3hkMLd"),
  ]

  /// Four colours for printing.
  static let cmyk =
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAoHB4jHhkoIyEjLSsoMDxkQTw3Nzx7WF1JZJGAmZaPgIyKoLTmw6Cq"
    + "2q2KjMj/y9ru9f///5vB////+v/m/f/4/8AAFAgABAAEBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAA"
    + "AAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNC"
    + "scEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6"
    + "g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq"
    + "8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDZrZrZrZr/2Q=="

  /// What ImageOps.exif_transpose makes of the rows [1, 2, 3], [4, 5, 6] for each orientation.
  static let upright: [Int: (width: Int, pixels: [UInt8])] = [
    1: (3, [1, 2, 3, 4, 5, 6]),
    2: (3, [3, 2, 1, 6, 5, 4]),
    3: (3, [6, 5, 4, 3, 2, 1]),
    4: (3, [4, 5, 6, 1, 2, 3]),
    5: (2, [1, 4, 2, 5, 3, 6]),
    6: (2, [4, 1, 5, 2, 6, 3]),
    7: (2, [6, 3, 5, 2, 4, 1]),
    8: (2, [3, 6, 2, 5, 1, 4]),
  ]
}
