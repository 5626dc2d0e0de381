import Foundation
import OCI
import Testing

/// `linux.cgroupsPath` on a machine of version 1; the guest has version 2.
@Suite(.enabled(if: isRoot)) struct RuntimeCgroupPathTests {
    @Test(arguments: ["/", ""], RuntimeUnderTest.allCases)
    func `a container is where its path says, in every hierarchy that limits`(
        prefix: String, runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) {
            $0.linux?.namespaces.removeAll { $0.type == .cgroup }
        }
        bundle.spec.linux?.cgroupsPath = "\(prefix)path-\(bundle.id)"
        let outcome = try bundle.run(
            shell:
                "grep -E ':(memory|pids|devices|freezer|cpuset):' /proc/self/cgroup | cut -d: -f3")
        #expect(outcome.lines.count == 5, "\(outcome)")
        let path = "/path-\(bundle.id)"
        // To runc a relative path begins at its own cgroup.
        let isBelow = prefix.isEmpty && runtime == .runc
        #expect(
            outcome.lines.allSatisfy { isBelow ? $0.hasSuffix(path) : $0 == path }, "\(outcome)")
        let left = try Tool.run("find", "/sys/fs/cgroup", "-name", "path-\(bundle.id)")
        #expect(left.output == "")
    }

    @Test func `a cgroup that holds a process is refused, and stays as it was`() throws {
        let bundle = try RuntimeBundle()
        let directory = "/sys/fs/cgroup/pids/taken-\(bundle.id)"
        try Tool.check("mkdir", directory)
        let sleeper = try Tool.start(["sleep", "1000"])
        let process = "\(sleeper.process.processIdentifier)"
        try Tool.check("sh", "-c", "echo \(process) > \(directory)/cgroup.procs")
        bundle.spec.linux?.cgroupsPath = "/taken-\(bundle.id)"
        let outcome = try bundle.run(shell: "echo ran")
        #expect(outcome.exitCode == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("it exists and holds 1 process"), "\(outcome)")
        #expect(try Tool.check("cat", "\(directory)/cgroup.procs") == "\(process)\n")
        sleeper.signal(SIGKILL)
        _ = try sleeper.wait()
        #expect(try bundle.run(shell: "echo ran").output == "ran\n")
        _ = try Tool.run("rmdir", directory)  // it is gone: what is empty becomes the container's
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func `so is one that is frozen`() throws {
        let bundle = try RuntimeBundle()
        let directory = "/sys/fs/cgroup/freezer/cold-\(bundle.id)"
        try Tool.check("mkdir", directory)
        try Tool.check("sh", "-c", "echo FROZEN > \(directory)/freezer.state")
        bundle.spec.linux?.cgroupsPath = "/cold-\(bundle.id)"
        let outcome = try bundle.run(shell: "echo ran")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("it exists and is frozen"), "\(outcome)")
        try Tool.check("rmdir", directory)
    }
}
