package import Diagnostics
import Glibc
import Linux
package import OCI
import SystemPackage

/// Mounts more into a container that runs, or takes mounts away: `mounts add`, `mounts remove`.
///
/// Sources are opened on the host. A process that has entered the container's namespaces attaches
/// them beneath its root, whatever the container makes of its own files meanwhile.
package enum MountChange {
    /// Adds mounts in their order; where one fails, those before it are taken away again.
    ///
    /// - Returns: what could not be had, and is lived without.
    /// - Throws: ``Problem`` of kind `conflict` when the container does not run.
    package static func add(
        _ mounts: [RuntimeSpec.Mount], to id: String, in root: RuntimeRoot
    ) throws(Problem) -> [String] {
        let container = try RunningContainer(
            id, in: root, what: "cannot mount into container \(id)")
        var spec = container.record.spec
        var own = spec
        own.mounts = mounts
        let situation = MountSituation(
            RootfsPlan.Input(
                spec: own, bundle: FilePath(container.record.state.bundle),
                rootfs: FilePath(container.record.state.rootfs), cgroup: nil, host: container.host,
                usesPivotRoot: true))
        let planned = try plan(mounts, bundle: FilePath(container.record.state.bundle))
        try situation.check(planned)
        let warnings = try container.inside(
            prepare: planned.filter { if case .bind = $0.kind { true } else { false } }
                .map { PrepareMount(mount: $0, situation: situation) },
            steps: [AddMounts(mounts: planned, situation: situation)])
        spec.mounts += mounts
        try container.record.directory.replaceConfiguration(spec)
        return warnings
    }

    /// Takes away what is mounted at the destinations, last first.
    ///
    /// - Throws: ``Problem`` of kind `notFound` where nothing is mounted.
    package static func remove(
        _ mounts: [RuntimeSpec.Mount], from id: String, in root: RuntimeRoot
    ) throws(Problem) {
        let container = try RunningContainer(
            id, in: root, what: "cannot unmount from container \(id)")
        var destinations: [FilePath] = []
        for mount in mounts.reversed() { destinations.append(try place(of: mount)) }
        _ = try container.inside(prepare: [], steps: destinations.map(RemoveMount.init))
        var spec = container.record.spec
        spec.mounts.removeAll { mount in
            destinations.contains(ContainerMount.destination(of: mount))
        }
        try container.record.directory.replaceConfiguration(spec)
    }

    /// Understands the entries, and refuses what cannot be mounted later.
    private static func plan(
        _ mounts: [RuntimeSpec.Mount], bundle: FilePath
    ) throws(Problem) -> [ContainerMount] {
        var planned: [ContainerMount] = []
        for (index, mount) in mounts.enumerated() {
            _ = try place(of: mount)
            let entry = try ContainerMount(mount, index: index, bundle: bundle)
            if entry.kind == .cgroup {
                throw Problem(
                    kind: .unsupported, what: "cannot mount \(mount.destination)",
                    why: "cgroups are mounted when a container is created",
                    fix: "add the mount to config.json")
            }
            planned.append(entry)
        }
        return planned
    }

    /// Where an entry is mounted, which is not the root.
    private static func place(of mount: RuntimeSpec.Mount) throws(Problem) -> FilePath {
        let place = ContainerMount.destination(of: mount)
        guard !mount.destination.isEmpty, place != "/" else {
            throw Problem(
                kind: .invalid, what: "cannot mount on \"\(mount.destination)\"",
                why: "the container's root stays as it is", fix: "name a path below it")
        }
        return place
    }
}

/// A container with a process whose namespaces can be entered.
private struct RunningContainer: ~Copyable {
    let record: RecordedContainer
    let host: HostFacts
    private let initProcess: ChildProcess

    init(_ id: String, in root: RuntimeRoot, what: String) throws(Problem) {
        let record = try RecordedContainer(id, in: root)
        let host = try HostFacts.probe(for: record.spec, process: nil)
        guard let process = try Kill.initProcess(of: record.state) else {
            throw Problem(
                kind: .conflict, what: what, why: "container not running", fix: "start it first")
        }
        (self.record, self.host) = (record, host)
        initProcess = process
    }

