package import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Keeps a running container on disk, to be restored later: `checkpoint`, through CRIU.
package enum Checkpoint {
    /// What the caller wants.
    package struct Request: Sendable {
        package var id: String
        package var root: RuntimeRoot
        package var criu: CRIUSettings
        /// The images of an earlier dump of memory, relative to this one's.
        package var parentImages: String?
        package var pageServer: CRIUPageServer?
        /// Whether only memory is kept, and the container goes on.
        package var isPreDump = false
        /// Written to once the server of lazy pages is ready.
        package var statusDescriptor: CInt?

        package init(id: String, root: RuntimeRoot, criu: CRIUSettings) {
            self.id = id
            self.root = root
            self.criu = criu
        }
    }

    /// Keeps the container, and removes it unless it goes on.
    ///
    /// - Returns: what the `poststop` hooks complained about.
    /// - Throws: ``Problem`` of kind `conflict` while the container does not run.
    package static func run(_ request: Request) throws(Problem) -> [Problem] {
        let directory = try request.root.container(request.id)
        let state = try directory.loadState()
        let status = try State.status(of: state, in: directory, asksFreezer: true)
        guard status == .running || status == .paused,
            let process = try Kill.initProcess(of: state)
        else {
            throw Problem(
                kind: .conflict, what: "cannot checkpoint container \(request.id)",
                why: "container cannot be checkpointed in \(status.rawValue) state",
                fix: "start it first")
        }
        let spec = try directory.loadConfiguration()
        try LandlockPlan.checkAbsence(
            from: spec, orCannot: "checkpoint container \(request.id)")
        try request.criu.check(isPreDump: request.isPreDump)
        let images = try request.criu.openImages(isMade: true)
        let work = try request.criu.openWork()
        var options = request.criu.options(images: images, work: work, log: "dump.log")
        options.process = process.id
        options.root = state.rootfs
        options.parentImages = request.parentImages
        options.pageServer = request.pageServer
        options.configurationFile = CRIUSettings.configurationFile(of: spec)
        options.external = try externalNamespaces(of: spec)
        options.freezerDirectory = try State.cgroup(of: state)?.directory(for: .freezer)?.string
        if !request.isPreDump {
            options.externalMounts =
                CRIUMounts(of: spec, cgroup: try State.cgroup(of: state))
                .forDump
            try CRIUStreams.keep(of: process.id, in: images)
        }
        do throws(Problem) {
            let service = try CRIUService.start(request.criu.program, descriptors: [])
            _ = try service.request(request.isPreDump ? .preDump : .dump, options) {
                (notification) throws(Problem) in
                guard notification.script == "status-ready" else { return }
                try tell(request.statusDescriptor)
            }
        } catch {
            throw error.quoting(request.criu.log("dump.log"))
        }
        if request.isPreDump || request.criu.flags.leavesRunning { return [] }
        return try Delete.destroy(state, in: directory, isForced: false)
    }

    private static func tell(_ descriptor: CInt?) throws(Problem) {
        guard let descriptor else { return }
        try explaining("cannot write to the status descriptor \(descriptor)") {
            () throws(SystemCallError) in
            try OwnedFD(duplicating: descriptor).writeAll([0])
        }
        close(descriptor)  // its reader waits for the end as well
    }

    /// Network and PID namespaces that were there before the container and stay there.
    private static func externalNamespaces(of spec: RuntimeSpec) throws(Problem) -> [String] {
        var names: [String] = []
        for namespace in spec.linux?.namespaces ?? [] {
            guard let path = namespace.path, let key = CRIUSettings.key(of: namespace.type) else {
                continue
            }
            let kind = NamespaceKind(namespace.type).fileName
            let inode = try explaining("cannot find the namespace \(path)") {
                () throws(SystemCallError) in try FileStatus(of: FilePath(path)).identity.inode
            }
            names.append("\(kind)[\(inode)]:\(key)")
        }
        return names
    }
}
