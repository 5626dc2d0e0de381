import Engine
import OCI

/// `--health-*` of `run` and `create`.
enum HealthFlags {
    static var flags: [Flag<ContainerFlags>] {
        [
            .setting(
                "health-cmd", nil, "string", "Command to run to check health",
                \.request.health.test, { ["CMD-SHELL", $0] }),
            .setting(
                "health-http", nil, "url",
                "Check health by asking http://HOST[:PORT][/PATH] in the container's network",
                \.request.health.test, { ["HTTP", $0] }),
            .value(
                "health-interval", nil, "duration",
                "Time between running the check (ms|s|m|h) (default 30s)",
                \.request.health.intervalInNanoseconds, parse),
            .value(
                "health-on-failure", nil, "string",
                "What to do with a container that has become unhealthy: "
                    + HealthRequest.actions.joined(separator: ", "),
                \.request.health.onFailure, parseAction),
            .value(
                "health-retries", nil, "int",
                "Consecutive failures needed to report unhealthy (default 3)",
                \.request.health.retries, NumberValue.parseInt),
            .value(
                "health-start-interval", nil, "duration",
                "Time between running the check during the start period (ms|s|m|h) (default 5s)",
                \.request.health.startIntervalInNanoseconds, parse),
            .value(
                "health-start-period", nil, "duration",
                "Start period for the container to initialize before starting health-retries"
                    + " countdown (ms|s|m|h) (default 0s)",
                \.request.health.startPeriodInNanoseconds, parse),
            .setting(
                "health-tcp", nil, "port",
                "Check health by connecting to a port in the container's network",
                \.request.health.test, { ["TCP", $0] }),
            .value(
                "health-timeout", nil, "duration",
                "Maximum time to allow one check to run (ms|s|m|h) (default 30s)",
                \.request.health.timeoutInNanoseconds, parse),
        ]
    }

    private static func parse(_ text: String) throws(InvalidValue) -> Int64 {
        guard let time = GoDuration.nanoseconds(text) else {
            throw InvalidValue("'\(text)' is no duration", fix: "write 30s, 1m30s or 500ms")
        }
        return time
    }

    private static func parseAction(_ text: String) throws(InvalidValue) -> String {
        guard HealthRequest.actions.contains(text) else {
            throw InvalidValue(
                "invalid on-failure action '\(text)'",
                fix: "use one of \(HealthRequest.actions.joined(separator: ", "))")
        }
        return text
    }
}
