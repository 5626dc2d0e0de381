import OCI
import Testing

@testable import Engine

@Suite struct StateTests {
    @Test func `the state follows from the monitor's file and the kernel`() throws {
        let start = Timestamp(nanosecondsSinceEpoch: 1_000_000_000)
        let dead = ProcessTruth(isMonitorAlive: false, isFrozen: false)
        let alive = ProcessTruth(isMonitorAlive: true, isFrozen: false)
        let frozen = ProcessTruth(isMonitorAlive: true, isFrozen: true)
        #expect(ContainerState(lifecycle: nil, truth: dead) == .created)
        let running = try lifecycle("running")
        #expect(
            ContainerState(lifecycle: running, truth: alive) == .running(pid: 7, since: start))
        #expect(
            ContainerState(lifecycle: running, truth: frozen) == .paused(pid: 7, since: start))
        #expect(
            ContainerState(lifecycle: running, truth: dead)
                == .exited(code: 255, at: start, isOutOfMemory: false))
        let ended = Timestamp(nanosecondsSinceEpoch: 2_000_000_000)
        #expect(
            ContainerState(lifecycle: try lifecycle("exited"), truth: dead)
                == .exited(code: 3, at: ended, isOutOfMemory: true))
        #expect(
            ContainerState(lifecycle: try lifecycle("restarting"), truth: alive)
                == .restarting(code: 3, at: ended))
        #expect(
            ContainerState(lifecycle: try lifecycle("restarting"), truth: dead)
                == .exited(code: 3, at: ended, isOutOfMemory: true))
        let failed = ContainerState(lifecycle: try lifecycle("failed"), truth: dead)
        #expect(failed.word == "created")
        #expect(failed.exitCode == 3)
    }

    @Test(
        arguments: [
            (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"),
            (120, "2 minutes"), (3600, "About an hour"), (7200, "2 hours"), (172_800, "2 days"),
            (1_296_000, "2 weeks"), (6_048_000, "2 months"), (69_120_000, "2 years"),
        ] as [(Int64, String)])
    func `spans of time have Docker's words`(seconds: Int64, text: String) {
        let start = Timestamp(nanosecondsSinceEpoch: 0)
        let end = Timestamp(nanosecondsSinceEpoch: seconds * 1_000_000_000)
        #expect(elapsedText(from: start, to: end) == text)
    }

    @Test(arguments: [
        "1970-01-01T00:00:00Z", "2026-02-28T23:59:59.123456789Z", "2024-02-29T12:00:00.5Z",
        "1969-12-31T23:59:59.9Z",
    ])
    func `times survive their text`(text: String) throws {
        #expect(try #require(Timestamp(rfc3339: text)).rfc3339 == text)
    }

    @Test func `zones are taken into account, and nonsense is refused`() {
        #expect(
            Timestamp(rfc3339: "2026-01-01T01:30:00+01:30")
                == Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        for text in ["", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "x"] {
            #expect(Timestamp(rfc3339: text) == nil, "\(text)")
        }
    }

    private func lifecycle(_ status: String) throws -> Lifecycle {
        try Lifecycle(
            json: [
                "status": .string(status), "pid": 7, "pidStartTime": 1, "monitorPid": 8,
                "monitorStartTime": 1, "bootID": "b", "startedAt": "1970-01-01T00:00:01Z",
                "finishedAt": status == "running" ? nil : "1970-01-01T00:00:02Z", "exitCode": 3,
                "oomKilled": true, "restartCount": 0,
            ], named: "test")
    }
}
