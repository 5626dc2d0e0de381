import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// COPY and ADD.
extension StepRun {
    func copy(_ copy: CopyStep, on progress: StageProgress) throws(Problem) -> Outcome {
        let remote = try remoteSources(of: copy)
        let open: OpenTree? =
            copy.sources.contains(where: \.isLocal)
            ? try build.tree(from: copy.from, in: stage, name) : nil
        let excluded = try IgnoreRules(excluding: copy.excluded)
        var chosen: [ChosenSource] = []
        var digest = TreeDigest(
            keepsOwners: open?.tree.keepsOwners ?? false, stats: open?.stats)
        for source in copy.sources {
            switch source {
            case .inline(let name, let content):
                digest.note("here-document \(name)", "\(ContentHasher.sha256(Array(content.utf8)))")
            case .path(let path):
                guard source.isLocal, let tree = open?.tree else { continue }
                for found in try tree.choose(
                    path, excluded: excluded, crossesDirectories: copy.keepsParents)
                {
                    try digest.add(found, of: tree)
                    chosen.append(found)
                    chosen[chosen.count - 1].droppedParts = copy.droppedParts(of: path)
                }
            }
        }
        for file in remote.files {
            let content = try file.identity()
            digest.note("download \(file.address)", "\(content)")
            build.materials.add(
                .init(
                    address: file.address, algorithm: content.algorithm, digest: content.encoded))
        }
        for repository in remote.repositories {
            let commit = try repository.commit()
            digest.note(
                "repository \(repository.address)", "\(commit) \(repository.keepsHistory)")
            build.materials.add(
                .init(address: repository.address, algorithm: "sha1", digest: commit))
        }
        try check(copy, chosen, others: remote.count)
        var inputs = commonInputs(of: progress, instruction: copy.text)
        inputs.values[StepInput.parent] =
            copy.isLinked ? "independent" : CacheKey.digest(of: progress.diffIDs)
        inputs.values["the files"] = digest.digest.encoded
        // For --why alone; of very many files the digest of all says that something changed.
        if digest.files.count <= 4096 {
            for (path, text) in digest.files { inputs.values[StepInput.file(path)] = text }
        }
        let owner = try copy.owner.map { text throws(Problem) in
            try build.engine.steps.owner(text, in: progress.diffIDs)
        }
        if let owner { inputs.values["the owner"] = "\(owner.user):\(owner.group)" }
        return try cached(inputs) { () throws(Problem) in
            try make(
                copy, chosen, remote, from: open?.tree, owner: owner, on: progress)
        }
    }

    /// The sources of ADD that are no files of the context.
    private func remoteSources(of copy: CopyStep) throws(Problem) -> RemoteSources {
        guard copy.isAdd else { return RemoteSources() }
        var remote = RemoteSources()
        for case .path(let path) in copy.sources {
            switch RemoteSource(path) {
            case nil: continue
            case .git(let source)?:
                try build.admit(source: source.policyIdentifier)
                remote.repositories.append(
                    RemoteRepository(
                        source, address: path, keepsHistory: copy.keepsGitDirectory,
                        checksum: copy.checksum, steps: build.engine.steps))
            case .web(let address)?:
                remote.files.append(
                    try build.admittedFile(address, checksum: copy.checksum))
            }
        }
        guard copy.checksum == nil || (remote.count == 1 && copy.sources.count == 1) else {
            throw placed.source.problem("checksum requires one source that is an address")
        }
        return remote
    }

    /// Adds the files of a repository, as COPY does those of a directory.
    private func add(
        _ repository: RemoteRepository, of copy: CopyStep, to target: CopyTarget,
        _ attributes: CopyAttributes
    ) throws(Problem) {
        let tree = try repository.tree()
        var copying = FileCopy(from: tree, to: target, attributes)
        let excluded = try IgnoreRules(excluding: copy.excluded)
        for found in try tree.choose("/", excluded: excluded, crossesDirectories: false) {
            try copying.copy(found, to: copy.destination)
        }
    }

    /// Adds a file of the web; it is unpacked only where that is asked for.
    private func add(
        _ file: RemoteFile, of copy: CopyStep, to target: CopyTarget, _ attributes: CopyAttributes
    ) throws(Problem) {
        let steps = build.engine.steps
        let isDirectory = copy.destination.hasSuffix("/")
        let name = isDirectory ? try file.name() : (try? file.name()) ?? "file"
        try file.withContent { content throws(Problem) in
            if copy.unpacks == true {
                let directory = try asking("cannot unpack \(file.address)") {
                    () throws(SystemCallError) in
                    try target.makeDirectories(
                        target.resolved(copy.destination), owner: attributes.owner)
                }
                if try steps.unpack(
                    content.rawValue, named: file.address, into: directory.descriptor.rawValue)
                {
                    return
                }
            }
            do throws(SystemCallError) {
                try target.write(
                    content, named: name, to: copy.destination, permissions: 0o600, attributes)
            } catch {
                throw Problem(error, what: "cannot add \(file.address)")
            }
        }
    }

