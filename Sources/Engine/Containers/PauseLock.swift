import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// A container's `pause.lock`: whoever freezes it for a while makes the file and holds its lock.
///
/// A frozen container that has the file, and whose lock nobody holds, was left so by a command that
/// was killed. A user's own `pause` takes the file away.
extension EngineContext {
    /// Thaws a container whose freezer was killed before it could do so.
    ///
    /// - Returns: whether it did; not where another command holds the container.
    func thawAbandoned(_ record: ContainerRecord) throws(Problem) -> Bool {
        let bundle = configuration.bundle(of: record.id)
        guard File.exists(bundle.pauseLock), plan == nil else { return false }
        guard let lock = try lockIfFree(bundle.lock) else { return false }
        defer { withExtendedLifetime(lock) {} }
        guard let pause = try lockIfFree(bundle.pauseLock) else { return false }
        defer { withExtendedLifetime(pause) {} }
        guard case .paused = try status(of: record).state else { return false }
        try resume(record)
        return true
    }

    /// A lock of a container; nil where another command holds it, or has removed the container.
    private func lockIfFree(_ path: FilePath) throws(Problem) -> FileLock? {
        do throws(SystemCallError) {
            return try FileLock.ifFree(path, .exclusive)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(what: "cannot lock \(path)", refusal: error)
        }
    }

    /// Says that a container is frozen until someone thaws it.
    func removePauseLock(of record: ContainerRecord) throws(Problem) {
        let path = configuration.bundle(of: record.id).pauseLock
        if let plan {
            if File.exists(path) { plan.note(.removeFile(path), by: .engine) }
            return
        }
        do throws(SystemCallError) {
            try Link.remove(path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(what: "cannot remove \(path)", refusal: error)
        }
    }
}
