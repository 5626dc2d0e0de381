import NIOCore
import Synchronization

/// The connections of a server, so that it can end with no request torn off.
final class ServerConnections: Sendable {
    private struct State {
        var open: [Int: Connection] = [:]
        var next = 0
        var isEnding = false
    }

    private struct Connection {
        var channel: any Channel
        var isBusy: Bool
    }

    private let state = Mutex(State())

    /// Adds a connection; nil when the server ends.
    func add(_ channel: any Channel) -> Int? {
        state.withLock { state in
            guard !state.isEnding else { return nil }
            state.next += 1
            state.open[state.next] = Connection(channel: channel, isBusy: false)
            return state.next
        }
    }

    func remove(_ place: Int) { state.withLock { $0.open[place] = nil } }

    /// Says whether a request is being answered; false when none may follow.
    func setBusy(_ isBusy: Bool, at place: Int) -> Bool {
        state.withLock { state in
            state.open[place]?.isBusy = isBusy
            return !state.isEnding
        }
    }

    /// Whether the request that a connection is at is its last.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Closes the connections that wait for a request, and lets the others finish theirs.
    func end() {
        let idle = state.withLock { state in
            state.isEnding = true
            return state.open.values.filter { !$0.isBusy }.map(\.channel)
        }
        for channel in idle { channel.close(promise: nil) }
    }

    /// Closes all connections.
    func closeAll() {
        let all = state.withLock { $0.open.values.map(\.channel) }
        for channel in all { channel.close(promise: nil) }
    }
}
