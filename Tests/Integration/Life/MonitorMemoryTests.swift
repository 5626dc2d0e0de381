import Foundation
import Testing

/// What a container's monitor keeps in memory while it waits.
@Suite struct MonitorMemoryTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    @Test func `what a start takes of memory is never the monitor's`() throws {
        let file = kade.folder.at("environment")
        let line = String(repeating: "x", count: 20_000)
        try (0..<50).map { "V\($0)=\(line)\n" }.joined().write(
            toFile: file, atomically: true, encoding: .utf8)
        try kade.check("run", "-d", "--name", "small", "busybox", "sleep", "1000")
        try kade.check(
            "run", "-d", "--name", "large", "--env-file", file, "busybox", "sleep", "1000")
        let small = try peakInKiB(ofMonitorOf: "small")
        let large = try peakInKiB(ofMonitorOf: "large")
        // The configuration alone is a megabyte, and is taken apart for the start.
        #expect(large - small < 500, "\(small) and \(large) KiB")
    }

    @Test func `what has started a container is gone, also after a restart`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "on-failure:1", "busybox", "sh", "-c",
            "[ -e /ran ] && exec sleep 1000; touch /ran; exit 1")
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Running}}") == "1 true"
        }
        let monitor = try kade.monitor(of: "one")
        try kade.wait {
            let children = try String(
                contentsOfFile: "/proc/\(monitor)/task/\(monitor)/children", encoding: .utf8)
            return try children.trimmingCharacters(in: .whitespaces)
                == kade.inspect("one", "{{.State.Pid}}")
        }
    }

    private func peakInKiB(ofMonitorOf container: String) throws -> Int {
        let monitor = try kade.monitor(of: container)
        let status = try String(contentsOfFile: "/proc/\(monitor)/status", encoding: .utf8)
        let line = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
    }
}
