import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

/// The steps that build a container's root, run for real on a thread in its own mount namespace.
@Suite(.enabled(if: isRoot)) struct RootfsTests {
    static let everyday: [RuntimeSpec.Mount] = [
        .init(destination: "/proc", type: "proc", source: "proc"),
        .init(
            destination: "/dev", type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        .init(
            destination: "/dev/pts", type: "devpts", source: "devpts",
            options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        .init(
            destination: "/dev/shm", type: "tmpfs", source: "shm",
            options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        .init(
            destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
            options: ["nosuid", "noexec", "nodev"]),
        .init(
            destination: "/sys", type: "sysfs", source: "sysfs",
            options: ["nosuid", "noexec", "nodev", "ro"]),
    ]

    /// Builds a root from a spec and runs a body inside it.
    static func inRootfs(
        mounts: [RuntimeSpec.Mount] = everyday, linux: RuntimeSpec.Linux = RuntimeSpec.Linux(),
        readonly: Bool = false, usesPivotRoot: Bool = true,
        preparing prepareBundle: @Sendable @escaping (FilePath) throws -> Void = { _ in },
        _ body: @Sendable @escaping (borrowing SetupContext) throws -> Void
    ) throws {
        try withPrivateMounts { bundle in
            let rootfs = bundle.appending("rootfs")
            try Directory.make(rootfs, permissions: .directoryDefault)
            try prepareBundle(bundle)
            var linux = linux
            linux.namespaces.append(.init(type: .mount))
            let spec = RuntimeSpec(
                ociVersion: "1.2.0", root: .init(path: "rootfs", readonly: readonly),
                mounts: mounts, linux: linux)
            let plan = try RootfsPlan(
                RootfsPlan.Input(
                    spec: spec, bundle: bundle, rootfs: rootfs, cgroup: nil, host: HostFacts(),
                    usesPivotRoot: usesPivotRoot))
            var context = SetupContext(containerID: "test", bundle: bundle, rootfs: rootfs)
            for step in plan.prepare + plan.settle + plan.enter + plan.seal {
                try step.run(in: &context)
            }
            try body(context)
        }
    }

    private static func refusal(_ body: () throws(SystemCallError) -> Void) -> Errno? {
        do throws(SystemCallError) {
            try body()
            return nil
        } catch {
            return error.errno
        }
    }

    @Test(arguments: [true, false])
    func `the everyday mounts and devices are there and the host is not`(
        usesPivotRoot: Bool
    ) throws {
        try Self.inRootfs(usesPivotRoot: usesPivotRoot) { _ in
            let names = try Directory.list("/").map(\.name.string).sorted()
            #expect(names == ["dev", "proc", "sys"])
            let null = try FileStatus(of: "/dev/null")
            #expect(null.device == DeviceNumber(major: 1, minor: 3))
            #expect(null.permissions == 0o666)
            #expect(try Link.target(of: "/dev/ptmx") == "pts/ptmx")
            #expect(try Link.target(of: "/dev/stdin") == "/proc/self/fd/0")
            let multiplexer = try OwnedFD.open(
                "/dev/ptmx", [.readWrite, .noControllingTerminal])
            #expect(try PseudoTerminal(adopting: multiplexer).number == 0)
            #expect(try FileStatus(of: "/dev/shm").permissions == 0o1777)
            try File.create("/dev/shm/x", content: [], permissions: .ownerReadWrite)
            #expect(try WorkingDirectory.path() == "/")
            let refusal = Self.refusal { () throws(SystemCallError) in
                try File.create("/sys/x", content: [], permissions: .ownerReadWrite)
            }
            #expect(refusal == .readOnlyFileSystem)
            let table = try File.readText("/proc/thread-self/mountinfo")
            if usesPivotRoot { #expect(table.split(separator: "\n").count == 7) }
        }
    }

    @Test func `masked and read-only paths cannot be read or written`() throws {
        let linux = RuntimeSpec.Linux(
            maskedPaths: ["/proc/keys", "/proc/scsi", "/sys/firmware", "/proc/tty", "/nowhere"],
            readonlyPaths: ["/proc/sys", "/nowhere"])
        try Self.inRootfs(linux: linux, readonly: true) { (_) throws in
            #expect(try File.read("/proc/keys").isEmpty)
            #expect(try Directory.list("/proc/tty").isEmpty)
            #expect(try Directory.list("/sys/firmware").isEmpty)
            let refusals = ["/proc/sys/vm/drop_caches", "/x", "/proc/tty/x"].map { path in
                Self.refusal { () throws(SystemCallError) in
                    _ = try OwnedFD.open(
                        FilePath(path), [.writeOnly, .create], permissions: .ownerReadWrite)
                }
            }
            #expect(refusals == Array(repeating: .readOnlyFileSystem, count: 3))
        }
    }

    @Test func `a false null device masks nothing and stops the container`() throws {
        let linux = RuntimeSpec.Linux(maskedPaths: ["/proc/keys"])
        let problem = #expect(throws: Problem.self) {
            try Self.inRootfs(
                mounts: [.init(destination: "/proc", type: "proc")], linux: linux,
                preparing: { bundle in
                    let dev = bundle.appending("rootfs/dev")
                    try Directory.make(dev, permissions: .directoryDefault)
                    try Link.makeSymbolic(at: dev.appending("null"), to: "/proc/sysrq-trigger")
                }
            ) { _ in }
        }
        #expect(problem?.what == "cannot make the device /dev/null")
    }

    @Test func `binds are made, of files too, with their own flags`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(destination: "/a/b", source: "source", options: ["rbind", "ro", "nosuid"]),
            .init(destination: "/etc/file", source: "source/file", options: ["bind"]),
            .init(destination: "/tree", source: "source", options: ["rbind", "rro"]),
            .init(destination: "/half", source: "source", options: ["rbind", "ro"]),
        ]
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                let inner = bundle.appending("source/inner")
                try Directory.makeAll(inner, permissions: .directoryDefault)
                try File.create(
                    bundle.appending("source/file"), content: Array("text".utf8),
                    permissions: .ownerReadWrite)
                try Mount.mount("tmpfs", at: inner, type: "tmpfs", [], data: "")
            }
        ) { (_) throws in
            #expect(try File.readText("/etc/file") == "text")
            try File.write("more", into: "/etc/file")
            #expect(try File.readText("/a/b/file") == "more")
            let refusals = ["/a/b/x", "/tree/x", "/tree/inner/x", "/half/inner/x"].map { path in
                Self.refusal { () throws(SystemCallError) in
                    try File.create(FilePath(path), content: [], permissions: .ownerReadWrite)
                }
            }
            #expect(
                refusals == [
                    .readOnlyFileSystem, .readOnlyFileSystem, .readOnlyFileSystem, nil,
                ])
        }
    }

    @Test func `a destination through a link stays in the rootfs`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(destination: "/link/data", type: "tmpfs", options: ["size=1m"])
        ]
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                let rootfs = bundle.appending("rootfs")
                try Directory.make(rootfs.appending("etc"), permissions: .directoryDefault)
                try Link.makeSymbolic(at: rootfs.appending("link"), to: "../../../etc")
            }
        ) { (_) throws in
            try File.create("/etc/data/x", content: [], permissions: .ownerReadWrite)
            let status = try FileSystemStatus(of: OwnedFD.open("/etc/data", .path))
            #expect(status.type == FileSystemStatus.tmpfs)
        }
    }

    @Test(arguments: ["/proc/sys", "/innocent/sys", "/proc/self/attr"])
    func `nothing is mounted inside /proc, also through a link`(destination: String) throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(destination: "/proc", type: "proc"),
            .init(destination: destination, type: "tmpfs"),
        ]
        let problem = #expect(throws: Problem.self) {
            try Self.inRootfs(
                mounts: mounts,
                preparing: { bundle in
                    try Link.makeSymbolic(at: bundle.appending("rootfs/innocent"), to: "/proc")
                }
            ) { _ in }
        }
        #expect(problem?.why.contains("inside /proc") == true)
    }

    @Test(arguments: ["proc", "sysfs"])
    func `the image cannot send proc and sysfs elsewhere`(type: String) throws {
        let problem = #expect(throws: Problem.self) {
            try Self.inRootfs(
                mounts: [.init(destination: "/place", type: type)],
                preparing: { bundle in
                    let rootfs = bundle.appending("rootfs")
                    try Directory.make(rootfs.appending("other"), permissions: .directoryDefault)
                    try Link.makeSymbolic(at: rootfs.appending("place"), to: "other")
                }
            ) { _ in }
        }
        #expect(problem?.why.contains("symbolic link of the image") == true)
    }

    @Test func `a tmpfs has the permissions of what it covers`() throws {
        let mounts = ["/old", "/new"].map {
            RuntimeSpec.Mount(destination: $0, type: "tmpfs", options: ["nosuid"])
        }
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                try Directory.make(
                    bundle.appending("rootfs/old"),
                    permissions: FilePermissions(rawValue: 0o710))
            }
        ) { (_) throws in
            #expect(try FileStatus(of: "/old").permissions == 0o710)
            #expect(try FileStatus(of: "/new").permissions == 0o1777)
        }
    }

    @Test func `a file that reports may be replaced in /proc`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(destination: "/proc", type: "proc"),
            .init(destination: "/proc/uptime", source: "uptime", options: ["bind"]),
        ]
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                try File.create(
                    bundle.appending("uptime"), content: Array("1 1".utf8),
                    permissions: .ownerReadWrite)
            }
        ) { (_) throws in #expect(try File.readText("/proc/uptime") == "1 1") }
    }

    /// Makes two binds of a directory inside the container, mounts something below that directory
    /// on the host, and asks which bind shows it.
    @Test func `a mount on the host reaches a slave bind and no private one`() throws {
        try withPrivateMounts { bundle in
            for name in ["rootfs", "source/inner"] {
                try Directory.makeAll(bundle.appending(name), permissions: .directoryDefault)
            }
            try Mount.setPropagation(of: bundle, to: .shared, isRecursive: false)
            let host = try OwnedFD.open("/proc/thread-self/ns/mnt", .readOnly)
            try Namespaces.unshare([.newMount])
            let inside = try OwnedFD.open("/proc/thread-self/ns/mnt", .readOnly)
            let mounts = ["rslave", "rprivate"].map {
                RuntimeSpec.Mount(
                    destination: "/\($0)", source: "source", options: ["rbind", $0])
            }
            let spec = RuntimeSpec(
                ociVersion: "1.2.0", root: .init(path: "rootfs"), mounts: mounts,
                linux: .init(namespaces: [.init(type: .mount)]))
            let rootfs = bundle.appending("rootfs")
            let plan = try RootfsPlan(
                RootfsPlan.Input(
                    spec: spec, bundle: bundle, rootfs: rootfs, cgroup: nil, host: HostFacts(),
                    usesPivotRoot: true))
            var context = SetupContext(containerID: "test", bundle: bundle, rootfs: rootfs)
            for step in plan.settle + plan.enter { try step.run(in: &context) }

            let container = try OwnedFD.open("/", [.path, .directory])
            try Namespaces.enter(host, .mount)
            #expect(!File.exists(rootfs.appending("rslave/inner")))
            try Mount.mount(
                "tmpfs", at: bundle.appending("source/inner"), type: "tmpfs", [], data: "")
            let kinds = try ["rslave/inner", "rprivate/inner"].map {
                try FileStatus(of: container.open(FilePath($0), .path)).identity.device
            }
            let inner = try FileStatus(of: bundle.appending("source/inner")).identity.device
            #expect(kinds[0] == inner)
            #expect(kinds[1] != inner)
            _ = consume inside  // the namespace and its mounts lived until here
        }
    }

    private static let longAgo = FileTime(seconds: 981_173_106, nanoseconds: 123_456_789)

    @Test func `tmpcopyup keeps what the tmpfs covers`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(destination: "/etc", type: "tmpfs", options: ["tmpcopyup", "ro"])
        ]
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                let etc = bundle.appending("rootfs/etc")
                try Directory.makeAll(
                    etc.appending("deep/er"), permissions: FilePermissions(rawValue: 0o711))
                try File.create(
                    etc.appending("deep/file"), content: Array("text".utf8),
                    permissions: .ownerReadWrite)
                try File.changeOwner(of: etc.appending("deep/file"), user: 7, group: 8)
                try Link.makeSymbolic(at: etc.appending("link"), to: "deep/file")
                try Link.makeHard(at: etc.appending("second"), to: etc.appending("deep/file"))
                try ExtendedAttributes.set(
                    "trusted.note", to: [1, 2], on: etc.appending("deep/file"))
                for name in ["deep/file", "deep/er", "deep", "link"] {
                    try OwnedFD.open(etc, [.readOnly, .directory])
                        .setModified(Self.longAgo, ofLink: FilePath(name))
                }
            }
        ) { (_) throws in
            #expect(try File.readText("/etc/link") == "text")
            let status = try FileStatus(of: "/etc/deep/file")
            #expect(status.owner == 7 && status.group == 8 && status.permissions == 0o600)
            #expect(try FileStatus(of: "/etc/deep/er").permissions == 0o711)
            #expect(try FileStatus(of: "/etc/second").identity == status.identity)
            #expect(try ExtendedAttributes.value(of: "trusted.note", on: "/etc/second") == [1, 2])
            for name: FilePath in ["deep/file", "deep/er", "deep", "link"] {
                let path = FilePath("/etc").pushing(name)
                #expect(try FileStatus(ofLink: path).modified == Self.longAgo)
            }
            let refusal = Self.refusal { () throws(SystemCallError) in
                try File.create("/etc/x", content: [], permissions: .ownerReadWrite)
            }
            #expect(refusal == .readOnlyFileSystem)
        }
    }

    @Test func `mapped owners are others inside`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(
                destination: "/data", source: "source", options: ["bind", "idmap"],
                uidMappings: [.init(containerID: 0, hostID: 1000, size: 100)],
                gidMappings: [.init(containerID: 0, hostID: 2000, size: 100)])
        ]
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                try Directory.make(bundle.appending("source"), permissions: .directoryDefault)
                let file = bundle.appending("source/file")
                try File.create(file, content: [], permissions: .ownerReadWrite)
                try File.changeOwner(of: file, user: 5, group: 6)
            }
        ) { (_) throws in
            let status = try FileStatus(of: "/data/file")
            #expect(status.owner == 1005 && status.group == 2006)
        }
    }

    @Test func `options too long for fsconfig are mounted all the same`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(
                destination: "/o", type: "overlay", source: "overlay",
                options: [
                    "nosuid",
                    "lowerdir="
                        + (1...4).map { "/mnt/" + String(repeating: "\($0)", count: 100) }
                        .joined(separator: ":"),
                ])
        ]
        try Self.inRootfs(
            mounts: mounts,
            preparing: { bundle in
                for number in 1...4 {
                    let layer = bundle.appending(String(repeating: "\(number)", count: 100))
                    try Directory.make(layer, permissions: .directoryDefault)
                    try File.create(
                        layer.appending("f\(number)"), content: [], permissions: .ownerReadWrite)
                }
            }
        ) { (_) throws in
            #expect(File.exists("/o/f1") && File.exists("/o/f4"))
            let flags = try FileSystemStatus(of: OwnedFD.open("/o", .path)).flags
            #expect(flags & 2 != 0)  // ST_NOSUID
        }
    }

    @Test func `a wrong option is named by the kernel`() throws {
        let problem = #expect(throws: Problem.self) {
            try Self.inRootfs(mounts: [
                .init(destination: "/t", type: "tmpfs", options: ["size=many"])
            ]) { _ in }
        }
        #expect(problem?.why.contains("size") == true)
        #expect(problem?.what == "cannot mount tmpfs on /t")
        let unknown = #expect(throws: Problem.self) {
            try Self.inRootfs(mounts: [.init(destination: "/t", type: "nofs")]) { _ in }
        }
        #expect(unknown?.kind == .unsupported)
    }
}
