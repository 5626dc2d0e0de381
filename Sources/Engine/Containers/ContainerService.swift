package import ContainerRuntime
package import Networking

/// Containers, from creation to removal.
///
/// A container is named by its name, its ID or the beginning of its ID, as in Docker.
package struct ContainerService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }
}

/// A container that was just made.
package struct CreatedContainer: Sendable {
    /// 64 hexadecimal digits.
    package let id: String
    package let name: String
    /// What the engine could not do exactly as asked, one sentence each.
    package let warnings: [String]
}

/// The streams of a container that a client wants; none means: start and leave.
package struct AttachedStreams: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let input = AttachedStreams(rawValue: 1)
    package static let output = AttachedStreams(rawValue: 2)
    package static let error = AttachedStreams(rawValue: 4)
}

/// What `ps` lists.
package struct ContainerFilter: Sendable {
    /// `-a`: containers that are not running too.
    package var includesStopped = false
    /// `-n`, and 1 for `-l`: the last created, in whatever state.
    package var last: Int?
    /// `-s`: measures each container that is listed.
    package var includesSize = false
    /// `--filter key=value`: id, name, label, exited, status, health, ancestor, before, since,
    /// volume, network, restart-policy, should-start-on-boot; and `label!`, which only `prune` knows.
    package var conditions: [(key: String, value: String)] = []
    /// Only containers that were created before.
    package var createdBefore: Timestamp?

    package init() {}
}

/// One line of `ps`.
package struct ContainerSummary: Sendable {
    package let id: String
    package let name: String
    /// The image as the user wrote it.
    package let image: String
    /// `sha256:…` of the image's configuration; `host` for the machine's own file system.
    package let imageID: String
    /// Entrypoint and command.
    package let command: [String]
    package let created: Timestamp
    package let state: ContainerState
    package let labels: [String: String]
    /// The sources of mounts: volume names and host paths.
    package let mounts: [String]
    /// The names of its networks; `none`, `host` or `container:ID` where it has none of its own.
    package let networks: [String]
    /// The ports of the host that lead to it.
    package var ports: [PublishedPort] = []
    /// The ports that it is said to listen on, while it runs.
    package var exposed: [TransportPort] = []
    /// nil where it was not asked for.
    package var size: ContainerSize?
    /// nil for a container without a health check, and for one that does not run.
    package var health: HealthState.Status?

    /// Docker's STATUS column: `Up 5 seconds (healthy)`, `Exited (0) 2 hours ago`, `Created`.
    package func status(at now: Timestamp) -> String {
        let text = state.statusText(at: now)
        guard case .running = state, let health else { return text }
        return text + (health == .starting ? " (health: starting)" : " (\(health.rawValue))")
    }
}

/// Which lines of a container's log to read.
package struct LogQuery: Sendable {
    package var includesOutput = true
    package var includesError = true
    /// `--since` and `--until`.
    package var since: Timestamp?
    package var until: Timestamp?
    /// `--tail`; nil is all.
    package var tail: Int?
    /// `-f`: goes on while the container runs.
    package var follows = false

    package init() {}
}

/// One entry of a container's log: a line, or a part of a long one.
package struct LogEntry: Sendable, Equatable {
    package typealias Stream = LogStream

    package var stream: Stream
    package var time: Timestamp
    /// The bytes as the container wrote them, with the line's end.
    package var text: [UInt8]
    /// Labels, variables and the tag that `--log-opt` keeps with each entry.
    package var attributes: [String: String] = [:]

    package init(stream: Stream, time: Timestamp, text: [UInt8]) {
        self.stream = stream
        self.time = time
        self.text = text
    }
}

/// What `exec` asks.
package struct ExecRequest: Sendable {
    /// The command and its arguments; entrypoint and init of the process are not used.
    package var command: [String]
    /// Environment, working directory, user, `-i` and `-t`.
    package var process = ProcessRequest()
    /// `--privileged`.
    package var isPrivileged = false
    /// `-d`.
    package var isDetached = false
    /// `--detach-keys`: the bytes that leave a process with a terminal alone; empty for none.
    package var detachKeys: [UInt8] = []
    /// `--preserve-fds`: descriptors of the calling process that the command gets under their own
    /// numbers.
    package var descriptors: [Int32] = []

    package init(command: [String]) {
        self.command = command
    }
}

/// A program for the caller to become with `execve(2)`.
package struct PreparedProgram: Sendable {
    package let path: String
    /// With the program's name first.
    package let arguments: [String]
}

/// What `top` shows.
package struct ProcessTable: Sendable {
    package let titles: [String]
    package let rows: [[String]]
}

/// A path that differs from the container's image.
package struct FilesystemChange: Sendable, Equatable {
    /// Docker's letters: C, A and D.
    package enum Kind: String, Sendable {
        case changed = "C"
        case added = "A"
        case deleted = "D"
    }

    package var kind: Kind
    /// Absolute, inside the container.
    package var path: String

    package init(kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }
}