    private func check(
        _ copy: CopyStep, _ chosen: [ChosenSource], others: Int
    ) throws(Problem) {
        let inline = copy.sources.filter { !$0.isPath }.count + others
        guard !chosen.isEmpty || inline > 0 else {
            throw placed.source.problem(
                "no source files were specified: the patterns match nothing")
        }
        guard chosen.count + inline < 2 || copy.destination.hasSuffix("/") || copy.keepsParents
        else {
            throw placed.source.problem(
                "When using \(copy.isAdd ? "ADD" : "COPY") with more than one source file, the "
                    + "destination must be a directory and end with a /")
        }
    }

    private func make(
        _ copy: CopyStep, _ chosen: [ChosenSource], _ remote: RemoteSources,
        from tree: SourceTree?, owner: FileOwner?, on progress: StageProgress
    ) throws(Problem) -> BuiltLayer? {
        var mode: FileModeChange?
        if let text = copy.mode {
            mode = FileModeChange(text)
            guard mode != nil else { throw placed.source.problem("invalid --chmod=\(text)") }
        }
        let isContext = tree.map { !$0.keepsOwners } ?? true
        let epoch = FileTime(seconds: progress.epochInSeconds, nanoseconds: 0)
        let attributes = CopyAttributes(
            owner: owner ?? (isContext ? .root : nil), mode: mode,
            modified: isContext && !build.request.keepsFileTimes ? epoch : nil)
        let files = try build.engine.steps.begin(on: copy.isLinked ? [] : progress.diffIDs)
        do {
            let target = CopyTarget(try files.open())
            for case .inline(let name, let content) in copy.sources {
                try write(content, named: name, of: copy, to: target, attributes)
            }
            for file in remote.files { try add(file, of: copy, to: target, attributes) }
            for repository in remote.repositories {
                try add(repository, of: copy, to: target, attributes)
            }
            if let tree {
                var copying = FileCopy(from: tree, to: target, attributes)
                for source in chosen {
                    try build.interruption.check()
                    try self.copy(source, of: copy, with: &copying, on: target)
                }
            }
        }
        return try layer(of: files, on: progress, withoutMountPoints: [])
    }

    private func copy(
        _ source: ChosenSource, of copy: CopyStep, with copying: inout FileCopy,
        on target: CopyTarget
    ) throws(Problem) {
        if copy.isAdd, copy.unpacks ?? true {
            let archive = ArchiveCopy(
                steps: build.engine.steps, tree: copying.tree, target: target)
            if try archive.unpack(source, to: copy.destination) {
                guard copy.owner == nil, copy.mode == nil else {
                    throw placed.source.problem(
                        "this version of Kade has no --chown and --chmod for archives",
                        fix: "change them in a RUN", kind: .unsupported)
                }
                return
            }
        }
        guard copy.keepsParents else {
            return try copying.copy(source, to: copy.destination)
        }
        // The directories above the source come along; those before "/./" do not.
        let destination =
            copy.destination.hasSuffix("/") ? copy.destination : copy.destination + "/"
        let isDirectory = source.entry.status.kind == .directory
        let parts = source.path.split(separator: "/").map(String.init)
        let kept = parts.dropFirst(source.droppedParts).dropLast(isDirectory ? 0 : 1)
        let path = kept.isEmpty ? destination : destination + kept.joined(separator: "/") + "/"
        try copying.copy(source, to: path)
    }

    /// Writes a here-document as a file.
    private func write(
        _ content: String, named name: String, of copy: CopyStep, to target: CopyTarget,
        _ attributes: CopyAttributes
    ) throws(Problem) {
        try asking("cannot write \(name) to \(copy.destination)") { () throws(SystemCallError) in
            let file = try OwnedFD.memory(named: "here-document")
            try file.writeAll(Array(content.utf8))
            try file.seek(toOffsetInBytes: 0)
            try target.write(
                file, named: name, to: copy.destination, permissions: 0o644, attributes)
        }
    }
}

extension CopyStep.Source {
    fileprivate var isPath: Bool {
        if case .path = self { true } else { false }
    }

    /// Whether it is a path of the context, a stage or an image.
    fileprivate var isLocal: Bool {
        if case .path(let path) = self { RemoteSource(path) == nil } else { false }
    }
}

extension CopyStep {
    /// With `--parents`: how many parts of a source stand before its `/./`.
    fileprivate func droppedParts(of pattern: String) -> Int {
        let parts = pattern.split(separator: "/")
        guard keepsParents, let dot = parts.dropFirst().firstIndex(of: ".") else { return 0 }
        return AbsolutePath.parts(parts[..<dot].joined(separator: "/")).count
    }

    /// The instruction as its cache key has it.
    fileprivate var text: String {
        var words = [isAdd ? "ADD" : "COPY"]
        if let from { words.append("--from=\(from)") }
        if let mode { words.append("--chmod=\(mode)") }
        if isLinked { words.append("--link") }
        if keepsParents { words.append("--parents") }
        words += excluded.map { "--exclude=\($0)" }
        for source in sources {
            switch source {
            case .path(let path): words.append(path)
            case .inline(let name, _): words.append("<<\(name)")
            }
        }
        return (words + [destination]).joined(separator: " ")
    }
}
