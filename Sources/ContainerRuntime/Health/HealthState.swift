package import OCI

/// What is known of a container's health: `health.json` in the bundle, which the monitor writes.
package struct HealthState: Sendable, Equatable {
    package var status = Status.starting
    /// How many checks have failed since one has succeeded.
    package var failingStreak = 0
    /// The last five checks, the oldest first.
    package var log: [Result] = []

    package init() {}

    /// Docker's words.
    package enum Status: String, Sendable {
        case starting, healthy, unhealthy
    }

    /// What one check has found.
    package struct Result: Sendable, Equatable {
        /// RFC 3339.
        package var start: String
        package var end: String
        /// 0 is healthy, −1 means that the check took too long.
        package var exitCode: Int32
        /// What the check wrote, at most 4096 bytes of it.
        package var output: String

        package init(start: String, end: String, exitCode: Int32, output: String) {
            self.start = start
            self.end = end
            self.exitCode = exitCode
            self.output = output
        }
    }

    /// The most bytes that are kept of a check's output.
    package static let maximumOutputInBytes = 4096

    /// Takes note of a check, as Docker does (moby, daemon/health.go).
    ///
    /// - Parameters:
    ///   - result: what it has found.
    ///   - check: how often it may fail.
    ///   - age: when the check began, in milliseconds after the program's start.
    package mutating func take(
        _ result: Result, of check: HealthCheck, afterStartInMilliseconds age: Int64
    ) {
        log.append(result)
        if log.count > 5 { log.removeFirst(log.count - 5) }
        if result.exitCode == 0 {
            failingStreak = 0
            status = .healthy
            return
        }
        if status == .starting, age < check.startPeriodInMilliseconds { return }
        failingStreak += 1
        if failingStreak >= check.retries { status = .unhealthy }
    }

    /// Takes note of the program's start.
    package mutating func begin() {
        status = .starting
        failingStreak = 0
    }
}

extension HealthState: JSONCodable {
    /// Reads Docker's `State.Health`.
    package init(from json: inout JSONReader) throws(JSONError) {
        let value = try json.readValue()
        guard let status = value["Status"]?.string.flatMap(Status.init(rawValue:)) else {
            throw json.error("is no state of health")
        }
        self.init()
        self.status = status
        failingStreak = value["FailingStreak"]?.int ?? 0
        log = (value["Log"]?.array ?? []).map {
            Result(
                start: $0["Start"]?.string ?? "", end: $0["End"]?.string ?? "",
                exitCode: $0["ExitCode"]?.number?.integer() ?? 0,
                output: $0["Output"]?.string ?? "")
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("Status", status.rawValue)
        json.member("FailingStreak", failingStreak)
        json.key("Log")
        json.beginArray()
        for result in log {
            json.beginObject()
            json.member("Start", result.start)
            json.member("End", result.end)
            json.member("ExitCode", Int(result.exitCode))
            json.member("Output", result.output)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
