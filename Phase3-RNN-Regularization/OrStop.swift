import Shared

/// What `body` returns; ends the program where it throws: the wrong arguments stand in its code.
///
///     self = orStop { try LSTM(configuration: configuration) }
func orStop<R>(_ body: () throws -> R) -> R {
  do { return try body() } catch { stop("\(error)") }
}
