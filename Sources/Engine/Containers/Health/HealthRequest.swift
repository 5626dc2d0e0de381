import ContainerRuntime
import Diagnostics
import OCI

/// `--health-*`: how to find out whether the program works; nil takes the image's value, then
/// Docker's.
package struct HealthRequest: Sendable, Equatable {
    /// Docker's `CMD` or `CMD-SHELL` with a command, or Kade's `HTTP` with a URL and `TCP` with a
    /// port; empty takes the image's.
    package var test: [String] = []
    package var intervalInNanoseconds: Int64?
    package var timeoutInNanoseconds: Int64?
    package var startPeriodInNanoseconds: Int64?
    package var startIntervalInNanoseconds: Int64?
    package var retries: Int?
    /// `--health-on-failure`: none, kill, restart or stop.
    package var onFailure: String?

    package init() {}

    /// Whether nothing was said.
    package var isEmpty: Bool { self == HealthRequest() }
}

extension HealthRequest {
    /// Docker's defaults, in nanoseconds (moby, daemon/health.go).
    enum Standard {
        static let interval: Int64 = 30_000_000_000
        static let timeout: Int64 = 30_000_000_000
        static let startInterval: Int64 = 5_000_000_000
        static let retries = 3
    }

    /// These values, and an image's where there are none.
    func merged(with image: ImageConfiguration.Healthcheck?) -> HealthRequest {
        guard let image else { return self }
        var merged = self
        if test.isEmpty { merged.test = image.test }
        merged.intervalInNanoseconds = intervalInNanoseconds ?? image.interval
        merged.timeoutInNanoseconds = timeoutInNanoseconds ?? image.timeout
        merged.startPeriodInNanoseconds = startPeriodInNanoseconds ?? image.startPeriod
        merged.startIntervalInNanoseconds = startIntervalInNanoseconds ?? image.startInterval
        merged.retries = retries ?? image.retries
        return merged
    }

    /// What the monitor is told; nil where nothing is checked.
    func check() throws(Problem) -> HealthCheck? {
        guard let test = try monitorTest() else { return nil }
        func milliseconds(_ nanoseconds: Int64?, _ standard: Int64) -> Int64 {
            let value = nanoseconds ?? 0
            return max(1, (value == 0 ? standard : value) / 1_000_000)
        }
        let retries = retries ?? 0
        return HealthCheck(
            test: test,
            intervalInMilliseconds: milliseconds(intervalInNanoseconds, Standard.interval),
            timeoutInMilliseconds: milliseconds(timeoutInNanoseconds, Standard.timeout),
            startPeriodInMilliseconds: (startPeriodInNanoseconds ?? 0) / 1_000_000,
            startIntervalInMilliseconds: milliseconds(
                startIntervalInNanoseconds, Standard.startInterval),
            retries: retries == 0 ? Standard.retries : retries,
            onFailure: onFailure.flatMap(HealthCheck.FailureAction.init(rawValue:)) ?? .none)
    }

    private func monitorTest() throws(Problem) -> HealthCheck.Test? {
        let rest = Array(test.dropFirst())
        switch (test.first, rest.first) {
        case (nil, _), ("NONE", _): return nil
        case ("CMD", .some): return .command(rest)
        case ("CMD-SHELL", let command?): return .command(["/bin/sh", "-c", command])
        case ("HTTP", let text?):
            guard let url = HealthURL(text) else {
                throw Problem(
                    kind: .invalid, what: "cannot check \(text)",
                    why: "it is no http://HOST[:PORT][/PATH] with localhost or an address as host",
                    fix: "for example --health-http http://localhost:8080/health")
            }
            return .http(url)
        case ("TCP", let text?):
            guard let port = UInt16(text), port > 0 else {
                throw Problem(
                    kind: .invalid, what: "cannot check port \(text)", why: "it is no port",
                    fix: "for example --health-tcp 5432")
            }
            return .tcp(port: port)
        default:
            throw Problem(
                kind: .invalid, what: "cannot use this health check",
                why: "Unknown healthcheck type '\(test[0])' (expected 'CMD')")
        }
    }

    /// Refuses what Docker's daemon refuses (moby, daemon/container.go).
    func validate() throws(Problem) {
        let times = [
            ("Interval", intervalInNanoseconds), ("Timeout", timeoutInNanoseconds),
            ("StartPeriod", startPeriodInNanoseconds),
            ("StartInterval", startIntervalInNanoseconds),
        ]
        for (name, time) in times {
            guard let time, time != 0, time < 1_000_000 else { continue }
            throw Problem(
                kind: .invalid, what: "cannot use this health check",
                why: "\(name) in Healthcheck cannot be less than 1ms")
        }
        if let retries, retries < 0 {
            throw Problem(
                kind: .invalid, what: "cannot use this health check",
                why: "Retries in Healthcheck cannot be negative")
        }
        if let onFailure, HealthCheck.FailureAction(rawValue: onFailure) == nil {
            throw Problem(
                kind: .invalid, what: "cannot use --health-on-failure \(onFailure)",
                why: "it is none of \(Self.actions.joined(separator: ", "))")
        }
        _ = try check()
    }

    /// The words of `--health-on-failure`.
    package static let actions = HealthCheck.FailureAction.allCases.map(\.rawValue)
}

extension HealthRequest {
    /// Reads Docker's `Config.Healthcheck`, with Kade's own member.
    init(_ json: JSONValue?) {
        self.init()
        guard let json else { return }
        test = json["Test"]?.stringList ?? []
        intervalInNanoseconds = json.integer("Interval")
        timeoutInNanoseconds = json.integer("Timeout")
        startPeriodInNanoseconds = json.integer("StartPeriod")
        startIntervalInNanoseconds = json.integer("StartInterval")
        retries = json["Retries"]?.int
        onFailure = json.text("OnFailure")
    }

    var json: JSONValue {
        var json: JSONObject = ["Test": .strings(test)]
        for (name, time) in [
            ("Interval", intervalInNanoseconds), ("Timeout", timeoutInNanoseconds),
            ("StartPeriod", startPeriodInNanoseconds),
            ("StartInterval", startIntervalInNanoseconds),
        ] {
            if let time { json.append(name, .integer(time)) }
        }
        if let retries { json.append("Retries", .integer(retries)) }
        if let onFailure { json.append("OnFailure", .string(onFailure)) }
        return .object(json)
    }
}

extension HealthRequest {
    /// What an image can say of it: a command; nil where there is none.
    var ofImages: ImageConfiguration.Healthcheck? {
        guard let kind = test.first, ["CMD", "CMD-SHELL"].contains(kind) else { return nil }
        return .init(
            test: test, interval: intervalInNanoseconds, timeout: timeoutInNanoseconds,
            startPeriod: startPeriodInNanoseconds, startInterval: startIntervalInNanoseconds,
            retries: retries)
    }
}
