import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// A root file system as its layers show it, without mounting them: enough to read one file.
///
/// It follows overlayfs (the kernel's Documentation/filesystems/overlayfs.rst): the uppermost layer
/// with a name decides, a character device 0/0 hides the name, an opaque directory hides what is
/// below it. Symbolic links stay within the root.
struct LayeredRootfs: Sendable {
    /// The layers' directories, the uppermost first.
    let layers: [FilePath]

    /// The content of a file, or nil when there is none of this name.
    func read(_ path: FilePath) throws(Problem) -> [UInt8]? {
        try explaining("cannot read \(path) of the image") { () throws(SystemCallError) in
            guard let found = try find(path) else { return nil }
            let file = try OwnedFD.open(found, [.readOnly, .noFollow])
            guard try FileStatus(of: file).kind == .file else { return nil }
            return try file.readAll()
        }
    }

    /// The same as text; empty when there is no such file.
    func text(_ path: FilePath) throws(Problem) -> String {
        String(decoding: try read(path) ?? [], as: UTF8.self)
    }

    /// Where the file is on the host.
    private func find(_ path: FilePath) throws(SystemCallError) -> FilePath? {
        var rest = Array(path.removingRoot().components)
        var walked: [FilePath.Component] = []
        var directories = layers
        var links = 0
        while !rest.isEmpty {
            let name = rest.removeFirst()
            if name.kind == .currentDirectory { continue }
            if name.kind == .parentDirectory {
                if !walked.isEmpty { walked.removeLast() }
                rest = walked + rest
                (walked, directories) = ([], layers)
                continue
            }
            guard let entry = try lookUp(name, in: directories) else { return nil }
            switch entry.kind {
            case .directory(let below):
                directories = below
                walked.append(name)
            case .link(let target):
                links += 1
                guard links <= 40 else { return nil }  // as the kernel: ELOOP
                let base = target.isAbsolute ? [] : walked
                rest = base + Array(target.removingRoot().components) + rest
                (walked, directories) = ([], layers)
            case .other(let path): return rest.isEmpty ? path : nil
            }
        }
        return nil
    }

    private struct Entry {
        enum Kind {
            /// The same directory in this layer and in those below it, as far as they show.
            case directory([FilePath])
            case link(FilePath)
            case other(FilePath)
        }

        var kind: Kind
    }

    private func lookUp(
        _ name: FilePath.Component, in directories: [FilePath]
    ) throws(SystemCallError) -> Entry? {
        var merged: [FilePath] = []
        for directory in directories {
            let path = directory.appending(name)
            let status: FileStatus
            do throws(SystemCallError) {
                status = try FileStatus(ofLink: path)
            } catch
                where error.errno == .noSuchFileOrDirectory
                || error.errno == .notDirectory
            {
                continue
            }
            if status.kind == .directory {
                merged.append(path)
                if try isOpaque(path) { break }
                continue
            }
            if !merged.isEmpty || status.isWhiteout { break }
            if status.kind == .symlink {
                return Entry(kind: .link(try Link.target(of: path)))
            }
            return Entry(kind: .other(path))
        }
        return merged.isEmpty ? nil : Entry(kind: .directory(merged))
    }

    private func isOpaque(_ path: FilePath) throws(SystemCallError) -> Bool {
        try ExtendedAttributes.value(of: "trusted.overlay.opaque", on: path) == [UInt8(ascii: "y")]
    }
}
