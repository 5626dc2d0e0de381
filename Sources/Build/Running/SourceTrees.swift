import Diagnostics
import Engine
import Linux
import OCI
import Storage
import Synchronization
import SystemPackage

/// The trees that a build's instructions take files from, each opened once.
final class SourceTrees: Sendable {
    private let open = Mutex<[String: OpenTree]>([:])

    /// Keeps what is known of the files of directories for the next build.
    func saveStats() throws(Problem) {
        for tree in open.withLock({ Array($0.values) }) { try tree.stats?.save() }
    }

    /// A tree that is open already, or one that is opened now.
    func tree(
        _ name: String, _ make: () throws(Problem) -> OpenTree
    ) throws(Problem) -> OpenTree {
        if let known = open.withLock({ $0[name] }) { return known }
        let made = try make()
        // Two threads may have opened it; both trees show the same.
        open.withLock { $0[name] = made }
        return made
    }
}

/// A tree, and what it is made of.
final class OpenTree: Sendable {
    let tree: SourceTree
    /// The layers of a stage or image; nil for a directory of the host.
    let layers: [Digest]?
    /// The directory of the host; nil for layers.
    let directory: FilePath?
    /// What is known of the files of a directory.
    let stats: StatCache?
    /// Keeps the directory of its mount.
    private let files: StepFiles?

    init(_ tree: SourceTree, directory: FilePath, dataRoot: FilePath) {
        self.tree = tree
        self.directory = directory
        stats = StatCache(of: directory, below: dataRoot)
        layers = nil
        files = nil
    }

    init(_ files: StepFiles, of layers: [Digest], named name: String) throws(Problem) {
        tree = SourceTree(
            root: try files.openLower(), ignored: .none, keepsOwners: true, name: name)
        self.layers = layers
        self.files = files
        directory = nil
        stats = nil
    }
}

extension ImageBuild {
    /// The tree that `--from` or `from=` means; nil is the context.
    ///
    /// - Parameters:
    ///   - name: a stage's name or number, a named context or an image.
    ///   - index: the stage that asks.
    ///   - step: the instruction, for the display of a pull.
    /// - Returns: the tree, which stays open to the build's end.
    /// - Throws: what kept it from being opened.
    func tree(
        from name: String?, in index: Int, _ step: StepName
    ) throws(Problem) -> OpenTree {
        guard let name else { return try contextTree() }
        if case .directory(let path)? = request.context(named: name) {
            try admit(source: "local://\(name)")
            return try sources.tree("context \(name)") { () throws(Problem) in
                try directoryTree(path, ignored: .none, named: "the context \(name)")
            }
        }
        if let stage = StageGraph.stage(named: name, before: index, in: dockerfile) {
            let result = try result(of: stage)
            return try sources.tree("stage \(stage)") { () throws(Problem) in
                try OpenTree(
                    try engine.steps.begin(on: result.diffIDs), of: result.diffIDs,
                    named: "stage \(name)")
            }
        }
        return try sources.tree("image \(name)") { () throws(Problem) in
            let image = try baseImage(name, platform: request.platform, step)
            let diffIDs = image.configuration.rootfs.diffIDs
            return try OpenTree(
                try engine.steps.begin(on: diffIDs), of: diffIDs, named: "image \(name)")
        }
    }

    private func contextTree() throws(Problem) -> OpenTree {
        guard let context = request.context else {
            throw Problem(
                kind: .invalid, what: "cannot take files from the context",
                why: "the Dockerfile came alone, without a context",
                fix: "name a directory, and the Dockerfile with -f -")
        }
        try admit(source: "local://context")
        return try sources.tree("the context") { () throws(Problem) in
            try directoryTree(context, ignored: request.ignored, named: "the context")
        }
    }

    private func directoryTree(
        _ path: FilePath, ignored: IgnoreRules, named name: String
    ) throws(Problem) -> OpenTree {
        let root = try asking("cannot open \(name) \(path)") { () throws(SystemCallError) in
            try RootedDirectory(at: path)
        }
        return OpenTree(
            SourceTree(root: root, ignored: ignored, keepsOwners: false, name: name),
            directory: path, dataRoot: engine.steps.dataRoot)
    }
}
