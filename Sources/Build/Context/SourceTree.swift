import Diagnostics
package import Linux
import Storage
import SystemPackage

/// Files that COPY and ADD take from: the build's context, a stage or an image.
///
/// Paths are looked up beneath the root by descriptor, so that a symbolic link leads nowhere else.
package final class SourceTree: Sendable {
    let root: RootedDirectory
    /// What does not count.
    let ignored: IgnoreRules
    /// Owners and times of the files are kept: not those of a context, which are a checkout's.
    let keepsOwners: Bool
    /// "the context", "stage build": for errors.
    let name: String

    package init(
        root: consuming RootedDirectory, ignored: IgnoreRules, keepsOwners: Bool, name: String
    ) {
        self.root = root
        self.ignored = ignored
        self.keepsOwners = keepsOwners
        self.name = name
    }
}

/// A file or directory that was chosen, with all beneath it that counts.
final class TreeEntry: Sendable {
    /// The last part of its path, as the kernel takes it.
    let name: [CChar]
    let status: FileStatus
    /// What is in it, in the order of its bytes; empty for what is no directory.
    let children: [TreeEntry]

    init(name: [CChar], status: FileStatus, children: [TreeEntry]) {
        self.name = name
        self.status = status
        self.children = children
    }

    /// The name as text.
    var text: String {
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// One source of a COPY after wildcards and links are resolved.
struct ChosenSource: Sendable {
    /// Its path in the tree as the instruction names it, without a slash at either end.
    var path: String
    /// With `--parents`: how many parts of the path do not come along, those before a `/./`.
    var droppedParts = 0
    /// The directory that holds it, and its name there, with links followed.
    var parent: String
    var entry: TreeEntry
}

extension SourceTree {
    /// A file's text; nil where there is no such file.
    func text(_ path: String) throws(Problem) -> String? {
        do throws(SystemCallError) {
            let file = try root.open(FilePath(path), .readOnly)
            return String(decoding: try file.readAll(), as: UTF8.self)
        } catch  where [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) {
            return nil
        } catch {
            throw Problem(error, what: "cannot read \(path) of \(name)")
        }
    }

    /// Finds what a source of COPY means: one path, or all that its wildcards match.
    ///
    /// - Parameters:
    ///   - pattern: as in the instruction.
    ///   - excluded: `--exclude`, relative to each source.
    ///   - crossesDirectories: whether `**` stands for any number of directories.
    /// - Returns: what was found, sorted; empty when wildcards match nothing.
    /// - Throws: `.notFound` for a path that does not exist, or that does not count.
    func choose(
        _ pattern: String, excluded: IgnoreRules, crossesDirectories: Bool
    ) throws(Problem) -> [ChosenSource] {
        let parts = AbsolutePath.parts(pattern)
        let path = parts.joined(separator: "/")
        if parts.contains(where: Self.hasWildcards) {
            var found: [ChosenSource] = []
            for match in try matches(parts, crossesDirectories: crossesDirectories) {
                if let source = try source(at: match, excluded: excluded) { found.append(source) }
            }
            return found
        }
        guard let source = try source(at: path, excluded: excluded) else {
            throw Problem(
                kind: .notFound, what: "cannot copy \(pattern)",
                why: ignored.excludes(path)
                    ? "the ignore file excludes it from \(name)" : "\(name) does not have it",
                fix: ignored.excludes(path) ? "take it in again with !\(path)" : nil)
        }
        return [source]
    }

    private static func hasWildcards(_ part: String) -> Bool {
        part.utf8.contains { "*?[".utf8.contains($0) }
    }

    /// The paths that a pattern matches, in the order of their bytes.
    private func matches(
        _ parts: [String], crossesDirectories: Bool
    ) throws(Problem) -> [String] {
        var paths = [""]
        for (index, part) in parts.enumerated() {
            if crossesDirectories, part == "**" {
                var all: [String] = []
                for path in paths { all += [path] + (try descendants(of: path)) }
                paths = all
                continue
            }
            guard Self.hasWildcards(part) else {
                let literal = part.replacingEscapes()
                paths = paths.map { $0.isEmpty ? literal : "\($0)/\(literal)" }
                continue
            }
            guard let pattern = PathPattern(part, crossesDirectories: false) else {
                throw Problem(
                    kind: .invalid, what: "cannot copy \(parts.joined(separator: "/"))",
                    why: "'\(part)' is no pattern", fix: "patterns know *, ? and [a-z]")
            }
            var next: [String] = []
            for path in paths {
                for name in try names(in: path) where pattern.matches(name) {
                    next.append(path.isEmpty ? name : "\(path)/\(name)")
                }
            }
            paths = index == parts.count - 1 ? next.filter { !ignored.excludes($0) } : next
        }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }

    private func descendants(of path: String) throws(Problem) -> [String] {
        var result: [String] = []
        for name in try names(in: path) {
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            let status = try asking("cannot look at \(inner) of \(self.name)") {
                () throws(SystemCallError) in
                try root.parent(of: FilePath(inner)).status(ofName: name)
            }
            guard status?.kind == .directory else { continue }
            result += [inner] + (try descendants(of: inner))
        }
        return result
    }

    /// The names in a directory; none when it is no directory.
    func names(in path: String) throws(Problem) -> [String] {
        try asking("cannot list \(path) of \(name)") { () throws(SystemCallError) in
            let directory: OwnedFD
            do throws(SystemCallError) {
                directory = try root.open(
                    FilePath(path.isEmpty ? "." : path), [.readOnly, .directory])
            } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
                return []
            }
            return try directory.listDirectory().map(\.name.string).sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
        }
    }

    /// Reads a source and all beneath it; nil when it does not exist or does not count.
    private func source(
        at path: String, excluded: IgnoreRules
    ) throws(Problem) -> ChosenSource? {
        try asking("cannot read \(path.isEmpty ? "/" : path) of \(name)") {
            () throws(SystemCallError) -> ChosenSource? in
            guard let place = try followed(path) else { return nil }
            let filter = TreeFilter(ignored: ignored, excluded: excluded)
            let entry: TreeEntry?
            if place.isEmpty {
                let directory = OpenDirectory(
                    adopting: try root.open(".", [.readOnly, .directory]))
                entry = TreeEntry(
                    name: [46, 0], status: try directory.status(),
                    children: try filter.children(of: directory, at: "", below: ""))
            } else {
                let parts = PathParts(FilePath(place))
                let parent = OpenDirectory(
                    adopting: try root.open(
                        parts.directory.isEmpty ? "." : parts.directory, [.readOnly, .directory]))
                entry = try filter.entry(
                    Array(cString(Array(parts.name.string.utf8))), in: parent, at: place, below: nil
                )
            }
            guard let entry else { return nil }
            let parent = place.split(separator: "/").dropLast().joined(separator: "/")
            return ChosenSource(path: path, parent: parent, entry: entry)
        }
    }

    /// A path with the links at its end followed; nil when nothing is there.
    private func followed(_ path: String) throws(SystemCallError) -> String? {
        var path = path
        for _ in 0..<40 {
            guard !path.isEmpty else { return "" }
            let parts = PathParts(FilePath(path))
            let parent: OwnedFD
            do throws(SystemCallError) {
                parent = try root.open(
                    parts.directory.isEmpty ? "." : parts.directory, [.path, .directory])
            } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
                return nil
            }
            guard let status = try parent.status(ofName: parts.name.string) else { return nil }
            guard status.kind == .symlink else { return path }
            let target = try parent.linkTarget(of: parts.name).string
            path = AbsolutePath.parts(
                target.hasPrefix("/") ? target : "\(parts.directory)/\(target)"
            ).joined(separator: "/")
        }
        throw SystemCallError(
            call: "openat2", subject: path, errno: .tooManySymbolicLinkLevels)
    }
}

