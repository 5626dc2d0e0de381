import ContainerRuntime
package import Diagnostics
import Linux
import SystemPackage

/// What `wait --condition` waits for: Docker's and Podman's words.
package enum WaitCondition: String, Sendable, CaseIterable {
    case created, running, paused, exited, stopped, healthy, unhealthy, removing, removed
    /// It does not run: the default.
    case notRunning = "not-running"
    /// Its next run, or the present one, has ended.
    case nextExit = "next-exit"
}

extension ContainerService {
    /// Blocks until one of the conditions holds.
    ///
    /// - Returns: the exit code of the last run; −1 while it runs.
    /// - Throws: `.notFound` for a container that is not there, or is removed while something else
    ///   is waited for.
    package func wait(
        _ name: String, for conditions: Set<WaitCondition>
    ) throws(Problem) -> Int32 {
        guard conditions != [.notRunning] else { return try wait(name) }
        let record = try context.record(of: name)
        // Begun before the first look, so that nothing that happens meanwhile is missed.
        var events = try EventFollower(context.eventLog, replays: false)
        var ends = EndsOfRuns(id: record.id)
        while true {
            let status: ContainerStatus
            do throws(Problem) {
                status = try context.settledStatus(
                    of: try context.record(of: record.id), restarting: true)
            } catch  where error.kind == .notFound && conditions.contains(.removed) {
                try events.readNew { ends.note($0) }
                return ends.last ?? 0
            }
            let isOver = !status.state.isAlive
            if isOver, ends.last == nil { ends.last = status.state.exitCode }
            for condition in conditions where try context.holds(condition, of: status) {
                return isOver ? status.state.exitCode : -1
            }
            // A monitor that was killed tells nothing, so look again from time to time.
            let next = Timestamp(
                nanosecondsSinceEpoch: Timestamp.now.nanosecondsSinceEpoch + 1_000_000_000)
            _ = try events.wait(until: next)
            try events.readNew { ends.note($0) }
            if conditions.contains(.nextExit), let first = ends.first { return first }
        }
    }
}

/// How a container's runs have ended, as its events tell.
private struct EndsOfRuns {
    let id: String
    /// The first end since somebody listens.
    private(set) var first: Int32?
    var last: Int32?

    init(id: String) { self.id = id }

    mutating func note(_ event: Event) {
        guard event.id == id, event.action == .die else { return }
        last = event.attributes["exitCode"].flatMap { Int32($0) } ?? 255
        first = first ?? last
    }
}

extension EngineContext {
    fileprivate func holds(
        _ condition: WaitCondition, of status: ContainerStatus
    ) throws(Problem) -> Bool {
        switch condition {
        case .created, .running, .paused, .exited: status.state.word == condition.rawValue
        case .notRunning, .stopped: !status.state.isUnderWay
        case .healthy: try health(of: status.record)?.status == .healthy
        case .unhealthy: try health(of: status.record)?.status == .unhealthy
        case .removing: status.state == .dead
        case .removed, .nextExit: false  // told by its absence, and by its event
        }
    }
}
