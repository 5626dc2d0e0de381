import Foundation
import OCI
import Testing

@Suite(.enabled(if: isRoot)) struct RuntimeNamespaceTests {
    @Test(arguments: RuntimeUnderTest.allCases)
    func `new namespaces are others than the host's`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        let names = ["pid", "net", "ipc", "uts", "mnt", "cgroup"]
        let outcome = try bundle.run(
            shell: "for n in \(names.joined(separator: " ")); do readlink /proc/self/ns/$n; done")
        #expect(outcome.lines.count == names.count)
        for (name, inside) in zip(names, outcome.lines) {
            #expect(try Tool.check("readlink", "/proc/self/ns/\(name)") != inside + "\n")
        }
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `an absent namespace is the host's`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) {
            $0.linux?.namespaces.removeAll { $0.type == .ipc }
        }
        let outcome = try bundle.run(shell: "readlink /proc/self/ns/ipc")
        #expect(try outcome.output == Tool.check("readlink", "/proc/self/ns/ipc"))
    }

    @Test func `without a mount namespace the mounts are the runtime's until the deletion`() throws
    {
        let bundle = try RuntimeBundle {
            $0.linux?.namespaces = [.init(type: .pid)]
            $0.hostname = nil
            $0.linux?.maskedPaths = ["/proc/version"]
            $0.root?.readonly = true
        }
        try bundle.startSleeping()
        let inside = try bundle.exec(
            shell: "readlink /proc/self/ns/mnt; pidof sleep; ls /; wc -c </proc/version; touch /x")
        #expect(
            try inside.lines.first == Tool.run("readlink", "/proc/self/ns/mnt").lines.first)
        #expect(inside.lines.dropFirst().first == "1")
        #expect(inside.lines.contains("home") && !inside.lines.contains("root"))
        #expect(inside.lines.last == "0")
        #expect(inside.errors.contains("Read-only file system"))
        #expect(try bundle.leftovers().contains { $0.contains("/rootfs/proc ") })
        #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
        #expect(try bundle.leftovers().isEmpty)

        // A creation that fails half-way takes its mounts back too.
        bundle.spec.process?.args = ["/no/such"]
        try bundle.write()
        #expect(try bundle.runtime("create", "-b", bundle.folder.path, bundle.id).exitCode == 1)
        #expect(try bundle.leftovers().isEmpty)
        #expect(try bundle.run(shell: "exit 3").exitCode == 3)
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `every kind of namespace is joined by its path`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        // runc and crun of Debian 12 have no time namespaces.
        let kinds: [(RuntimeSpec.Namespace.Kind, String)] =
            [(.ipc, "ipc"), (.uts, "uts"), (.network, "net"), (.pid, "pid"), (.cgroup, "cgroup")]
            + (runtime == .kade ? [(.time, "time")] : [])
        let first = try RuntimeBundle(for: runtime) { spec in
            spec.linux?.namespaces =
                [.init(type: .mount)] + kinds.map { RuntimeSpec.Namespace(type: $0.0) }
        }
        try first.startSleeping()
        let pid = try #require(try first.state()["pid"]?.int)
        let second = try RuntimeBundle(for: runtime) { spec in
            spec.hostname = nil
            spec.linux?.namespaces =
                [.init(type: .mount)]
                + kinds.map { RuntimeSpec.Namespace(type: $0.0, path: "/proc/\(pid)/ns/\($0.1)") }
        }
        let names = kinds.map { $0.1 }.joined(separator: " ")
        let script = "for n in \(names); do readlink /proc/self/ns/$n; done"
        let inside = try second.run(shell: script)
        #expect(inside.lines.count == kinds.count, "\(inside)")
        #expect(
            try inside.output
                == Tool.check("sh", "-c", "for n in \(names); do readlink /proc/\(pid)/ns/$n; done")
        )
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `namespaces of another container are joined by path`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let first = try RuntimeBundle(for: runtime) { $0.hostname = "first" }
        try first.startSleeping()
        let pid = try #require(try first.state()["pid"]?.int)
        let second = try RuntimeBundle(for: runtime) {
            $0.hostname = nil
            $0.linux?.namespaces = [
                .init(type: .mount), .init(type: .uts, path: "/proc/\(pid)/ns/uts"),
                .init(type: .pid, path: "/proc/\(pid)/ns/pid"),
                .init(type: .network, path: "/proc/\(pid)/ns/net"),
            ]
        }
        let outcome = try second.run(shell: "hostname; pidof sleep")
        #expect(outcome.lines == ["first", "1"])
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a path to a namespace of another kind is an error`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) {
            $0.hostname = nil
            $0.linux?.namespaces = [
                .init(type: .mount), .init(type: .uts, path: "/proc/self/ns/net"),
            ]
        }
        let outcome = try bundle.run(shell: "true")
        #expect(outcome.exitCode == 1)
        guard runtime == .kade else { return }
        #expect(outcome.errors.contains("it is a network namespace"))
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a user namespace maps the container's root to an ordinary user`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime, Self.withUserNamespace)
        let outcome = try bundle.run(
            shell: "id -u; cat /proc/self/uid_map; touch /dev/x; stat -c %u /dev/x")
        #expect(outcome.errors == "")
        #expect(outcome.lines.first == "0")
        #expect(outcome.lines.last == "0")
        #expect(outcome.output.contains("100000"))
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `exec enters the user namespace too`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime, Self.withUserNamespace)
        try bundle.startSleeping()
        let outcome = try bundle.exec(shell: "id -u; cat /proc/self/uid_map")
        #expect(outcome.errors == "")
        #expect(outcome.lines.first == "0")
        #expect(outcome.output.contains("100000"))
    }

    @Test func `a container joins the user namespace of another one`() throws {
        let first = try RuntimeBundle(Self.withUserNamespace)
        try first.startSleeping()
        let pid = try #require(try first.state()["pid"]?.int)
        let second = try RuntimeBundle { spec in
            spec.linux?.namespaces.append(.init(type: .user, path: "/proc/\(pid)/ns/user"))
        }
        let outcome = try second.run(shell: "readlink /proc/self/ns/user; echo $$")
        #expect(outcome.errors == "")
        #expect(
            try outcome.lines == [
                Tool.check("readlink", "/proc/\(pid)/ns/user").trimmingCharacters(in: .newlines),
                "1",
            ])
    }

    @Test func `names, kernel parameters and clocks are the container's`() throws {
        let bundle = try RuntimeBundle {
            $0.hostname = "inside"
            $0.domainname = "domain"
            $0.linux?.sysctl = ["net.ipv4.ip_forward": "1"]
            $0.linux?.namespaces.append(.init(type: .time))
            $0.linux?.timeOffsets = ["boottime": .init(secs: 10_000_000)]
        }
        let outcome = try bundle.run(
            shell: """
                hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward
                cut -d. -f1 /proc/uptime; cat /sys/class/net/lo/operstate
                """)
        #expect(outcome.lines.prefix(3) == ["inside", "domain", "1"])
        #expect(outcome.lines.count == 5)
        #expect(outcome.lines.count > 3 && (Int(outcome.lines[3]) ?? 0) > 10_000_000)
    }

    private static func withUserNamespace(_ spec: inout RuntimeSpec) {
        spec.linux?.namespaces.append(.init(type: .user))
        spec.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        spec.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
    }
}

