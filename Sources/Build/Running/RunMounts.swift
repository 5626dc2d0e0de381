import Diagnostics
import Engine
import Glibc
import Linux
import OCI
import Storage
import SystemPackage

/// The mounts of one RUN, with what they show prepared.
final class RunMounts {
    private(set) var requests: [MountRequest] = []
    /// Variables that the mounts bring along: secrets, and the socket of an agent.
    private(set) var environment: [String] = []
    private let files: StepFiles
    private let step: StepRun
    private var locks: [CacheDirectory] = []
    /// What is mounted on the host for it.
    private var mounted: [FilePath] = []
    /// Where secrets lie, on a file system that the machine's end takes away.
    private var secrets: ScratchDirectory?
    private var agents: [AgentSocket] = []
    private var count = 0

    init(_ run: RunStep, files: StepFiles, step: StepRun) throws(Problem) {
        self.files = files
        self.step = step
        do throws(Problem) {
            if let script = run.script { try add(script) }
            for mount in run.mounts { try add(mount) }
        } catch {
            try end()
            throw error
        }
    }

    /// Where a start makes something to mount on: what stays empty there is no part of the image.
    var mountPoints: Set<String> {
        var points = RuntimeMountPoints.paths
        points.remove("/run/notify")  // no service manager hears of a RUN
        for request in requests {
            var path = ""
            for part in AbsolutePath.parts(request.target) {
                path += "/\(part)"
                points.insert(path)
            }
        }
        return points
    }

    /// Takes away what was prepared.
    func end() throws(Problem) {
        for path in mounted.reversed() {
            try asking("cannot unmount \(path)") { () throws(SystemCallError) in
                try Mount.unmount(path, isDetached: true)
            }
        }
        mounted = []
        agents = []
        secrets = nil
        locks = []
    }

    private func add(_ mount: RunMount) throws(Problem) {
        switch mount.kind {
        case .bind(let from, let source, let isReadOnly):
            try bind(mount.target, from: from, source: source, isReadOnly: isReadOnly)
        case .cache(let cache): try add(cache, at: mount.target)
        case .tmpfs(let size):
            var request = TmpfsRequest()
            request.sizeInBytes = size
            request.options = ["exec"]
            requests.append(
                MountRequest(kind: .tmpfs(request), target: mount.target, isReadOnly: false))
        case .secret(let secret): try add(secret, at: mount.target)
        case .ssh(let agent): try addAgent(agent, at: mount.target)
        }
    }

    private func bind(_ source: FilePath, to target: String, isReadOnly: Bool) {
        requests.append(
            MountRequest(
                kind: .bind(BindRequest(source: source.string, createsSource: false)),
                target: target, isReadOnly: isReadOnly))
    }

    /// A new directory beside the writable layer.
    private func makeDirectory() throws(Problem) -> FilePath {
        count += 1
        let path = files.directory.appending("mount-\(count)")
        try asking("cannot make \(path)") { () throws(SystemCallError) in
            try Directory.make(path, permissions: .storeDirectory)
        }
        return path
    }

    private func add(_ script: RunStep.Script) throws(Problem) {
        let directory = try makeDirectory()
        try asking("cannot write the here-document \(script.name)") {
            () throws(SystemCallError) in
            let file = directory.appending(script.name)
            try File.create(
                file, content: Array(script.content.utf8), permissions: .storeDirectory)
            try File.changePermissions(of: file, to: .storeDirectory)
        }
        bind(directory, to: "/dev/pipes", isReadOnly: true)
    }
}

