import Diagnostics
import Engine
import Linux
import Storage
import SystemPackage

/// A repository that ADD names; it is checked out when its files are asked for.
final class RemoteRepository {
    let source: GitSource
    /// What the instruction says.
    let address: String
    /// `--keep-git-dir`.
    let keepsHistory: Bool
    private let checksum: String?
    private let steps: StepService
    private var known: String?
    private var scratch: ScratchDirectory?

    init(
        _ source: GitSource, address: String, keepsHistory: Bool, checksum: String?,
        steps: StepService
    ) {
        self.source = source
        self.address = address
        self.keepsHistory = keepsHistory
        self.checksum = checksum
        self.steps = steps
    }

    /// The commit that decides about the result.
    func commit() throws(Problem) -> String {
        if let known { return known }
        let found = try steps.commit(of: source.address, reference: source.reference)
        if let checksum, !found.hasPrefix(checksum) {
            throw Problem(
                kind: .corrupt, what: "cannot add \(address)",
                why: "its commit is \(found), and --checksum says \(checksum)",
                fix: "correct --checksum, or do not use this repository")
        }
        known = found
        return found
    }

    /// Its files.
    func tree() throws(Problem) -> SourceTree {
        let commit = try commit()
        let scratch = try steps.makeScratch()
        self.scratch = scratch
        try steps.checkOut(
            source.address, reference: commit, keepsHistory: keepsHistory,
            into: scratch.path)
        let name = "the repository \(source.address)"
        let root = try asking("cannot open \(name)") { () throws(SystemCallError) in
            let all = try RootedDirectory(at: scratch.path)
            guard let directory = source.directory else { return all }
            return RootedDirectory(
                adopting: try all.open(FilePath(directory), [.readOnly, .directory]))
        }
        return SourceTree(root: root, ignored: .none, keepsOwners: false, name: name)
    }
}
