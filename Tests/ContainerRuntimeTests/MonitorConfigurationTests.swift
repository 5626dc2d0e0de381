import ContainerRuntime
import OCI
import Testing

@Suite struct MonitorConfigurationTests {
    @Test(arguments: [
        RestartPolicy.no, .always, .unlessStopped, .onFailure(maximumRetries: 5),
    ])
    func `monitor.json comes back as it was written`(restart: RestartPolicy) throws {
        var configuration = MonitorConfiguration(
            id: "4f2a", bundle: "/b", runtimeRoot: "/r", socket: "/s.sock",
            mounts: [.init(at: "", lower: ["/l2", "/l1"], upper: "/u", work: "/w")],
            hasTerminal: true, isInputOpen: true, endsInputWithClient: false,
            log: .files(
                LogFiles(
                    path: "/log.json", format: .json(attributes: ["a": "b"]),
                    maxSizeInBytes: 1 << 40, maxFiles: 3, compressor: "/bin/gzip")),
            restart: restart, restartCount: 4, stopSignal: 3, stopTimeoutInMilliseconds: -1,
            exitCommand: ["/bin/kade", "container", "cleanup"], recordsSteps: true)
        configuration.pidFile = "/run/pid"
        configuration.timeLimitInMilliseconds = 5000
        configuration.sources = [
            .init(
                name: "volume data",
                kind: .fileSystem(
                    .init(type: "tmpfs", device: "tmpfs", options: ["size=1m"], holders: "/h")),
                subpath: nil),
            .init(name: "volume more", kind: .directory("/v"), subpath: "a/b"),
            .init(
                name: "image i",
                kind: .overlay(.init(at: "", lower: ["/l"], upper: nil, work: nil)), subpath: "etc"),
            .init(
                name: "secret", kind: .secret(.init(path: "/s", user: 1, group: 2, mode: 0o400)),
                subpath: nil),
        ]
        configuration.sources[0].filledFrom = "/data"
        #expect(
            try MonitorConfiguration(json: configuration.json(), named: "monitor.json")
                == configuration)
    }
}

@Suite struct RestartPolicyTests {
    @Test(arguments: [
        (RestartPolicy.no, Int32(1), 0, false), (.always, 0, 99, true),
        (.onFailure(maximumRetries: 2), 0, 0, false), (.onFailure(maximumRetries: 2), 1, 1, true),
        (.onFailure(maximumRetries: 2), 1, 2, false), (.onFailure(maximumRetries: 0), 1, 99, true),
    ])
    func `a program runs again as its policy says`(
        policy: RestartPolicy, exitCode: Int32, count: Int, expected: Bool
    ) {
        #expect(
            policy.runsAgain(exitCode: exitCode, restartCount: count, wasStopped: false)
                == expected)
        #expect(!policy.runsAgain(exitCode: exitCode, restartCount: count, wasStopped: true))
    }

    @Test func `waits double up to a minute, and a long run starts anew`() {
        var backoff = RestartBackoff()
        let waits = (0..<12).map { _ in backoff.wait(afterRunOfMilliseconds: 5) }
        #expect(waits.prefix(4) == [100, 200, 400, 800])
        #expect(waits.last == 60_000)
        #expect(backoff.wait(afterRunOfMilliseconds: 10_000) == 100)
    }
}
