import Foundation
import OCI
import Testing

/// Containers whose root file system wants the runtime to wait, to read without end, or to obey.
@Suite(.enabled(if: isRoot)) struct HostileRootfsTests {
    /// Enters the container with a time limit; 137 is timeout(1)'s code for "it hangs".
    private func exec(
        _ bundle: RuntimeBundle, _ flags: String..., shell command: String
    ) throws -> Tool.Outcome {
        try Tool.start(
            ["timeout", "-s", "KILL", "60", RuntimeBundle.program, "--root", bundle.root, "exec"]
                + flags
                + [bundle.id, "sh", "-c", command]
        ).wait()
    }

    @Test func `a fifo as the list of users is not waited for`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        _ = try exec(bundle, shell: "rm /etc/passwd; mkfifo /etc/passwd")
        let outcome = try exec(bundle, shell: "echo $HOME")
        #expect(outcome.output == "/\n")
        #expect(outcome.errors.contains("/etc/passwd is no file"))
    }

    @Test(arguments: ["/dev/zero", "/proc/self/mem", "/dev/stdin", "/proc/self/fd/3"])
    func `a list of users that is a link to no file is not read`(target: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        _ = try exec(bundle, shell: "ln -sf \(target) /etc/passwd")
        #expect(try exec(bundle, shell: "echo $HOME").output == "/\n")
    }

    @Test func `an endless list of users is not read to its end`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        _ = try exec(bundle, shell: "truncate -s 1000G /etc/passwd || truncate -s 10G /etc/passwd")
        let outcome = try exec(bundle, shell: "echo $HOME")
        #expect(outcome.output == "/\n")
        #expect(outcome.errors.contains("MiB"))
    }

    @Test(arguments: ["mkfifo", "touch", "ln -s /dev/null", "ln -s ../../proc/self/fd/3"])
    func `a false multiplexer makes no terminal`(maker: String) throws {
        let bundle = try RuntimeBundle {
            // Nothing is mounted over the image's own devices.
            $0.mounts.removeAll { $0.destination.hasPrefix("/dev") }
        }
        try Tool.check(
            "sh", "-c", "mkdir \"$1\"; cd \"$1\"; \(maker) ptmx", "sh",
            bundle.folder.at("rootfs/dev/pts"))
        try bundle.startSleeping()
        let outcome = try exec(bundle, "-t", shell: "tty")
        #expect(outcome.exitCode == 255)
        #expect(outcome.errors.contains("not the multiplexer of a devpts"), "\(outcome)")
    }

    @Test func `a link as /dev/console is not followed`() throws {
        let bundle = try RuntimeBundle {
            $0.process?.terminal = true
            $0.mounts.removeAll { $0.destination == "/dev" }
        }
        try Tool.check("ln", "-s", "/etc/passwd", bundle.folder.at("rootfs/dev/console"))
        let outcome = try bundle.run(shell: "true")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("/dev/console (a symbolic link of the image)"))
    }

    @Test func `a container without its /proc and /dev is entered all the same`() throws {
        let bundle = try RuntimeBundle {
            let all = ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_CHOWN", "CAP_DAC_OVERRIDE"]
            $0.process?.capabilities = .init(bounding: all, effective: all, permitted: all)
            // What the runtime writes there must not go to the container's files.
            $0.linux?.namespaces.append(.init(type: .user))
            $0.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
            $0.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        }
        try Tool.check("chown", "-R", "100000:100000", bundle.folder.at("rootfs"))
        try bundle.startSleeping()
        let change = try exec(
            bundle,
            shell: """
                mount -t tmpfs none /dev && mount -t tmpfs none /proc && mkdir -p /proc/self/attr \
                    && for name in setgroups attr/exec; do mkfifo /proc/self/$name; done
                """)
        #expect(change.exitCode == 0, "\(change)")
        let outcome = try exec(bundle, shell: "id -u; ls /proc")
        #expect(outcome.output == "0\nself\n", "\(outcome)")
    }
}
