import Foundation
import OCI
import Testing

/// `mounts add` and `mounts remove`, which crun has since a version that Debian 12 lacks.
@Suite(.enabled(if: isRoot)) struct RuntimeMountsCommandTests {
    @Test(arguments: [false, true])
    func `a running container gets mounts, and loses them`(hasOwnUser: Bool) throws {
        let bundle = try RuntimeBundle {
            guard hasOwnUser else { return }
            $0.linux?.namespaces.append(.init(type: .user))
            $0.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
            $0.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        }
        if hasOwnUser { try Tool.check("chown", "-R", "100000:100000", bundle.folder.at("rootfs")) }
        try bundle.startSleeping()
        try bundle.folder.write("the host's", to: "data/file")
        let list = """
            [{"destination": "/data", "type": "bind", "source": "data", "options": ["rbind", "ro"]},
             {"destination": "/home/scratch", "type": "tmpfs", "source": "tmpfs",
              "options": ["size=64k", "ro", "mode=700"]},
             {"destination": "/etc/name", "source": "data/file", "options": ["bind"]}]
            """
        #expect(try bundle.mounts("add", list).errors == "")
        let inside = try bundle.exec(
            shell: """
                cat /data/file /etc/name
                touch /data/x /home/scratch/x
                grep -c -E ' (/data|/home/scratch|/etc/name) ' /proc/mounts
                """)
        #expect(inside.output == "the host'sthe host's3\n", "\(inside)")
        #expect(inside.errors.split(separator: "\n").count == 2, "\(inside)")
        #expect(inside.errors.contains("Read-only file system"))

        #expect(try bundle.mounts("remove", #"{"mounts": \#(list)}"#).errors == "")
        #expect(
            try bundle.exec(
                shell: "grep -c -E ' (/data|/home/scratch|/etc/name) ' /proc/mounts"
            ).output == "0\n")
        #expect(try bundle.mounts("remove", list).errors.contains("nothing is mounted there"))
        #expect(try bundle.runtime("delete", "--force", bundle.id).exitCode == 0)
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `where one fails those before it are taken away again`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try bundle.mounts(
            "add",
            """
            [{"destination": "/one", "type": "tmpfs", "source": "tmpfs"},
             {"destination": "/one/two", "type": "tmpfs", "source": "tmpfs"},
             {"destination": "/three", "type": "tmpfs", "source": "tmpfs", "options": ["size=much"]}]
            """)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("cannot mount tmpfs on /three"))
        #expect(try bundle.exec(shell: "grep -c /one /proc/mounts").output == "0\n")
    }

    @Test(arguments: [
        (#"[{"destination": "/proc/sys", "type": "tmpfs"}]"#, "inside /proc"),
        (#"[{"destination": "/way/sys", "type": "tmpfs"}]"#, "inside /proc"),
        (#"[{"destination": "/", "type": "tmpfs"}]"#, "the container's root stays as it is"),
        (#"[{"destination": "/a/..", "type": "tmpfs"}]"#, "the container's root stays as it is"),
        (#"[{"destination": "/c", "type": "cgroup"}]"#, "when a container is created"),
        (#"[{"destination": "/c"}]"#, "neither a type nor the option"),
        (#"[{"destination": "/c\u0000d", "type": "tmpfs"}]"#, "holds a zero byte"),
        (#"[{"destination": "/c", "source": "/nothing", "options": ["bind"]}]"#, "/nothing"),
        (#"{"mounts": 7}"#, "needs an array"), ("", "is cut off"),
    ])
    func `what cannot be mounted is refused`(list: String, complaint: String) throws {
        let bundle = try RuntimeBundle()
        try Tool.check("ln", "-s", "/proc", bundle.folder.at("rootfs/way"))
        try bundle.startSleeping()
        let before = try bundle.exec(shell: "cat /proc/mounts").output
        let outcome = try bundle.mounts("add", list)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
        #expect(try bundle.exec(shell: "cat /proc/mounts").output == before)
    }

    /// The container's own `/proc` is no way to what the runtime has open.
    @Test func `a false proc of the container leads nothing astray`() throws {
        let bundle = try RuntimeBundle {
            let all = ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]
            $0.process?.capabilities = .init(bounding: all, effective: all, permitted: all)
        }
        try bundle.startSleeping()
        let trap = try bundle.exec(
            shell: """
                mount -t tmpfs none /proc && mkdir -p /proc/self/fd /trap && cd /proc/self/fd &&
                    for n in $(seq 3 100); do ln -s /trap $n; done
                """)
        #expect(trap.exitCode == 0, "\(trap)")
        let list = #"[{"destination": "/here", "type": "tmpfs", "options": ["iversion"]}]"#
        #expect(try bundle.mounts("add", list).errors == "")
        let devices = "stat -c %d / /here /trap"
        let mounted = try bundle.exec(shell: devices).lines
        #expect(mounted.count == 3 && mounted[0] == mounted[2] && mounted[0] != mounted[1])
        #expect(try bundle.mounts("remove", list).errors == "")
        #expect(Set(try bundle.exec(shell: devices).lines).count == 1)
    }

    @Test func `only a container that runs has mounts to change`() throws {
        let bundle = try RuntimeBundle()
        _ = try bundle.run(shell: "true", "--keep")
        for action in ["add", "remove"] {
            #expect(try bundle.mounts(action, "[]").errors.contains("container not running"))
        }
        #expect(try bundle.mounts("change", "[]").errors.contains("it is add or remove"))
    }
}

extension RuntimeBundle {
    fileprivate func mounts(_ action: String, _ list: String) throws -> Tool.Outcome {
        try folder.write(list, to: "mounts.json")
        return try runtime("mounts", action, id, folder.at("mounts.json"))
    }
}
