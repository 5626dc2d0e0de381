import OCI

/// When a container whose program ended runs again: `--restart`.
package enum RestartPolicy: Sendable, Equatable {
    /// Never.
    case no
    /// Always, until it is stopped; also after a reboot.
    case always
    /// As ``always``, except that a container that was stopped stays so after a reboot.
    case unlessStopped
    /// After a failure, at most so many times in a row; 0 means any number.
    case onFailure(maximumRetries: Int)

    /// Decides whether the program runs again.
    ///
    /// - Parameters:
    ///   - exitCode: how it ended.
    ///   - restartCount: how often the monitor has restarted it so far.
    ///   - wasStopped: whether someone asked for its end.
    /// - Returns: whether it runs again.
    package func runsAgain(exitCode: Int32, restartCount: Int, wasStopped: Bool) -> Bool {
        if wasStopped { return false }
        return switch self {
        case .no: false
        case .always, .unlessStopped: true
        case .onFailure(let maximum):
            exitCode != 0 && (maximum == 0 || restartCount < maximum)
        }
    }

    init(_ json: JSONValue?) {
        self =
            switch json?["policy"]?.string {
            case "always": .always
            case "unless-stopped": .unlessStopped
            case "on-failure":
                .onFailure(maximumRetries: json?["maximumRetries"]?.int ?? 0)
            default: .no
            }
    }

    var json: JSONValue {
        switch self {
        case .no: ["policy": "no"]
        case .always: ["policy": "always"]
        case .unlessStopped: ["policy": "unless-stopped"]
        case .onFailure(let maximum):
            ["policy": "on-failure", "maximumRetries": .number(JSONNumber(maximum))]
        }
    }
}

/// How long a monitor waits before it runs a program again.
///
/// As Docker does it: 100 ms, doubled each time up to a minute; a run of ten seconds or more
/// starts anew.
package struct RestartBackoff: Sendable, Equatable {
    private var nextInMilliseconds: Int64 = 100

    package init() {}

    /// The wait before the next run, after one of this length.
    package mutating func wait(afterRunOfMilliseconds run: Int64) -> Int64 {
        if run >= 10_000 { nextInMilliseconds = 100 }
        defer { nextInMilliseconds = min(nextInMilliseconds * 2, 60_000) }
        return nextInMilliseconds
    }
}
