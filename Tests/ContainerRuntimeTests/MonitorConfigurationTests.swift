import ContainerRuntime
import OCI
import Testing

@Suite struct MonitorConfigurationTests {
    @Test(arguments: [
        RestartPolicy.no, .always, .unlessStopped, .onFailure(maximumRetries: 5),
    ])
    func `monitor.json comes back as it was written`(restart: RestartPolicy) throws {
        let configuration = MonitorConfiguration(
            id: "4f2a", bundle: "/b", runtimeRoot: "/r", socket: "/s.sock",
            mounts: [.init(at: "", lower: ["/l2", "/l1"], upper: "/u", work: "/w")],
            hasTerminal: true, isInputOpen: true, endsInputWithClient: false,
            log: .jsonFile(path: "/log.json", maxSizeInBytes: 1 << 40, maxFiles: 3),
            restart: restart, restartCount: 4, stopSignal: 3, stopTimeoutInMilliseconds: -1,
            exitCommand: ["/bin/kade", "container", "cleanup"], recordsSteps: true)
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

@Suite struct LogLinesTests {
    @Test func `lines are cut at newlines, across reads`() {
        var lines = LogLines(stream: "stdout")
        #expect(lines.take(Array("a\nb".utf8), at: "T") == entry("a\\n"))
        #expect(lines.take(Array("c\n".utf8), at: "T") == entry("bc\\n"))
        #expect(lines.finish(at: "T").isEmpty)
    }

    @Test func `a long line is kept in parts, a last one without newline at the end`() {
        var lines = LogLines(stream: "stdout")
        let long = [UInt8](repeating: 0x78, count: LogLines.maximumInBytes + 3)
        let part = String(repeating: "x", count: LogLines.maximumInBytes)
        #expect(lines.take(long, at: "T") == entry(part))
        #expect(lines.finish(at: "T") == entry("xxx"))
    }

    private func entry(_ text: String) -> [UInt8] {
        Array("{\"log\":\"\(text)\",\"stream\":\"stdout\",\"time\":\"T\"}\n".utf8)
    }
}