extension RunMounts {
    /// Shows files of the context, a stage or an image; what is written to them is dropped.
    private func bind(
        _ target: String, from: String?, source: String, isReadOnly: Bool
    ) throws(Problem) {
        let open = try step.build.tree(from: from, in: step.stage, step.name)
        if let layers = open.layers {
            let place = try mount(layers, isReadOnly: isReadOnly)
            return bind(try path(source, beneath: place), to: target, isReadOnly: isReadOnly)
        }
        let found = try open.tree.choose(source, excluded: .none, crossesDirectories: false)
        guard let chosen = found.first, found.count == 1 else {
            throw Problem(
                kind: .notFound, what: "cannot mount \(source)",
                why: "\(open.tree.name) does not have it")
        }
        let place = try makeDirectory()
        let root = try asking("cannot open \(place)") { () throws(SystemCallError) in
            try RootedDirectory(at: place)
        }
        var copying = FileCopy(
            from: open.tree, to: CopyTarget(root),
            CopyAttributes(owner: .root, mode: nil, modified: nil))
        let isDirectory = chosen.entry.status.kind == .directory
        try copying.copy(chosen, to: isDirectory ? "/content" : "/content/")
        let content = place.appending("content")
        bind(
            isDirectory ? content : content.appending(chosen.path.lastPart), to: target,
            isReadOnly: isReadOnly)
    }

    /// Mounts layers for the program; writing goes to a layer that is dropped.
    private func mount(_ layers: [Digest], isReadOnly: Bool) throws(Problem) -> FilePath {
        let place = try makeDirectory()
        try step.build.engine.steps.mount(
            layers, at: place, writingTo: isReadOnly ? nil : try makeDirectory())
        mounted.append(place)
        return place
    }

    /// The place of a path beneath a mount, with its links resolved inside of it.
    private func path(_ source: String, beneath place: FilePath) throws(Problem) -> FilePath {
        try asking("cannot mount \(source)") { () throws(SystemCallError) in
            let root = try RootedDirectory(at: place)
            let file = try root.open(FilePath(AbsolutePath.cleaned(source)), .path)
            return try Link.target(of: file.procPath)
        }
    }

    private func add(_ cache: RunMount.CacheMount, at target: String) throws(Problem) {
        var cache = cache
        cache.id = step.build.request.cacheMountID(cache.id)
        let directory = try CacheDirectory(cache, below: step.build.engine.steps.dataRoot)
        locks.append(directory)
        if directory.isNew, let from = cache.from {
            let open = try step.build.tree(from: from, in: step.stage, step.name)
            let root = try asking("cannot open \(directory.path)") { () throws(SystemCallError) in
                try RootedDirectory(at: directory.path)
            }
            var copying = FileCopy(
                from: open.tree, to: CopyTarget(root),
                CopyAttributes(owner: nil, mode: nil, modified: nil))
            for found in try open.tree.choose(
                cache.source, excluded: .none, crossesDirectories: false)
            {
                try copying.copy(found, to: "/")
            }
        }
        bind(directory.path, to: target, isReadOnly: cache.isReadOnly)
    }

    private func add(_ mount: RunMount.SecretMount, at target: String) throws(Problem) {
        guard let secret = step.build.request.secrets.first(where: { $0.id == mount.id }) else {
            guard mount.isRequired else { return }
            throw Problem(
                kind: .notFound, what: "cannot mount the secret \(mount.id)",
                why: "the build was not given one of this name",
                fix: "give it: --secret id=\(mount.id),src=FILE")
        }
        if let variable = mount.variable {
            environment.append("\(variable)=\(String(decoding: secret.content, as: UTF8.self))")
        }
        guard mount.isFile else { return }
        let directory = try secretDirectory()
        count += 1
        let path = directory.appending("\(count)")
        try asking("cannot write the secret \(mount.id)") { () throws(SystemCallError) in
            try File.create(path, content: secret.content, permissions: .init(rawValue: 0o600))
            try File.changeOwner(of: path, user: mount.owner, group: mount.group)
            try File.changePermissions(
                of: path, to: FilePermissions(rawValue: mode_t(mount.mode)))
        }
        bind(path, to: target, isReadOnly: true)
    }

    private func secretDirectory() throws(Problem) -> FilePath {
        if let secrets { return secrets.path }
        let made = try step.build.engine.steps.makeVolatileScratch()
        secrets = made
        return made.path
    }

