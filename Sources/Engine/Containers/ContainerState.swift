/// Where a container is in its life, as `ps` and `inspect` say it.
package enum ContainerState: Sendable, Equatable {
    /// Never started.
    case created
    /// A start was tried and failed; Docker counts this as created.
    case startFailed(StartFailure)
    case running(pid: Int32, since: Timestamp)
    /// Running, but its cgroup is frozen.
    case paused(pid: Int32, since: Timestamp)
    /// Ended, and its monitor is about to start it again.
    case restarting(code: Int32, at: Timestamp)
    case exited(code: Int32, at: Timestamp, isOutOfMemory: Bool)
    /// Its removal failed half-way; only `rm` is left to it.
    case dead

    /// Docker's word: created, running, paused, restarting, exited or dead.
    package var word: String {
        switch self {
        case .created, .startFailed: "created"
        case .running: "running"
        case .paused: "paused"
        case .restarting: "restarting"
        case .exited: "exited"
        case .dead: "dead"
        }
    }

    /// The first process's pid while there is one.
    package var pid: Int32? {
        switch self {
        case .running(let pid, _), .paused(let pid, _): pid
        default: nil
        }
    }

    /// Whether processes exist: running or paused.
    package var isAlive: Bool { pid != nil }

    /// Whether a run is under way: processes exist, or the monitor is about to start them again.
    var isUnderWay: Bool {
        switch self {
        case .running, .paused, .restarting: true
        case .created, .startFailed, .exited, .dead: false
        }
    }

    /// The exit code of the last run; 0 while there was none.
    package var exitCode: Int32 {
        switch self {
        case .exited(let code, _, _), .restarting(let code, _): code
        case .startFailed(let failure): failure.code
        default: 0
        }
    }
}

/// Why a container's last start did not come about.
package struct StartFailure: Sendable, Equatable {
    /// 125, 126 or 127.
    package var code: Int32
    package var message: String
    package var at: Timestamp

    package init(code: Int32, message: String, at: Timestamp) {
        self.code = code
        self.message = message
        self.at = at
    }
}
