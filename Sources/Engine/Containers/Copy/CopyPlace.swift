import Diagnostics
import Linux
import SystemPackage

/// A path of `cp` on one of the two sides: in a container, or on this machine.
struct CopyPath: Sendable, Equatable {
    /// Absolute, without `.`, `..` and doubled slashes, as Docker cleans it.
    let path: String
    /// Whether it ends with a slash or `/.`, and so can only be a directory.
    let asksForDirectory: Bool
    /// Whether the content of a directory is meant, and not the directory: `/.` at its end.
    let meansContent: Bool

    /// Reads a path; a relative one begins at `base`.
    init(_ text: String, relativeTo base: String) {
        let absolute = text.hasPrefix("/") ? text : "\(base)/\(text)"
        var parts: [Substring] = []
        for part in absolute.split(separator: "/") where part != "." {
            if part == ".." {
                _ = parts.popLast()
            } else {
                parts.append(part)
            }
        }
        path = "/" + parts.joined(separator: "/")
        let last = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        asksForDirectory = last.isEmpty || last == "." || last == ".." || parts.isEmpty
        meansContent = last == "." || parts.isEmpty
    }

    /// The path of the directory above.
    var parent: String { "/" + path.split(separator: "/").dropLast().joined(separator: "/") }

    /// The last component; nothing for the root.
    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
}

/// Where a path leads beneath a root: a name in a directory that is open.
struct CopyPlace: ~Copyable {
    /// The directory, open with `O_PATH`.
    let directory: OwnedFD
    /// The name in it; `.` for the directory itself.
    let name: FilePath
    /// What is there; nil where nothing is.
    let status: FileStatus?

    /// Resolves a path beneath a root; nil where the directory of its last component is missing.
    ///
    /// - Parameters:
    ///   - path: absolute.
    ///   - root: the container's root, or the machine's.
    ///   - followsLink: follows a symbolic link at the end, within the root.
    /// - Returns: the place.
    /// - Throws: what the kernel refuses; `ELOOP` for links that lead in circles.
    static func find(
        _ path: String, in root: borrowing RootedDirectory, followsLink: Bool
    ) throws(SystemCallError) -> CopyPlace? {
        var path = FilePath(path)
        for _ in 0..<40 {
            let parts = PathParts(path)
            guard parts.isNamed else {
                guard let directory = try root.openIfPresent(path, [.path, .directory]) else {
                    return nil
                }
                let status = try FileStatus(of: directory)
                return CopyPlace(directory: directory, name: ".", status: status)
            }
            guard let directory = try root.openIfPresent(parts.directory, [.path, .directory])
            else { return nil }
            let status = try directory.statusIfPresent(ofName: parts.name)
            let isFollowed = followsLink && status?.kind == .symlink
            let target = isFollowed ? try directory.linkTarget(of: parts.name) : nil
            guard let target else {
                return CopyPlace(directory: directory, name: parts.name, status: status)
            }
            path = target.isAbsolute ? target : FilePath("\(parts.directory)/\(target)")
        }
        throw SystemCallError(
            call: "openat2", subject: "\(path)", errno: .tooManySymbolicLinkLevels)
    }

    /// The directory that is there, open with `O_PATH`.
    borrowing func open() throws(SystemCallError) -> OwnedFD {
        try directory.open(name, [.path, .directory, .noFollow])
    }
}