    private func addAgent(_ mount: RunMount.SecretMount, at target: String) throws(Problem) {
        guard let socket = step.build.request.agents[mount.id] else {
            guard mount.isRequired else { return }
            throw Problem(
                kind: .notFound, what: "cannot mount the SSH agent \(mount.id)",
                why: "the build was not given one of this name",
                fix: "give it: --ssh \(mount.id)")
        }
        count += 1
        let own = try AgentSocket(
            at: try secretDirectory().appending("agent-\(count)"), for: mount, to: socket)
        agents.append(own)
        environment.append("SSH_AUTH_SOCK=\(target)")
        bind(own.path, to: target, isReadOnly: false)
    }
}

/// A directory of `RUN --mount=type=cache`, held as its sharing says.
final class CacheDirectory {
    let path: FilePath
    /// Whether it was made just now.
    let isNew: Bool
    private let lock: FileLock

    init(_ cache: RunMount.CacheMount, below dataRoot: FilePath) throws(Problem) {
        let all = Self.directory(below: dataRoot)
        let name = ContentHasher.sha256(Array(cache.id.utf8)).encoded
        var isNew = false
        do throws(SystemCallError) {
            try Directory.makeAll(all, permissions: .privateDirectory)
            switch cache.sharing {
            case .shared:
                lock = try FileLock(all.appending("\(name).lock"), .shared)
                path = all.appending(name)
            case .locked:
                lock = try FileLock(all.appending("\(name).lock"), .exclusive)
                path = all.appending(name)
            case .private:
                var number = 0
                var free: FileLock?
                var place = all.appending(name)
                while free == nil {
                    if number > 0 { place = all.appending("\(name)-\(number)") }
                    free = try FileLock.ifFree(FilePath("\(place).lock"), .exclusive)
                    number += 1
                }
                guard let held = free.take() else {
                    preconditionFailure("the loop ends with a lock")
                }
                lock = held
                path = place
            }
            do throws(SystemCallError) {
                try Directory.make(path, permissions: FilePermissions(rawValue: mode_t(cache.mode)))
                isNew = true
                try File.changePermissions(
                    of: path, to: FilePermissions(rawValue: mode_t(cache.mode)))
                try File.changeOwner(of: path, user: cache.owner, group: cache.group)
            } catch  where error.errno == .fileExists && !isNew {
                isNew = false  // an earlier build, or one beside this, made it
            }
        } catch {
            throw Problem(error, what: "cannot use the cache directory \(cache.id)")
        }
        self.isNew = isNew
    }

    static func directory(below dataRoot: FilePath) -> FilePath {
        dataRoot.appending("build/mounts")
    }

    /// Removes those of a name that no build uses now.
    ///
    /// - Returns: the names of those that were removed.
    @discardableResult
    static func prune(
        in steps: StepService, where isMeant: (String) -> Bool
    ) throws(Problem) -> [String] {
        let all = directory(below: steps.dataRoot)
        guard File.exists(all) else { return [] }
        var removed: [String] = []
        let what = "cannot remove the cache directories in \(all)"
        let names = try asking(what) { () throws(SystemCallError) in
            try Directory.list(all).map(\.name.string)
        }
        for name in names where !name.hasSuffix(".lock") && isMeant(name) {
            let path = all.appending(name)
            let lockPath = FilePath("\(path).lock")
            // Who changes nothing makes no file to lock; without one nobody uses the directory.
            if File.exists(lockPath) || !steps.isPlan {
                let lock = try asking(what) { () throws(SystemCallError) in
                    try FileLock.ifFree(lockPath, .exclusive)
                }
                guard let lock else { continue }
                try remove(path, in: steps, what)
                _ = consume lock
            } else {
                try remove(path, in: steps, what)
            }
            removed.append(name)
        }
        return removed
    }

    private static func remove(
        _ path: FilePath, in steps: StepService, _ what: String
    ) throws(Problem) {
        try steps.remove(path) { () throws(Problem) in
            try asking(what) { () throws(SystemCallError) in try Directory.removeTree(path) }
        }
    }
}