    /// Runs steps in a process inside the container's namespaces, until it ends.
    ///
    /// - Parameters:
    ///   - prepare: what is done outside first.
    ///   - steps: what is done inside.
    /// - Returns: the warnings of either side.
    /// - Throws: the problem of the first step that failed.
    borrowing func inside(
        prepare: [any SetupStep], steps: [any SetupStep]
    ) throws(Problem) -> [String] {
        let entry = ContainerEntry(spec: record.spec, host: host, initProcessID: initProcess.id)
        var plan = ContainerPlan()
        plan.add(prepare, to: .prepare)
        plan.add(
            [KeepProc(), ForbidInspection()] + entry.joinSteps + [OpenRoot()] + steps
                + [Reach(rendezvous: .ready)], to: .settle)
        var context = SetupContext(
            containerID: record.state.id, bundle: FilePath(record.state.bundle),
            rootfs: FilePath(record.state.rootfs))
        try plan.run(.prepare, in: &context, journal: nil)
        var ends = try HandshakeEnds()
        context.handshake = ends.initProcess.take()
        let target = initProcess.descriptor.rawValue
        context.joinedProcess = try explaining("cannot hold the container's init") {
            () throws(SystemCallError) in try OwnedFD(duplicating: target)
        }
        switch try entry.clone(in: context) {
        case .child:
            ends.runtime = nil
            InitProcess.run(plan, in: &context, journal: nil, process: nil)
            preconditionFailure("the process inside has ended")
        case .parent(let child):
            context.handshake = ends.runtime.take()
            let process = entry.needsDetour ? try context.initMade(by: child) : child
            defer { _ = try? process.wait() }  // it ends by itself, and has said how
            try context.wait(for: .ready)
            return context.warnings.map(\.text)
        }
    }
}

/// Opens the root of a container that this process has entered.
private struct OpenRoot: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "exec {root}</", why: "every path inside is resolved beneath it", spec: "mounts")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        context.rootfsDirectory = try explaining("cannot open the container's root") {
            () throws(SystemCallError) in try RootedDirectory(at: "/")
        }
    }
}

/// Makes mounts, and takes back those before one that fails.
private struct AddMounts: SetupStep {
    let mounts: [ContainerMount]
    let situation: MountSituation

    var explanation: Explanation {
        Explanation(
            shell: mounts.map { MakeMount(mount: $0, situation: situation).explanation.shell }
                .joined(separator: "; "),
            why: "the container sees more than it was made with", spec: "mounts")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        var made: [FilePath] = []
        do throws(Problem) {
            for mount in mounts {
                try MakeMount(mount: mount, situation: situation).run(in: &context)
                if mount.isAdded { made.append(mount.destination) }
                if mount.isFrozenLater {
                    try FreezeMount(destination: mount.destination).run(in: &context)
                }
            }
        } catch {
            var problem = error
            for destination in made.reversed() {
                do throws(Problem) {
                    try RemoveMount(destination: destination).run(in: &context)
                } catch {
                    problem.why += "; and \(destination) stays mounted: \(error)"
                }
            }
            throw problem
        }
    }
}

extension ContainerMount {
    /// Whether it is a mount of its own, and not a change of one.
    fileprivate var isAdded: Bool {
        if case .remount = kind { false } else { true }
    }
}

/// Takes the topmost mount at a place away (umount2(2) with `MNT_DETACH`).
private struct RemoveMount: SetupStep {
    let destination: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "umount -l \(destination)", why: "the container does without it", spec: "mounts")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do throws(SystemCallError) {
            try context.beneathRootfs { (root) throws(SystemCallError) in
                try context.unmount(root.open(destination, [.path]))
            }
        } catch {
            guard error.errno == .invalidArgument || error.errno == .noSuchFileOrDirectory else {
                throw Problem(what: "cannot unmount \(destination)", refusal: error)
            }
            throw Problem(
                kind: .notFound, what: "cannot unmount \(destination)",
                why: "nothing is mounted there", cause: error)
        }
    }
}
