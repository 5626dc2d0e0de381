import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Waits for a container's log to grow, and for the container's end.
///
/// The log is watched with `inotify(7)`, the end shows as the end of a session with the monitor.
struct LogWatch: ~Copyable {
    private let changes: OwnedFD
    /// A session without streams; nil for a container without a monitor.
    private let session: ContainerSession?

    init(of record: ContainerRecord, in context: EngineContext) throws(Problem) {
        let directory = context.configuration.bundle(of: record.id).directory
        let changes = try Self.watch(directory)
        let session = try Self.join(record, in: context)
        self.changes = changes
        self.session = session
    }

    private static func watch(_ directory: FilePath) throws(Problem) -> OwnedFD {
        try explaining("cannot watch \(directory)") { () throws(SystemCallError) in
            let queue = OwnedFD(
                adopting: try kernel("inotify_init1", "") {
                    inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
                })
            let descriptor = queue.rawValue
            try kernel("inotify_add_watch", directory.string) {
                inotify_add_watch(
                    descriptor, directory.string, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
            }
            return queue
        }
    }

    private static func join(
        _ record: ContainerRecord, in context: EngineContext
    ) throws(Problem) -> ContainerSession? {
        guard try context.status(of: record).truth.isMonitorAlive else { return nil }
        do throws(Problem) {
            let session = try ContainerSession(
                connectingTo: context.configuration.monitorSocket(of: record.id),
                containerID: record.id)
            try session.send(ClientMessage.attach([]))
            return session
        } catch  where error.kind == .notFound || error.kind == .unavailable {
            return nil  // it has just ended
        }
    }

    /// Waits until the log may have grown; true when it will not grow any more.
    borrowing func wait() throws(Problem) -> Bool {
        guard let end = sessionDescriptor else { return true }
        let watched = changes.rawValue
        let events = try explaining("cannot wait for the log") { () throws(SystemCallError) in
            try Poll.wait(for: [watched, end], .readable, milliseconds: nil)
        }
        if !events[0].isEmpty { try drainChanges() }
        guard !events[1].isEmpty else { return false }
        return try isOver()
    }

    private var sessionDescriptor: CInt? {
        switch session {
        case .some(let session): session.descriptor
        case .none: nil
        }
    }

    /// Takes the monitor's next word; true when it was its last.
    private borrowing func isOver() throws(Problem) -> Bool {
        switch session {
        case .some(let session):
            guard let event = try session.receive() else { return true }
            if case .exited = event { return true }
            return false
        case .none: return true
        }
    }

    private borrowing func drainChanges() throws(Problem) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let watched = changes.rawValue
        do throws(SystemCallError) {
            while try kernel("read", "inotify", { read(watched, &buffer, buffer.count) }) > 0 {}
        } catch  where error.errno == .resourceTemporarilyUnavailable {
            return
        } catch {
            throw Problem(what: "cannot watch the log", refusal: error)
        }
    }
}
