import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
import Networking
import OCI
import Storage
import SystemPackage

extension SystemService {
    /// Kade's own parts on this machine, from the command to the kernel, beside the parts of other
    /// systems that have their place; nothing is made or changed.
    package func map() throws(Problem) -> Picture {
        try EcosystemMap(context.looking()).picture()
    }
}

/// The picture of Kade's own parts, from what the records and the kernel say now.
struct EcosystemMap {
    let context: EngineContext
    /// The containers that exist, and those of them that run.
    private let statuses: [ContainerStatus]
    private let running: [ContainerStatus]

    private var configuration: EngineConfiguration { context.configuration }

    /// So many running containers have a box of their own.
    private static let shownContainers = 4

    init(_ context: EngineContext) throws(Problem) {
        self.context = context
        let records = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        var statuses: [ContainerStatus] = []
        for record in records { statuses.append(try context.status(of: record)) }
        self.statuses = statuses
        running = statuses.filter(\.state.isAlive)
    }

    func picture() throws(Problem) -> Picture {
        let names = try MachineNames()
        var picture = Picture(
            of: .ecosystem, "Kade on \(names.node)",
            summary: "From the command down to the kernel: every path, socket and process is one of"
                + " this machine. Beside each part stands what other systems have in its place.",
            at: .now)
        let containers = try containerNodes()
        picture.groups = [
            Picture.Group("You type", [try commandNode(), doorNode]),
            Picture.Group("Engine", [try engineNode()]),
            Picture.Group("Images", [try serverNode(), try storeNode()]),
            Picture.Group("Bundle", [try bundleNode()]),
            Picture.Group("Runtime", [try runtimeNode()]),
            Picture.Group("Running", containers),
            Picture.Group("Kernel", [try kernelNode(names)]),
        ]
        picture.edges = [
            Picture.Edge("kade", "engine", "opens it in its own process"),
            Picture.Edge("engine", "server", "starts it for registries and archives"),
            Picture.Edge("engine", "bundle", "writes config.json"),
            Picture.Edge("server", "store", "blobs in, layers unpacked"),
            Picture.Edge("store", "bundle", "layers below its root"),
            Picture.Edge("bundle", "runtime", "is read by"),
        ]
        for node in containers {
            picture.edges.append(
                Picture.Edge("runtime", node.id, node.isThere ? "monitor and process" : ""))
            picture.edges.append(Picture.Edge(node.id, "kernel", ""))
        }
        return picture
    }

    private func commandNode() throws(Problem) -> Picture.Node {
        let program = try explaining("cannot find Kade's own program", fix: "mount /proc") {
            () throws(SystemCallError) in try Link.target(of: "/proc/self/exe")
        }
        return Picture.Node(
            "kade", .program, "kade",
            facts: [
                .init("program", program.string), .init("version", configuration.version),
                .init("process", "\(getpid()), this command"),
            ],
            counterparts: [
                .init("Docker", "docker"), .init("Podman", "podman"),
                .init("containerd", "ctr, nerdctl"), .init("Kubernetes", "kubectl"),
            ])
    }

    /// This version has no program that listens for Docker's clients or for a kubelet.
    private var doorNode: Picture.Node {
        Picture.Node(
            "doors", .program, "Docker's API and CRI",
            facts: [.init("sockets", "none: this version serves neither")],
            counterparts: [
                .init("Docker", "/run/docker.sock"), .init("Podman", "podman system service"),
                .init("Kubernetes", "CRI, which the kubelet calls"),
            ], isThere: false)
    }

    private func engineNode() throws(Problem) -> Picture.Node {
        let networks = try NetworkService(context: context).list(NetworkFilter())
        var facts = [
            place("data root", configuration.dataRoot), place("run root", configuration.runRoot),
            place("database", configuration.databasePath),
        ]
        facts.append(.init("containers", "\(statuses.count), \(running.count) of them running"))
        facts.append(.init("networks", networks.map(\.name).joined(separator: ", ")))
        return Picture.Node(
            "engine", .program, "Engine: a library, no daemon", facts: facts,
            counterparts: [
                .init("Docker", "dockerd"), .init("Podman", "libpod, in podman itself"),
                .init("containerd", "containerd"),
                .init("Kubernetes", "kubelet with containerd or CRI-O"),
            ])
    }

    private func serverNode() throws(Problem) -> Picture.Node {
        let processes = try ProgramProcesses.of(configuration.serverProgram)
        return Picture.Node(
            "server", .program, "kade-server",
            facts: [
                place("program", configuration.serverProgram),
                .init(
                    "processes",
                    processes.isEmpty ? "none now" : processes.joined(separator: "; ")),
            ],
            counterparts: [
                .init("Docker", "dockerd"), .init("Podman", "containers/image"),
                .init("containerd", "its transfer service"),
            ], isThere: File.exists(configuration.serverProgram))
    }

    private func storeNode() throws(Problem) -> Picture.Node {
        let store = try context.imageStore()
        let index = store.content.references.file
        let isThere = File.exists(index)
        let facts = isThere ? try facts(of: store, index) : [.init("images", "none yet")]
        return Picture.Node(
            "store", .files, "Image store",
            facts: facts,
            counterparts: [
                .init("Docker", "overlay2, or containerd's store"),
                .init("Podman", "containers/storage"),
                .init("containerd", "content store, snapshotters"),
                .init("Kubernetes", "CRI's image service"),
            ], isThere: isThere)
    }