/// Containers of a user without privileges.
@Suite(.enabled(if: isRoot)) struct RuntimeRootlessTests {
    @Test func `an ordinary user runs a container and enters it`() throws {
        let bundle = try RuntimeBundle {
            $0.linux?.namespaces.removeAll { $0.type == .network }
            $0.linux?.namespaces.append(.init(type: .user))
            $0.linux?.uidMappings = [.init(containerID: 0, hostID: 1234, size: 1)]
            $0.linux?.gidMappings = [.init(containerID: 0, hostID: 1234, size: 1)]
            $0.linux?.resources = nil
            $0.mounts.removeAll { $0.destination.hasPrefix("/sys") || $0.destination == "/dev/pts" }
            $0.process?.args = ["sleep", "1000"]
        }
        try bundle.write()
        let program = bundle.folder.at("kade-runtime")
        try Tool.check("cp", RuntimeBundle.program, program)
        try Tool.check("chown", "-R", "1234:1234", bundle.folder.path)
        let user = ["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", program]
        let root = ["--root", bundle.root]
        let run = try Tool.start(
            user + root + ["run", "--detach", "--bundle", bundle.folder.path, bundle.id]
        ).wait()
        #expect(run.exitCode == 0, "\(run.errors)")
        let inside = try Tool.start(
            user + root + [
                "exec", bundle.id, "sh", "-c", "id -u; cat /proc/self/uid_map; pidof sleep",
            ]
        ).wait()
        #expect(inside.errors == "")
        #expect(inside.lines.first == "0")
        #expect(inside.lines.last == "1")
        let deletion = try Tool.start(user + root + ["delete", "--force", bundle.id]).wait()
        #expect(deletion.exitCode == 0, "\(deletion.errors)")
        #expect(try bundle.leftovers().isEmpty)
    }
}
