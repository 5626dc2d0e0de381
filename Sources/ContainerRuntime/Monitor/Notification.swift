/// Who tells a service manager that a container is ready (`--sdnotify`, sd_notify(3)).
package enum Notification: String, Sendable, CaseIterable {
    /// The container's program, over a socket of its own that the monitor passes on from.
    case container
    /// The monitor, as soon as the program runs.
    case conmon
    /// The monitor, when the first health check has succeeded.
    case healthy
    /// Nobody.
    case ignore
}