    private func facts(
        of store: ImageStore, _ index: FilePath
    ) throws(Problem) -> [Picture.Fact] {
        let names = try store.content.references.list().count
        let blobs = try store.content.list()
        var blobBytes: Int64 = 0
        for digest in blobs { blobBytes += try store.content.sizeInBytes(of: digest) ?? 0 }
        let records = try store.layers.list().compactMap { store.layers.wholeRecord(of: $0) }
        let kinds = Set(records.map(\.kind.rawValue)).sorted().joined(separator: ", ")
        return [
            place("OCI layout", index.removingLastComponent()),
            .init("names", "\(names) in index.json"), .init("blobs", "\(blobs.count)"),
            .init("their size", bytes: blobBytes),
            .init("layers", "\(records.count)" + (kinds.isEmpty ? "" : ", as \(kinds)")),
            .init("their files", bytes: records.reduce(0) { $0 + $1.sizeInBytes }),
        ]
    }

    private func bundleNode() throws(Problem) -> Picture.Node {
        let specs = statuses.count { File.exists(configuration.bundle(of: $0.record.id).spec) }
        return Picture.Node(
            "bundle", .files, "Bundles",
            facts: [
                place("directory", configuration.containersDirectory),
                .init("config.json", "\(specs), the specification of each container's last start"),
            ],
            counterparts: [
                .init("OCI", "bundle: config.json and a root"),
                .init("Podman", "overlay-containers/ID/userdata"),
                .init("containerd", "io.containerd.runtime.v2.task/"),
            ], isThere: File.exists(configuration.containersDirectory))
    }

    private func runtimeNode() throws(Problem) -> Picture.Node {
        Picture.Node(
            "runtime", .program, "kade-runtime",
            facts: [
                place("program", configuration.runtimeProgram),
                place("states", configuration.runtimeRoot),
                .init("monitors", "\(running.count), one for each container that runs"),
            ],
            counterparts: [
                .init("Docker", "containerd-shim-runc-v2, runc"),
                .init("Podman", "conmon, crun or runc"),
                .init("containerd", "its shim, runc"),
                .init("Kubernetes", "the handler of a RuntimeClass"),
            ], isThere: File.exists(configuration.runtimeProgram))
    }

    /// The containers that run, some of them with a node of their own.
    private func containerNodes() throws(Problem) -> [Picture.Node] {
        guard !running.isEmpty else {
            return [
                Picture.Node(
                    "none", .process, "No container runs",
                    facts: [.init("to start one", "kade run")], isThere: false)
            ]
        }
        var nodes: [Picture.Node] = []
        for (index, status) in running.prefix(Self.shownContainers).enumerated() {
            let socket = configuration.monitorSocket(of: status.record.id)
            nodes.append(
                Picture.Node(
                    "container-\(index + 1)", .process, status.record.name,
                    facts: [
                        .init("image", status.record.image),
                        .init("state", status.state.word),
                        .init("process", status.state.pid.map { "\($0)" } ?? "none"),
                        .init("monitor", status.lifecycle.map { "\($0.monitorPid)" } ?? "none"),
                        place("socket", socket),
                    ]))
        }
        let others = running.dropFirst(Self.shownContainers)
        if !others.isEmpty {
            nodes.append(
                Picture.Node(
                    "others", .process, "\(others.count) more",
                    facts: [.init("names", others.map(\.record.name).joined(separator: ", "))]))
        }
        return nodes
    }

    private func kernelNode(_ names: MachineNames) throws(Problem) -> Picture.Node {
        let layout = try explaining("cannot look at the machine's cgroups") {
            () throws(SystemCallError) in try context.cgroupLayout()
        }
        let groups = Cgroup(layout: layout, path: "/kade").directories.filter(File.exists)
        let namespaces = NamespaceKind.allCases.filter {
            File.exists(FilePath("/proc/self/ns/\($0.fileName)"))
        }
        let systems = try explaining("cannot ask for file systems") {
            () throws(SystemCallError) in try File.readText("/proc/filesystems")
        }
        let known = systems.split(separator: "\n").compactMap { $0.split(separator: "\t").last }
        let layered = ["overlay", "erofs"].filter { name in known.contains { $0 == name } }
        var facts: [Picture.Fact] = [
            .init("cgroups", "version \(layout.isUnified ? "2" : "1")"),
            .init("namespaces", namespaces.map(\.rawValue).joined(separator: ", ")),
            .init(
                "root systems",
                layered.isEmpty ? "neither overlay nor erofs" : layered.joined(separator: ", ")),
        ]
        if let first = groups.first {
            let rest = groups.count > 1 ? ", and \(groups.count - 1) more" : ""
            facts.insert(.init("Kade's", first.string + rest), at: 1)
        }
        return Picture.Node(
            "kernel", .kernel, "Linux \(names.release), \(names.machine)", facts: facts,
            counterparts: [
                .init("Docker", "the same kernel"), .init("Podman", "the same kernel"),
                .init("Kubernetes", "the same, on each node"),
            ])
    }

    /// A path, and whether there is something.
    private func place(_ name: String, _ path: FilePath) -> Picture.Fact {
        .init(name, File.exists(path) ? path.string : "\(path): not there")
    }
}

/// The processes of the machine that execute a program.
enum ProgramProcesses {
    /// Each one's ID, and the word that tells what it does: "4711 registry".
    static func of(_ program: FilePath) throws(Problem) -> [String] {
        let entries = try explaining("cannot list /proc") { () throws(SystemCallError) in
            try Directory.list("/proc")
        }
        var found: [Int32: String] = [:]
        for entry in entries {
            guard let pid = Int32(entry.name.string) else { continue }
            // One that ended meanwhile, or another user's, shows nothing.
            guard (try? Link.target(of: FilePath("/proc/\(pid)/exe"))) == program,
                let line = try? File.readText(FilePath("/proc/\(pid)/cmdline"))
            else { continue }
            let words = line.split(separator: "\0")
            found[pid] = words.count > 1 ? "\(pid) \(words[1])" : "\(pid)"
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }
}
