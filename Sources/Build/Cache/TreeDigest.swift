import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// What chosen files hold, as digests: the part of a cache key that files make.
///
/// Content, kinds, modes, links and devices count; owners where they are kept; times do not.
struct TreeDigest {
    /// The digest of each file, link and directory by its path beneath the source.
    private(set) var files: [String: String] = [:]
    private var hasher = ContentHasher()
    private let keepsOwners: Bool
    /// What the last build knew of the files.
    private let stats: StatCache?
    private let buffer = CopyBuffer()

    init(keepsOwners: Bool, stats: StatCache?) {
        self.keepsOwners = keepsOwners
        self.stats = stats
    }

    /// The digest of all that was added.
    var digest: Digest { hasher.digest() }

    /// Adds a source and all beneath it.
    mutating func add(_ source: ChosenSource, of tree: SourceTree) throws(Problem) {
        do throws(SystemCallError) {
            let parent = OpenDirectory(
                adopting: try tree.root.open(
                    FilePath(source.parent.isEmpty ? "." : source.parent),
                    [.readOnly, .directory]))
            try add(source.entry, in: parent, at: source.path)
        } catch {
            throw Problem(error, what: "cannot read \(source.path) of \(tree.name)")
        }
    }

    private mutating func add(
        _ entry: TreeEntry, in parent: borrowing OpenDirectory, at path: String
    ) throws(SystemCallError) {
        let line = try line(entry, in: parent)
        note(path, line)
        guard entry.status.kind == .directory else { return }
        let directory = try parent.directory(entry.name)
        for child in entry.children {
            try add(child, in: directory, at: path.isEmpty ? child.text : "\(path)/\(child.text)")
        }
    }

    /// Adds a text under a name.
    mutating func note(_ name: String, _ text: String) {
        let whole = "\(name)\0\(text)\n"
        Array(whole.utf8).withUnsafeBytes { hasher.update($0) }
        files[name] = text
    }

    private mutating func line(
        _ entry: TreeEntry, in parent: borrowing OpenDirectory
    ) throws(SystemCallError) -> String {
        let status = entry.status
        var fields = [String(status.permissions, radix: 8)]
        if keepsOwners { fields.append("\(status.owner):\(status.group)") }
        switch status.kind {
        case .directory: fields.append("d")
        case .file: fields.append("f \(try content(of: entry, in: parent))")
        case .symlink:
            let target = try parent.symlinkTarget(entry.name).dropLast()
            fields.append("l \(target.map { UInt8(bitPattern: $0) }.text)")
        case .characterDevice: fields.append("c \(status.device.rawValue)")
        case .blockDevice: fields.append("b \(status.device.rawValue)")
        case .fifo: fields.append("p")
        case .socket: fields.append("s")
        }
        for name in try CopiedAttributes.names(of: entry, in: parent) {
            let value = try parent.attribute(name, of: entry.name) ?? []
            fields.append("\(name)=\(ContentHasher.sha256(value))")
        }
        return fields.joined(separator: " ")
    }

    private mutating func content(
        of entry: TreeEntry, in parent: borrowing OpenDirectory
    ) throws(SystemCallError) -> String {
        if let known = stats?.digest(of: entry.status) { return known }
        let file = try parent.openFile(entry.name)
        // Of the file that is read, which may be another by now.
        let status = try FileStatus(of: file)
        var hasher = ContentHasher()
        while true {
            let portion = try buffer.read(from: file)
            if portion.isEmpty { break }
            hasher.update(portion)
        }
        let digest = hasher.digest().encoded
        if try FileStatus(of: file) == status { stats?.note(digest, of: status) }
        return digest
    }
}

/// The extended attributes that a copy keeps.
enum CopiedAttributes {
    /// `security.capability` and those of users; sorted.
    static func names(
        of entry: TreeEntry, in parent: borrowing OpenDirectory
    ) throws(SystemCallError) -> [String] {
        guard entry.status.kind == .file || entry.status.kind == .directory else { return [] }
        return try parent.attributes(of: entry.name).filter {
            $0 == "security.capability"
                || ($0.hasPrefix("user.") && !$0.hasPrefix("user.overlay."))
        }.sorted()
    }
}
