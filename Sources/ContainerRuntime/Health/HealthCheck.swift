import OCI

/// How a container's monitor finds out whether the program works: `--health-*`.
package struct HealthCheck: Sendable, Equatable {
    package var test: Test
    /// The time between two checks.
    package var intervalInMilliseconds: Int64
    /// The time after which a check has failed.
    package var timeoutInMilliseconds: Int64
    /// The time after the start in which failures do not count, until one check succeeds.
    package var startPeriodInMilliseconds: Int64
    /// The time between two checks in that time.
    package var startIntervalInMilliseconds: Int64
    /// How many failures in a row make the container unhealthy.
    package var retries: Int
    package var onFailure: FailureAction

    package init(
        test: Test, intervalInMilliseconds: Int64, timeoutInMilliseconds: Int64,
        startPeriodInMilliseconds: Int64, startIntervalInMilliseconds: Int64, retries: Int,
        onFailure: FailureAction
    ) {
        self.test = test
        self.intervalInMilliseconds = intervalInMilliseconds
        self.timeoutInMilliseconds = timeoutInMilliseconds
        self.startPeriodInMilliseconds = startPeriodInMilliseconds
        self.startIntervalInMilliseconds = startIntervalInMilliseconds
        self.retries = retries
        self.onFailure = onFailure
    }

    /// What is tried.
    package enum Test: Sendable, Equatable {
        /// A command in the container succeeds.
        case command([String])
        /// A web server in the container answers with a status from 200 to 399.
        case http(HealthURL)
        /// Something in the container takes connections at a port.
        case tcp(port: UInt16)
    }

    /// What happens to a container that has become unhealthy.
    package enum FailureAction: String, Sendable, CaseIterable {
        /// Nothing: it is only said.
        case none
        /// It is killed; the restart policy decides what comes next.
        case kill
        /// It is stopped and started again, whatever its restart policy.
        case restart
        /// It is stopped, and stays so.
        case stop
    }

    /// How long to wait for the next check.
    package func waitInMilliseconds(
        _ status: HealthState.Status, afterStartInMilliseconds age: Int64
    ) -> Int64 {
        status == .starting && age < startPeriodInMilliseconds
            ? startIntervalInMilliseconds : intervalInMilliseconds
    }
}

extension HealthCheck {
    init?(_ json: JSONValue) {
        guard let test = Test(json) else { return nil }
        func time(_ name: String) -> Int64 { json[name]?.number?.integer() ?? 0 }
        self.init(
            test: test, intervalInMilliseconds: time("interval"),
            timeoutInMilliseconds: time("timeout"),
            startPeriodInMilliseconds: time("startPeriod"),
            startIntervalInMilliseconds: time("startInterval"),
            retries: json["retries"]?.int ?? 3,
            onFailure: json["onFailure"]?.string.flatMap(FailureAction.init(rawValue:)) ?? .none)
    }

    var json: JSONValue {
        var object: JSONObject = [
            "interval": .number(JSONNumber(intervalInMilliseconds)),
            "timeout": .number(JSONNumber(timeoutInMilliseconds)),
            "startPeriod": .number(JSONNumber(startPeriodInMilliseconds)),
            "startInterval": .number(JSONNumber(startIntervalInMilliseconds)),
            "retries": .number(JSONNumber(retries)), "onFailure": .string(onFailure.rawValue),
        ]
        switch test {
        case .command(let arguments): object["command"] = .array(arguments.map { .string($0) })
        case .http(let url): object["http"] = .string(url.text)
        case .tcp(let port): object["tcp"] = .number(JSONNumber(port))
        }
        return .object(object)
    }
}

extension HealthCheck.Test {
    fileprivate init?(_ json: JSONValue) {
        if let arguments = json["command"]?.array {
            self = .command(arguments.compactMap(\.string))
        } else if let url = json["http"]?.string.flatMap(HealthURL.init) {
            self = .http(url)
        } else if let port: UInt16 = json["tcp"]?.number?.integer() {
            self = .tcp(port: port)
        } else {
            return nil
        }
    }
}
