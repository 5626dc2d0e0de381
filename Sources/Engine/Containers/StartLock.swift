import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The lock on a bundle's directory, which the process has that starts the container.
///
/// When a monitor is killed, that process goes on for a moment after everybody has seen the
/// monitor's end, and what it makes in that moment would stay.
extension EngineContext {
    /// Does something while no start of the container is under way.
    ///
    /// - Throws: ``Problem`` of kind `conflict` when a start goes on for ten seconds.
    func withStartHeld(of id: String, _ body: () throws(Problem) -> Void) throws(Problem) {
        // Who changes nothing need not wait for others.
        let lock = plan == nil ? try startLock(of: configuration.bundle(of: id)) : nil
        try body()
        _ = consume lock
    }

    /// The lock; nil where the directory is not there (any more), so that nothing can start.
    private func startLock(of bundle: ContainerBundle) throws(Problem) -> FileLock? {
        let what = "cannot lock \(bundle.directory)"
        for _ in 0..<1000 {
            do throws(SystemCallError) {
                if let lock = try FileLock.ifFree(directory: bundle.directory) { return lock }
                pause(microseconds: 10_000)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil
            } catch {
                throw Problem(what: what, refusal: error)
            }
        }
        throw Problem(
            kind: .conflict, what: what, why: "container \(bundle.id) is being started",
            fix: "wait until it has started; a process that hangs in it is one of "
                + "`kade-runtime monitor`")
    }
}
