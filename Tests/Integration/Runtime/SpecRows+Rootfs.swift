import OCI

extension SpecRow {
    static let rootfs: [SpecRow] =
        [
            .init(
                "root.readonly", with: .runc, .crun, shell: "touch /x 2> /dev/null || echo refused",
                shows: ["refused"]
            ) { $0.root?.readonly = true },
            .init(
                "linux.maskedPaths", with: .runc, .crun,
                shell: "wc -c < /etc/passwd; ls /home | wc -l", shows: ["0", "0"]
            ) { $0.linux?.maskedPaths = ["/etc/passwd", "/home"] },
            .init(
                "linux.readonlyPaths", with: .runc, .crun,
                shell: "touch /home/x 2> /dev/null || echo refused", shows: ["refused"]
            ) { $0.linux?.readonlyPaths = ["/home"] },
            .init(
                "linux.rootfsPropagation", with: .crun,
                shell: "awk '$5 == \"/\" { print ($7 ~ /^shared:/) }' /proc/self/mountinfo",
                shows: ["1"]
            ) { $0.linux?.rootfsPropagation = .shared },
            .init(
                "the default devices and links", with: .runc, .crun,
                shell: """
                    for name in null zero full random urandom tty; do
                        test -c /dev/$name && stat -c %a /dev/$name
                    done
                    for name in fd stdin stdout stderr ptmx; do readlink /dev/$name; done
                    """,
                shows: Array(repeating: "666", count: 6)
                    + ["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"]
                    + ["pts/ptmx"]
            ) { _ in },
            .init(
                "linux.devices", with: .runc, .crun,
                shell: "stat -c '%F %t,%T %a %u:%g' /dev/net-tun /dev/pipe",
                shows: ["character special file a,c8 640 1:2", "fifo 0,0 600 0:0"]
            ) {
                $0.linux?.devices = [
                    .init(
                        path: "/dev/net-tun", type: .character, major: 10, minor: 200,
                        fileMode: 0o640,
                        uid: 1, gid: 2),
                    .init(path: "/dev/pipe", type: .fifo, fileMode: 0o600, uid: 0, gid: 0),
                ]
            },
            .init(
                "linux.devices of block and unbuffered kind", with: .runc, .crun,
                shell: "stat -c '%F %t,%T %a' /dev/block /dev/raw",
                shows: ["block special file f0,9 660", "character special file a,ed 600"]
            ) {
                $0.linux?.devices = [
                    .init(path: "/dev/block", type: .block, major: 240, minor: 9, fileMode: 0o660),
                    .init(
                        path: "/dev/raw", type: .unbufferedCharacter, major: 10, minor: 237,
                        fileMode: 0o600),
                ]
            },
        ]
        + [("private", "-"), ("unbindable", "unbindable")].map { kind, shown in
            SpecRow(
                "linux.rootfsPropagation \(kind)", with: .crun,
                shell: "awk '$5 == \"/\" { print $7 }' /proc/self/mountinfo | sed 's/:.*//'",
                shows: [shown]
            ) { $0.linux?.rootfsPropagation = .init(rawValue: kind) }
        }

    static let mounts: [SpecRow] = [
        .init(
            "mounts[].options tmpcopyup", with: .runc, .crun,
            shell: "cat /etc/passwd | wc -l; grep -c ' /etc tmpfs' /proc/mounts",
            shows: ["2", "1"]
        ) {
            $0.mounts.append(
                .init(
                    destination: "/etc", type: "tmpfs", source: "tmpfs",
                    options: ["tmpcopyup"]))
        },
        .init(
            "mounts[].destination that is relative", with: .runc, .crun,
            shell: "grep -c ' /home tmpfs' /proc/mounts", shows: ["1"]
        ) {
            $0.mounts.append(
                .init(destination: "home", type: "tmpfs", source: "tmpfs", options: []))
        },
        .init(
            "mounts[].options for the file system", with: .runc, .crun,
            shell: "grep ' /home tmpfs' /proc/mounts | tr ' ,' '\\n\\n' | grep -E 'size|mode'",
            shows: ["size=1024k", "mode=700"]
        ) {
            $0.mounts.append(
                .init(
                    destination: "/home", type: "tmpfs", source: "tmpfs",
                    options: ["size=1m", "mode=700"]))
        },
        .init(
            "mounts[].uidMappings", shell: "stat -c %u:%g /home/ann", shows: ["5:6"]
        ) {
            // The rootfs's own /home/ann, which root owns outside.
            $0.mounts.append(
                .init(
                    destination: "/home", type: "bind", source: "rootfs/home",
                    options: ["bind"], uidMappings: [.init(containerID: 0, hostID: 5, size: 1)],
                    gidMappings: [.init(containerID: 0, hostID: 6, size: 1)]))
        },
        .init(
            "mounts in their order, and a source of the bundle", with: .runc, .crun,
            shell: "ls /home /home/below", shows: ["/home:", "below", "/home/below:", "passwd"]
        ) {
            $0.mounts += [
                .init(destination: "/home", type: "tmpfs", source: "tmpfs"),
                .init(
                    destination: "/home/below", type: "bind", source: "rootfs/etc",
                    options: ["bind"]),
            ]
        },
        .init(
            "mounts[].options idmap", shell: "stat -c %u:%g /tmp/data/ann",
            shows: ["0:0"]
        ) {
            withUserNamespace(&$0)
            $0.mounts.append(
                .init(
                    destination: "/tmp/data", type: "bind", source: "rootfs/home",
                    options: ["rbind", "idmap"]))
        },
        .init("mounts[].options ridmap", shell: "stat -c %u:%g /tmp/data/ann", shows: ["0:0"]) {
            withUserNamespace(&$0)
            $0.mounts.append(
                .init(
                    destination: "/tmp/data", type: "bind", source: "rootfs/home",
                    options: ["rbind", "ridmap"]))
        },
    ]

    private static func withUserNamespace(_ spec: inout RuntimeSpec) {
        spec.linux?.namespaces.append(.init(type: .user))
        spec.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        spec.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        // The bundle's files are root's outside, and no place for mounts can be made among them.
        spec.mounts.insert(
            .init(destination: "/tmp", type: "tmpfs", source: "tmpfs"), at: 0)
    }
}
