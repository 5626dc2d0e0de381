import Diagnostics

/// Turns whatever stopped a transfer into a problem.
///
/// - Parameters:
///   - purpose: what cannot be done, for the error.
///   - fix: how a transfer that was interrupted goes on.
///   - body: what came of the transfer.
/// - Returns: what the body does.
/// - Throws: a `Problem` for every error.
func explained<Value>(
    _ purpose: String, goingOn fix: String, _ body: () throws -> Value
) throws(Problem) -> Value {
    do {
        return try body()
    } catch let problem as Problem {
        throw problem
    } catch let setback as Setback {
        throw setback.problem
    } catch is CancellationError {
        throw Problem(kind: .unavailable, what: purpose, why: "it was interrupted", fix: fix)
    } catch {
        throw Problem(
            kind: .unavailable, what: purpose, why: TransportFailure.reason(of: error),
            fix: "try again", cause: error)
    }
}
