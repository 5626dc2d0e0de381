import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

/// A mount namespace that is joined has at `/proc` what its owner put there (the class of
/// CVE-2025-52881): `/proc/self/fd/7` is then no way to what descriptor 7 is open on.
///
/// The bundle is `/mnt`, and every number in the false `/proc/self/fd` is a link to `/mnt/outside/proc/uptime`.
@Suite(.enabled(if: isRoot)) struct FalseProcTests {
    private static let trap: FilePath = "/mnt/outside/proc/uptime"

    /// Builds a rootfs as init does that has joined such a namespace.
    ///
    /// - Returns: why the rootfs could not be built; nil where it could.
    private static func build(
        _ mounts: [RuntimeSpec.Mount] = [], devices: [RuntimeSpec.Device] = [],
        preparing: @escaping @Sendable (FilePath) throws -> Void = { _ in },
        _ body: @escaping @Sendable (FilePath) throws -> Void = { _ in }
    ) throws -> Problem? {
        let outcome = Outcome()
        try withPrivateMounts { bundle in
            let rootfs = bundle.appending("rootfs")
            try Directory.make(rootfs, permissions: .directoryDefault)
            try Directory.makeAll(trap, permissions: .ownerReadWriteExecute)
            try preparing(bundle)
            var context = SetupContext(containerID: "test", bundle: bundle, rootfs: rootfs)
            try KeepProc().run(in: &context)
            try coverProc()
            let spec = RuntimeSpec(
                ociVersion: "1.3.0", root: .init(path: "rootfs"), mounts: mounts,
                linux: RuntimeSpec.Linux(namespaces: [.init(type: .mount)], devices: devices))
            let plan = try RootfsPlan(
                RootfsPlan.Input(
                    spec: spec, bundle: bundle, rootfs: rootfs, cgroup: nil, host: HostFacts(),
                    usesPivotRoot: true))
            let mount = try Mount.identifier(of: trap)
            do throws(Problem) {
                for step in plan.prepare + plan.settle { try step.run(in: &context) }
            } catch {
                outcome.refusal = error
            }
            #expect(try Mount.identifier(of: trap) == mount)
            let status = try FileStatus(of: trap)
            #expect(status.permissions == 0o700 && status.owner == 0)
            #expect(try Directory.list(trap).isEmpty)
            try body(rootfs)
        }
        return outcome.refusal
    }

    /// Set by a thread that has ended when it is read.
    private final class Outcome: @unchecked Sendable {
        var refusal: Problem?
    }

    private static func coverProc() throws {
        try Mount.mount("tmpfs", at: "/proc", type: "tmpfs", [], data: "")
        try Directory.makeAll("/proc/self/fd", permissions: .directoryDefault)
        for number in 3..<400 {
            try Link.makeSymbolic(at: FilePath("/proc/self/fd/\(number)"), to: trap)
        }
    }

    @Test func `a mount with long options is made where it belongs`() throws {
        let layers = (1...4).map { "/mnt/" + String(repeating: "\($0)", count: 100) }
        let refusal = try Self.build(
            [
                .init(
                    destination: "/o", type: "overlay",
                    options: ["lowerdir=" + layers.joined(separator: ":")])
            ],
            preparing: { (_) throws in
                for layer in layers {
                    try Directory.makeAll(
                        FilePath(layer).appending("content"), permissions: .directoryDefault)
                }
            }
        ) { rootfs in #expect(File.exists(rootfs.appending("o/content"))) }
        #expect(refusal == nil, "\(String(describing: refusal))")
    }

    @Test func `the file system that is remounted is the spec's`() throws {
        let mounts: [RuntimeSpec.Mount] = [
            .init(destination: "/t", type: "tmpfs"),
            .init(destination: "/t", type: "tmpfs", options: ["remount", "size=12k", "nosuid"]),
        ]
        let refusal = try Self.build(mounts, preparing: { _ in }) { rootfs in
            let flags = try FileSystemStatus(of: OwnedFD.open(rootfs.appending("t"), .path)).flags
            #expect(flags & 2 != 0)  // ST_NOSUID
            let full = #expect(throws: SystemCallError.self) {
                try File.create(
                    rootfs.appending("t/large"), content: [UInt8](repeating: 1, count: 20_000),
                    permissions: .ownerReadWrite)
            }
            #expect(full?.errno == .noSpace)
        }
        #expect(refusal == nil, "\(String(describing: refusal))")
    }

    @Test func `a device gets its permissions, and nothing else does`() throws {
        let refusal = try Self.build(
            devices: [.init(path: "/dev/pipe", type: .fifo, fileMode: 0o606, uid: 7, gid: 8)],
            preparing: { bundle in
                try Directory.make(
                    bundle.appending("rootfs/dev"), permissions: .directoryDefault)
                try OwnedFD.open(bundle.appending("rootfs/dev"), [.path, .directory]).makeNode(
                    "pipe", .fifo, permissions: .ownerReadWrite, device: DeviceNumber(rawValue: 0))
            }
        ) { rootfs in
            let status = try FileStatus(of: rootfs.appending("dev/pipe"))
            #expect(status.permissions == 0o606 && status.owner == 7 && status.group == 8)
        }
        #expect(refusal == nil, "\(String(describing: refusal))")
    }

    @Test(arguments: ["/proc/sys", "/proc/self/attr"])
    func `what lies inside proc is known, whatever the false one says`(place: String) throws {
        let refusal = try Self.build([
            .init(destination: "/proc", type: "proc"), .init(destination: place, type: "tmpfs"),
        ])
        #expect(refusal?.why.contains("inside /proc") == true, "\(String(describing: refusal))")
    }
}
