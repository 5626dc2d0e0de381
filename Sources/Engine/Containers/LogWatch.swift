import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// Waits for a container's log to grow, and for the container's end.
///
/// The log is watched with `inotify(7)`, the end shows as the end of a session with the monitor.
struct LogWatch: ~Copyable {
    private let changes: DirectoryWatch
    /// A session without streams; nil for a container without a monitor.
    private let session: ContainerSession?

    init(of record: ContainerRecord, in context: EngineContext) throws(Problem) {
        let directory = context.configuration.bundle(of: record.id).directory
        let changes = try explaining("cannot watch \(directory)") { () throws(SystemCallError) in
            try DirectoryWatch(directory)
        }
        let session = try Self.join(record, in: context)
        self.changes = changes
        self.session = session
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

    /// Waits until the log may have grown.
    ///
    /// - Parameters:
    ///   - source: where the log comes from, if not from files of the container's.
    ///   - moment: after which nobody wants what comes.
    /// - Returns: whether it will not grow any more, or that moment has come.
    /// - Throws: what the kernel refuses.
    borrowing func wait(for source: CInt?, until moment: Timestamp?) throws(Problem) -> Bool {
        let rest = moment.map { moment in
            let left = moment.nanosecondsSinceEpoch - Timestamp.now.nanosecondsSinceEpoch
            return CInt(clamping: max(0, left) / 1_000_000 + (left > 0 ? 1 : 0))
        }
        if rest == 0 { return true }
        guard let end = sessionDescriptor else { return true }
        let watched = changes.descriptor
        let events = try explaining("cannot wait for the log") { () throws(SystemCallError) in
            let events = try Poll.wait(
                for: [source ?? watched, end], .readable, milliseconds: rest)
            if source == nil, !events[0].isEmpty { try changes.takeChanges() }
            return events
        }
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
}
