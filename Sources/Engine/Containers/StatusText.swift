extension ContainerState {
    /// Docker's STATUS column: `Up 5 seconds`, `Exited (0) 2 hours ago`, `Created`.
    func statusText(at now: Timestamp) -> String {
        switch self {
        case .created, .startFailed: "Created"
        case .running(_, let since): "Up \(elapsedText(from: since, to: now))"
        case .paused(_, let since): "Up \(elapsedText(from: since, to: now)) (Paused)"
        case .restarting(let code, let at):
            "Restarting (\(code)) \(elapsedText(from: at, to: now)) ago"
        case .exited(let code, let at, _): "Exited (\(code)) \(elapsedText(from: at, to: now)) ago"
        case .dead: "Dead"
        }
    }
}

/// A span of time in Docker's words: `Less than a second`, `About a minute`, `3 weeks`.
package func elapsedText(from start: Timestamp, to end: Timestamp) -> String {
    let seconds = max(0, end.nanosecondsSinceEpoch - start.nanosecondsSinceEpoch) / 1_000_000_000
    let minutes = seconds / 60
    let hours = (seconds + 1800) / 3600  // Docker rounds hours
    return switch true {
    case seconds < 1: "Less than a second"
    case seconds == 1: "1 second"
    case seconds < 60: "\(seconds) seconds"
    case minutes == 1: "About a minute"
    case minutes < 60: "\(minutes) minutes"
    case hours == 1: "About an hour"
    case hours < 48: "\(hours) hours"
    case hours < 24 * 7 * 2: "\(hours / 24) days"
    case hours < 24 * 30 * 2: "\(hours / 24 / 7) weeks"
    case hours < 24 * 365 * 2: "\(hours / 24 / 30) months"
    default: "\(hours / 24 / 365) years"
    }
}
