import Diagnostics
import Linux
import SystemPackage

/// Containers that end, or are removed by another command, while one works with them.
///
/// Nobody can hold a container's life, so the look before the work is no promise. What fails for
/// that reason says so, and not what was missing in some directory.
extension EngineContext {
    /// Works with a container that was running a moment ago.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - what: what cannot be done when it has ended.
    ///   - body: the work.
    /// - Returns: what the work returned.
    /// - Throws: `.conflict` when it has ended, `.notFound` when it was removed, else `body`'s error.
    func whileRunning<Result>(
        _ record: ContainerRecord, what: String, _ body: () throws(Problem) -> Result
    ) throws(Problem) -> Result {
        do throws(Problem) {
            return try body()
        } catch {
            guard try hasEnded(record) else { throw error }
            guard File.exists(configuration.bundle(of: record.id).directory) else {
                throw .noSuchContainer(record.name)
            }
            throw Problem(
                kind: .conflict, what: what, why: "container \(record.id) is not running",
                cause: error)
        }
    }

    /// Works with the files of a container that was there a moment ago.
    ///
    /// - Throws: `.notFound` when it was removed, else `body`'s error.
    func whilePresent<Result>(
        _ record: ContainerRecord, _ body: () throws(Problem) -> Result
    ) throws(Problem) -> Result {
        do throws(Problem) {
            return try body()
        } catch  where !File.exists(configuration.bundle(of: record.id).directory) {
            throw .noSuchContainer(record.name)
        }
    }

    /// Whether a run is over, also where its monitor has not noted that yet.
    func hasEnded(_ record: ContainerRecord) throws(Problem) -> Bool {
        let status = try status(of: record)
        guard status.state.isAlive, let lifecycle = status.lifecycle,
            File.exists(configuration.runtimeRoot.appending(record.id))
        else { return true }
        return try !isAlive(lifecycle.pid, startTime: lifecycle.pidStartTime)
    }
}
