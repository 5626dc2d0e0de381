import Foundation
import OCI
import Testing

/// What the runtime has open on the host is no way out of a container (CVE-2024-21626).
@Suite(.enabled(if: isRoot)) struct DescriptorLeakTests {
    /// A spec for which init holds as much of the host open as it ever does: its `/proc`, a mount
    /// with mapped owners.
    private func change(_ spec: inout RuntimeSpec) {
        spec.linux?.sysctl = ["kernel.msgmax": "8192"]
        spec.mounts.append(
            .init(
                destination: "/mapped", source: "/usr/share", options: ["rbind", "idmap"],
                uidMappings: [.init(containerID: 0, hostID: 0, size: 10)],
                gidMappings: [.init(containerID: 0, hostID: 0, size: 10)]))
    }

    @Test func `no open directory of the host is a working directory of run`() throws {
        let bundle = try RuntimeBundle(change)
        for number in 3...16 {
            bundle.spec.process?.cwd = "/proc/self/fd/\(number)"
            let outcome = try bundle.run(shell: "pwd -P; ls ..")
            #expect(outcome.exitCode == 1, "\(number): \(outcome)")
            #expect(outcome.output.isEmpty)
        }
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `no open directory of the host is a working directory of exec`() throws {
        let bundle = try RuntimeBundle(change)
        try bundle.startSleeping()
        for number in 3...16 {
            let outcome = try bundle.exec(
                "--cwd", "/proc/self/fd/\(number)", shell: "pwd -P; ls ..")
            #expect(outcome.exitCode == 255, "\(number): \(outcome)")
            #expect(outcome.output.isEmpty)
        }
    }

    /// `/way` is a link of the image to descriptor 3, which the caller passes on to the program.
    @Test(arguments: ["/proc/self/fd/3", "/way", "/way/new", "/way/there"])
    func `not even one that the program inherits`(directory: String) throws {
        let bundle = try RuntimeBundle { $0.process?.cwd = directory }
        try Tool.check("ln", "-s", "/proc/self/fd/3", bundle.folder.at("rootfs/way"))
        try Tool.check("mkdir", "-p", bundle.folder.at("host/there"))
        try bundle.write(shell: "pwd -P")
        let outcome = try Tool.run(
            "sh", "-c", "exec 3<\"$1\"; shift; exec \"$@\"", "sh", bundle.folder.at("host"),
            RuntimeBundle.program, "--root", bundle.root, "run", "--preserve-fds", "1",
            "-b", bundle.folder.path, bundle.id)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("working directory"), "\(outcome)")
        #expect(try Tool.check("ls", bundle.folder.at("host")) == "there\n")
    }

    @Test(arguments: ["-1", "-9223372036854775808", "1048577", "9223372036854775807"])
    func `a number of descriptors that nobody has is refused`(number: String) throws {
        let bundle = try RuntimeBundle()
        let outcome = try bundle.run(shell: "true", "--preserve-fds", number)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("cannot pass \(number) descriptors on"), "\(outcome)")
    }

    @Test func `init is closed to its neighbours while it waits for the start`() throws {
        let neighbour = try RuntimeBundle()
        try neighbour.startSleeping()
        guard let pid = try neighbour.state()["pid"]?.int else {
            Issue.record("the container has no process")
            return
        }
        // The same user and capabilities, and a PID namespace for both, as the containers of a pod.
        let bundle = try RuntimeBundle {
            change(&$0)
            $0.linux?.namespaces.removeAll { $0.type == .pid }
            $0.linux?.namespaces.append(.init(type: .pid, path: "/proc/\(pid)/ns/pid"))
        }
        try bundle.write(shell: "true")
        #expect(try bundle.runtime("create", "-b", bundle.folder.path, bundle.id).exitCode == 0)
        let outcome = try neighbour.exec(
            shell: """
                for process in /proc/[0-9]*; do
                    [ "$(cat $process/comm)" = kade-runtime ] || continue
                    echo init
                    for file in $process/exe $process/root $process/fd/*; do
                        readlink $file
                        ls -d $file/.
                    done 2>/dev/null
                done
                """)
        #expect(outcome.output == "init\n", "\(outcome)")
    }
}
