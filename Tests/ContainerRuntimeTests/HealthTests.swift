import OCI
import Testing

@testable import ContainerRuntime

@Suite struct HealthTests {
    private func check(startPeriod: Int64 = 0, retries: Int = 2) -> HealthCheck {
        HealthCheck(
            test: .command(["true"]), intervalInMilliseconds: 30_000,
            timeoutInMilliseconds: 1000, startPeriodInMilliseconds: startPeriod,
            startIntervalInMilliseconds: 500, retries: retries, onFailure: .none)
    }

    private func result(_ code: Int32) -> HealthState.Result {
        .init(start: "a", end: "b", exitCode: code, output: "")
    }

    private func state(_ codes: [Int32], startPeriod: Int64 = 0, age: Int64 = 0) -> HealthState {
        var state = HealthState()
        for code in codes {
            state.take(
                result(code), of: check(startPeriod: startPeriod), afterStartInMilliseconds: age)
        }
        return state
    }

    @Test(
        arguments: [
            ([], HealthState.Status.starting, 0), ([1], .starting, 1), ([1, 1], .unhealthy, 2),
            ([0], .healthy, 0), ([0, 1], .healthy, 1), ([0, 1, -1], .unhealthy, 2),
            ([1, 1, 0], .healthy, 0), ([1, 0, 1], .healthy, 1),
        ] as [([Int32], HealthState.Status, Int)])
    func `so many failures in a row are unhealthy, one success is healthy`(
        codes: [Int32], status: HealthState.Status, streak: Int
    ) {
        #expect(state(codes).status == status)
        #expect(state(codes).failingStreak == streak)
    }

    @Test func `failures of the start period do not count until one check succeeds`() {
        #expect(state([1, 1, 1], startPeriod: 1000, age: 999).status == .starting)
        #expect(state([1, 1, 1], startPeriod: 1000, age: 1000).status == .unhealthy)
        #expect(state([0, 1, 1], startPeriod: 1000, age: 999).status == .unhealthy)
    }

    @Test func `the last five results are kept`() {
        #expect(state([1, 2, 3, 4, 5, 6]).log.map(\.exitCode) == [2, 3, 4, 5, 6])
    }

    @Test func `the start period has an interval of its own`() {
        let check = check(startPeriod: 1000)
        #expect(check.waitInMilliseconds(.starting, afterStartInMilliseconds: 999) == 500)
        #expect(check.waitInMilliseconds(.starting, afterStartInMilliseconds: 1000) == 30_000)
        #expect(check.waitInMilliseconds(.healthy, afterStartInMilliseconds: 0) == 30_000)
    }

    @Test func `an outcome survives as an exit code, and any other code is none`() {
        for status in [HealthState.Status.starting, .healthy, .unhealthy, nil] {
            for (hasSucceeded, isNew) in [
                (false, false), (false, true), (true, false), (true, true),
            ] {
                let outcome = HealthOutcome(
                    hasSucceeded: hasSucceeded, status: status, isNew: isNew)
                #expect(HealthOutcome(exitCode: outcome.exitCode) == outcome)
            }
        }
        for code: Int32 in [0, 1, 63, 80, 127, 137] {
            #expect(
                HealthOutcome(exitCode: code)
                    == HealthOutcome(hasSucceeded: false, status: nil, isNew: false))
        }
    }

    @Test func `a state comes back as it was`() throws {
        let state = state([0, 1])
        #expect(try HealthState(json: state.json(), named: "health.json") == state)
    }

    @Test(
        arguments: [
            ("http://localhost", "localhost", 80, "/"),
            ("http://localhost:8080/health?a=b#c", "localhost", 8080, "/health?a=b"),
            ("http://10.0.0.2:1/", "10.0.0.2", 1, "/"), ("http://[::1]:8080/x", "::1", 8080, "/x"),
            ("http://[fe80::1]", "fe80::1", 80, "/"),
            ("http://127.0.0.1?q", "127.0.0.1", 80, "/?q"),
        ] as [(String, String, UInt16, String)])
    func `an address has a host, a port and a path`(
        text: String, host: String, port: UInt16, target: String
    ) {
        let url = HealthURL(text)
        #expect(url?.host == host)
        #expect(url?.port == port)
        #expect(url?.target == target)
        #expect(url.flatMap { HealthURL($0.text) } == url)
    }

    @Test(arguments: [
        "https://localhost/", "http://", "http://example.org/", "http://localhost:0/",
        "http://localhost:65536/", "http://localhost:x/", "http://localhost/a b", "localhost:80",
        "http://localhost/\r\nX: y",
    ])
    func `what the monitor cannot ask is none`(text: String) {
        #expect(HealthURL(text) == nil)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK", 200), ("HTTP/1.0 503", 503), ("HTTP/2 200", nil),
            ("SSH-2.0-x", nil),
            ("HTTP/1.1 20 OK", nil), ("", nil),
        ] as [(String, Int?)])
    func `a status line has a code`(line: String, code: Int?) {
        #expect(HTTPStatusLine.code(of: line) == code)
    }
}