/// Which names of a tree count.
private struct TreeFilter {
    let ignored: IgnoreRules
    let excluded: IgnoreRules

    /// Reads one name and all beneath it that counts.
    ///
    /// - Parameters:
    ///   - name: the name.
    ///   - parent: the directory that holds it.
    ///   - path: its path in the tree, for the ignore rules.
    ///   - inner: its path beneath the source, for `--exclude`; nil for the source itself.
    /// - Returns: nil for what does not count.
    /// - Throws: the kernel's refusal.
    func entry(
        _ name: [CChar], in parent: borrowing OpenDirectory, at path: String, below inner: String?
    ) throws(SystemCallError) -> TreeEntry? {
        guard let status = try parent.status(of: name), status.kind != .socket else { return nil }
        let isIgnored = ignored.excludes(path)
        let isExcluded = inner.map { excluded.excludes($0) } ?? false
        guard status.kind == .directory else {
            let isLone = inner == nil && excluded.excludes(path.lastPart)
            return isIgnored || isExcluded || isLone
                ? nil : TreeEntry(name: name, status: status, children: [])
        }
        let mayHold = (!isIgnored || ignored.mayTakeIn) && (!isExcluded || excluded.mayTakeIn)
        guard mayHold else { return nil }
        let children = try children(
            of: try parent.directory(name), at: path, below: inner ?? "")
        if (isIgnored || isExcluded) && children.isEmpty { return nil }
        return TreeEntry(name: name, status: status, children: children)
    }

    func children(
        of directory: borrowing OpenDirectory, at path: String, below inner: String
    ) throws(SystemCallError) -> [TreeEntry] {
        let names = try directory.names().sorted { left, right in
            left.lexicographicallyPrecedes(right) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
        }
        var entries: [TreeEntry] = []
        for name in names {
            let text = String(
                decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let entry = try entry(
                name, in: directory, at: path.isEmpty ? text : "\(path)/\(text)",
                below: inner.isEmpty ? text : "\(inner)/\(text)")
            if let entry { entries.append(entry) }
        }
        return entries
    }
}

extension OwnedFD {
    /// What a name in this directory is, not following a link; nil when there is none.
    borrowing func status(ofName name: String) throws(SystemCallError) -> FileStatus? {
        do throws(SystemCallError) {
            return try FileStatus(ofLink: FilePath(name), in: self)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }
}

extension String {
    /// What follows the last slash.
    var lastPart: String { split(separator: "/").last.map(String.init) ?? self }

    /// The text with a backslash's next character as it is.
    fileprivate func replacingEscapes() -> String {
        var result: [UInt8] = []
        var bytes = Array(utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == Byte.backslash, let next = bytes.popFirst() {
                result.append(next)
            } else {
                result.append(byte)
            }
        }
        return result.text
    }
}
