import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import ContainerRuntime

/// Images whose links, devices and files lead out of the rootfs, by the steps that build it.
///
/// The bundle is `/mnt`, and `/mnt/outside` is what the image is after: its links name it as the host
/// does.
@Suite(.enabled(if: isRoot)) struct HostileImageTests {
    /// Makes `/mnt/outside` with a file, and the links in the image.
    private static func trap(
        _ links: [(at: FilePath, to: FilePath)]
    ) -> @Sendable (FilePath) throws -> Void {
        { bundle in
            let outside = bundle.appending("outside")
            try Directory.make(outside, permissions: .directoryDefault)
            for name in ["ptmx", "file"] {
                try File.create(
                    outside.appending(name), content: Array("the host's".utf8),
                    permissions: .ownerReadWrite)
            }
            for link in links {
                let place = bundle.appending("rootfs").pushing(link.at)
                try Directory.makeAll(
                    place.removingLastComponent(), permissions: .directoryDefault)
                try Link.makeSymbolic(at: place, to: link.to)
            }
        }
    }

    /// Builds the rootfs, or fails to, and looks at what is outside afterwards.
    ///
    /// - Returns: why the rootfs could not be built; nil where it could.
    private static func build(
        _ mounts: [RuntimeSpec.Mount] = [], linux: RuntimeSpec.Linux = RuntimeSpec.Linux(),
        links: [(at: FilePath, to: FilePath)],
        _ body: @Sendable @escaping (borrowing SetupContext) throws -> Void = { _ in }
    ) throws -> Problem? {
        let outside = Held()
        let trap = trap(links)
        var refusal: Problem?
        do {
            try RootfsTests.inRootfs(
                mounts: mounts, linux: linux,
                preparing: { bundle in
                    try trap(bundle)
                    outside.directory = try OwnedFD.open(
                        bundle.appending("outside"), [.readOnly, .directory])
                }, body)
        } catch let problem as Problem {
            refusal = problem
        }
        guard let directory = outside.directory.take() else { return refusal }
        let names = try directory.listDirectory().map(\.name.string).sorted()
        #expect(names == ["file", "ptmx"])
        let ptmx = try directory.open("ptmx", .readOnly).readAll()
        #expect(ptmx == Array("the host's".utf8))
        return refusal
    }

    /// A directory that outlives the namespace in which it was opened.
    ///
    /// The thread that sets it has ended when it is read.
    private final class Held: @unchecked Sendable {
        var directory: OwnedFD?
    }

    @Test(arguments: ["/mnt/outside", "../../../../mnt/outside"])
    func `a link as /dev makes and removes nothing outside`(target: FilePath) throws {
        // Its target does not exist inside, so that nothing can be made there.
        #expect(try Self.build(links: [("dev", target)]) != nil)
    }

    @Test(arguments: ["tmpfs", "mqueue", "devpts", "cgroup", "bind"])
    func `a destination through a link is inside, whatever is mounted`(type: String) throws {
        let mount = RuntimeSpec.Mount(
            destination: "/way/new", type: type, source: type == "bind" ? "outside" : type)
        let refusal = try Self.build([mount], links: [("way", "/mnt")]) { (_) throws in
            #expect(File.exists("/mnt/new"))
        }
        // The link's target has to exist inside as well.
        let why = type == "bind" ? "a link to nothing there" : "Not a directory"
        #expect(refusal?.why.contains(why) == true, "\(String(describing: refusal))")
    }

    @Test(arguments: ["/dev/../../../mnt/outside/node", "/way/node", "/dev/up/node"])
    func `a device is made inside`(path: String) throws {
        let device = RuntimeSpec.Device(path: path, type: .character, major: 1, minor: 3)
        _ = try Self.build(
            linux: RuntimeSpec.Linux(devices: [device]),
            links: [("way", "/mnt/outside"), ("dev/up", "../../outside")])
    }

    @Test func `tmpcopyup copies nothing of the host's through a link`() throws {
        let mount = RuntimeSpec.Mount(
            destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"])
        let refusal = try Self.build([mount], links: [("etc", "/mnt/outside")])
        #expect(refusal?.why.contains("Not a directory") == true, "\(String(describing: refusal))")
        _ = try Self.build([mount], links: [("etc/file", "/mnt/outside/file")]) { (_) throws in
            #expect(try Link.target(of: "/etc/file") == "/mnt/outside/file")
        }
    }

    /// With the host's `/dev` bound no node is made, and so none is checked, but the mask's.
    @Test func `a null device that a bind brings must be one to mask with`() throws {
        let problem = try Self.build(
            [
                .init(destination: "/proc", type: "proc"),
                .init(destination: "/dev", source: "rootfs/false", options: ["rbind"]),
            ],
            linux: RuntimeSpec.Linux(maskedPaths: ["/proc/keys"]),
            links: [("false/null", "/proc/sysrq-trigger")])
        #expect(problem?.what == "cannot mask files with /dev/null")
        #expect(problem?.why.contains("not the null device") == true)
    }

    @Test func `a mask or a read-only path is looked for inside`() throws {
        _ = try Self.build(
            linux: RuntimeSpec.Linux(
                maskedPaths: ["/way", "/way/file"], readonlyPaths: ["/way", "/way/file"]),
            links: [("way", "/mnt/outside")])
    }

    @Test(arguments: ["cgroup", "tmpfs", "bind", "mqueue"])
    func `nothing but proc is mounted over /proc, also through a link`(type: String) throws {
        let problem = try Self.build(
            [
                .init(destination: "/proc", type: "proc"),
                .init(
                    destination: "/way", type: type, source: type == "bind" ? "outside" : type),
            ], links: [("way", "/proc")])
        #expect(problem?.why.contains("inside /proc") == true, "\(String(describing: problem))")
    }

    @Test func `a kernel parameter is not written to what covers /proc`() throws {
        try withPrivateMounts { place in
            try Mount.bind(place, to: "/proc/sys/kernel", isRecursive: false)
            for name in ["msgmax", "msgmnb"] {
                try File.create(
                    place.appending(name), content: [], permissions: .ownerReadWrite)
            }
            let problem = #expect(throws: Problem.self) {
                var context = SetupContext(containerID: "test", bundle: place, rootfs: place)
                try KeepProc().run(in: &context)
                try SetKernelParameter(name: "kernel.msgmax", value: "8192").run(in: &context)
            }
            #expect(problem?.what.contains("kernel.msgmax") == true)
            #expect(try File.read(place.appending("msgmax")).isEmpty)
        }
    }

    @Test func `what stands in the place of /proc is not written to`() throws {
        try withPrivateMounts { place in
            try Mount.bind(place, to: "/proc", isRecursive: false)
            let problem = #expect(throws: Problem.self) {
                var context = SetupContext(containerID: "test", bundle: place, rootfs: place)
                try KeepProc().run(in: &context)
            }
            #expect(problem?.why.contains("no procfs") == true)
        }
    }
}
