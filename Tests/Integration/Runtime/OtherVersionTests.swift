import Foundation
import OCI
import Testing

/// Containers that an earlier or a newer Kade has made.
@Suite(.enabled(if: isRoot)) struct OtherVersionTests {
    let bundle: RuntimeBundle

    init() throws {
        bundle = try RuntimeBundle()
        try bundle.startSleeping()
    }

    private var stateFile: String { "root/\(bundle.id)/state.json" }

    /// Puts a member into the state.
    private func add(_ member: String) throws {
        let text = try bundle.folder.text(stateFile)
        try bundle.folder.write("{" + member + "," + text.dropFirst(), to: stateFile)
    }

    @Test func `the configuration of an earlier version is in a file of its own`() throws {
        let parts = try bundle.folder.text(stateFile)
            .split(separator: "\n", maxSplits: 1).map(String.init)
        try bundle.folder.write(parts[0], to: stateFile)
        try bundle.folder.write(parts[1], to: "root/\(bundle.id)/config.json")
        #expect(try bundle.runtime("list").output.contains(bundle.id))
        #expect(try bundle.state()["status"]?.string == "running")
        #expect(try bundle.exec(shell: "echo entered").output == "entered\n")
        let update = try bundle.runtime("update", "--pids-limit", "50", bundle.id)
        #expect(update.exitCode == 0, "\(update)")
        #expect(try bundle.folder.text(stateFile).contains("\n"))
        #expect(try bundle.exec(shell: "echo again").output == "again\n")
        #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a newer version's container is left alone, but for its end`() throws {
        let pid = try #require(try bundle.state()["pid"]?.int)
        try add(#""format":7"#)
        for command in ["state", "start", "kill", "pause", "ps", "delete"] {
            let outcome = try bundle.runtime(command, bundle.id)
            #expect(outcome.exitCode == 1, "\(command)")
            #expect(outcome.errors.contains("a newer kade-runtime keeps it"), "\(outcome)")
            #expect(outcome.errors.contains("delete --force \(bundle.id)"), "\(outcome)")
        }
        #expect(try bundle.exec(shell: "true").errors.contains("a newer kade-runtime keeps it"))
        let list = try bundle.runtime("list")
        #expect(list.exitCode == 0 && list.errors.contains(bundle.id), "\(list)")
        #expect(FileManager.default.fileExists(atPath: "/proc/\(pid)/ns/pid"))
        let deleted = try bundle.runtime("delete", "--force", bundle.id)
        #expect(deleted.exitCode == 0, "\(deleted)")
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a configuration that cannot be read does not keep a container`() throws {
        let text = try bundle.folder.text(stateFile)
        try bundle.folder.write(text.prefix { $0 != "\n" } + "\n{\"hooks\": 7}", to: stateFile)
        kill(pid_t(try #require(try bundle.state()["pid"]?.int)), SIGKILL)
        try bundle.waitUntilStopped()
        #expect(try bundle.runtime("delete", bundle.id).exitCode == 1)
        let outcome = try bundle.runtime("delete", "--force", bundle.id)
        #expect(outcome.exitCode == 0 && outcome.errors.contains("hooks"), "\(outcome)")
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `one that is removed unread may have left something, which is said`() throws {
        try bundle.folder.write("{", to: "root/torn/state.json")
        let outcome = try bundle.runtime("delete", "--force", "torn")
        #expect(outcome.exitCode == 0)
        #expect(outcome.errors.contains("its processes may be left"), "\(outcome)")
        #expect(outcome.errors.contains("find /sys/fs/cgroup -name '*torn*'"), "\(outcome)")
    }
}
