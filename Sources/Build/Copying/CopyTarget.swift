import Engine
import Glibc
import Linux
import Storage
import SystemPackage

/// The root file system that files are copied into.
final class CopyTarget: Sendable {
    let root: RootedDirectory

    init(_ root: consuming RootedDirectory) { self.root = root }

    /// A directory that something goes into, and under which name.
    struct Place: ~Copyable {
        let directory: OpenDirectory
        let name: String
        let path: String
    }

    /// Where a file goes: into a directory, or to the path itself.
    func place(
        of destination: String, named name: String, owner: FileOwner?
    ) throws(SystemCallError) -> Place {
        let path = try resolved(destination)
        let existing = try root.status(of: FilePath(path))
        guard !destination.hasSuffix("/"), existing?.kind != .directory else {
            let directory = try makeDirectories(path, owner: owner)
            return Place(
                directory: directory, name: name, path: path == "/" ? "/\(name)" : "\(path)/\(name)"
            )
        }
        let parts = AbsolutePath.parts(path)
        let parent = AbsolutePath.cleaned(parts.dropLast().joined(separator: "/"))
        return Place(
            directory: try makeDirectories(parent, owner: owner), name: parts.last ?? "", path: path
        )
    }

    /// Writes a new file with the content of an open one, in the place of what is there.
    func write(
        _ content: borrowing OwnedFD, named name: String, to destination: String,
        permissions: mode_t, _ attributes: CopyAttributes
    ) throws(SystemCallError) {
        let place = try place(of: destination, named: name, owner: attributes.owner)
        if let existing = try place.directory.status(of: place.name) {
            guard existing.kind != .directory else {
                throw SystemCallError(call: "openat", subject: place.path, errno: .isDirectory)
            }
            try place.directory.removeFile(place.name)
        }
        let file = try place.directory.makeFile(place.name, permissions: 0o600)
        let buffer = CopyBuffer()
        while true {
            let portion = try buffer.read(from: content)
            if portion.isEmpty { break }
            try file.writeAll(portion)
        }
        var status = try FileStatus(of: file)
        status.permissions = permissions
        let owner = attributes.owner ?? .root
        try file.changeOwner(user: owner.user, group: owner.group)
        try file.changePermissions(
            to: FilePermissions(rawValue: attributes.permissions(of: status)))
        if let time = attributes.modified { try file.setModified(time) }
    }

    /// A path with the symbolic links at its end followed; links before are the kernel's matter.
    func resolved(_ path: String) throws(SystemCallError) -> String {
        var path = AbsolutePath.cleaned(path)
        for _ in 0..<40 {
            let parts = PathParts(FilePath(path))
            guard parts.isNamed,
                let parent = try root.openIfPresent(parts.directory, [.path, .directory]),
                let status = try parent.status(ofName: parts.name.string), status.kind == .symlink
            else { return path }
            let target = try parent.linkTarget(of: parts.name).string
            path = AbsolutePath.joined(parts.directory.string, target)
        }
        throw SystemCallError(call: "openat2", subject: path, errno: .tooManySymbolicLinkLevels)
    }

    /// Opens a directory, and makes it and those above it where they are missing, with mode 0755.
    func makeDirectories(_ path: String, owner: FileOwner?) throws(SystemCallError) -> OpenDirectory
    {
        if let existing = try root.openIfPresent(FilePath(path), [.readOnly, .directory]) {
            return OpenDirectory(adopting: existing)
        }
        let parts = AbsolutePath.parts(try resolved(path))
        guard let name = parts.last else {
            return OpenDirectory(adopting: try root.open("/", [.readOnly, .directory]))
        }
        let above = try resolved("/" + parts.dropLast().joined(separator: "/"))
        let parent = try makeDirectories(above, owner: owner)
        try parent.makeDirectory(name, permissions: 0o755)
        let owner = owner ?? .root
        try parent.setOwner(name, owner: owner.user, group: owner.group)
        try parent.setPermissions(name, 0o755)  // whatever the umask
        return try parent.directory(name)
    }
}
