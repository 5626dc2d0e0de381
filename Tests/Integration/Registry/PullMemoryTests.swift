import Foundation
import Testing

/// What a pull needs of memory.
@Suite struct PullMemoryTests {
    @Test(arguments: ["directory", "auto"] + (canShareFiles ? ["composefs"] : []))
    func `it is small however large the layers are`(snapshotter: String) throws {
        let folder = try TemporaryFolder()
        let images = try TestImages()
        let names = ["one", "two", "three"]
        for name in names {
            try TestImages.tree(in: folder, named: name, sizeInBytes: 60_000_000)
        }
        try images.add(.init(trees: names.map { folder.at($0) }), as: "it")
        let registry = try TestRegistry()
        try registry.push(images, "it", to: "a/b:it")
        let running = try Pull.start(
            "\(registry.authority)/a/b:it", into: folder.at("data"),
            environment: ["KADE_SNAPSHOTTER": snapshotter])
        var peakInKilobytes = 0
        while running.process.isRunning {
            peakInKilobytes = max(peakInKilobytes, Self.peak(of: running.process.processIdentifier))
            usleep(2_000)
        }
        let pull = try Pull(running.wait())
        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        #expect(peakInKilobytes > 0)
        #expect(peakInKilobytes < 64 << 10, "\(peakInKilobytes) kB")
    }

    /// The most that a process has had of memory; 0 when it has ended.
    private static func peak(of pid: pid_t) -> Int {
        let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
