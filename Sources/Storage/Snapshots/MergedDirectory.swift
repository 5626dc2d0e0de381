package import Diagnostics
package import Linux
package import SystemPackage

/// A directory as an overlay mount would show it, without mounting one.
///
/// It is made of the directories of one name in several layers. The kernel's rules apply
/// (Documentation/filesystems/overlayfs.rst): a whiteout hides the name in lower layers, an opaque
/// directory all that is below it.
package struct MergedDirectory: Sendable {
    /// The layers' own directories, the uppermost first.
    private let parts: [HeldDirectory]

    /// The merged root of layers.
    ///
    /// - Parameter layers: the layers' roots, the uppermost first.
    /// - Throws: `.notFound` when a layer does not exist.
    package init(_ layers: [FilePath]) throws(Problem) {
        var parts: [HeldDirectory] = []
        for layer in layers {
            parts.append(
                HeldDirectory(
                    try asking("cannot open the layer \(layer)") { () throws(SystemCallError) in
                        try OpenDirectory(at: layer)
                    },
                    data: try asking("cannot open the data of the layer \(layer)") {
                        () throws(SystemCallError) in try LayerData(of: layer)
                    }))
        }
        self.parts = parts
    }

    private init(parts: [HeldDirectory]) { self.parts = parts }

    /// The uppermost layer's own directory, whose attributes are those of the merged one; nil where
    /// there are no layers.
    package var top: HeldDirectory? { parts.first }

    /// What a name stands for.
    package enum Entry: Sendable {
        case directory(MergedDirectory, FileStatus)
        /// Anything else, in the directory of the layer that has it.
        case other(HeldDirectory, FileStatus)

        package var status: FileStatus {
            switch self {
            case .directory(_, let status), .other(_, let status): status
            }
        }
    }

    /// Looks up one name; nil when no layer shows it.
    package func entry(_ name: [CChar]) throws(SystemCallError) -> Entry? {
        var found: [HeldDirectory] = []
        var top: FileStatus?
        for part in parts {
            guard let status = try part.directory.status(of: name) else { continue }
            if status.isWhiteout { break }
            guard status.kind == .directory else {
                if top == nil { return .other(part, status) }
                break
            }
            top = top ?? status
            found.append(
                HeldDirectory(try part.directory.directory(name), data: part.data))
            if try part.directory.isOpaque(name) { break }
        }
        return top.map { .directory(MergedDirectory(parts: found), $0) }
    }

    /// All names that an overlay would show, in no order.
    package func names() throws(SystemCallError) -> [[CChar]] {
        var seen: Set<[CChar]> = []
        var names: [[CChar]] = []
        for part in parts {
            for name in try part.directory.names() where seen.insert(name).inserted {
                guard try part.directory.status(of: name)?.isWhiteout == false else { continue }
                names.append(name)
            }
        }
        return names
    }
}

/// A directory held open that several values share.
package final class HeldDirectory: Sendable {
    package let directory: OpenDirectory
    /// Where its files' data is, when they have none themselves.
    package let data: LayerData?

    init(_ directory: consuming OpenDirectory, data: LayerData?) {
        self.directory = directory
        self.data = data
    }
}

extension OpenDirectory {
    /// Whether a directory hides those of lower layers: `trusted.overlay.opaque`, or `user.…` of an
    /// unprivileged mount.
    package func isOpaque(_ name: [CChar]) throws(SystemCallError) -> Bool {
        for prefix in ["trusted", "user"]
        where try attribute("\(prefix).overlay.opaque", of: name) == [UInt8(ascii: "y")] {
            return true
        }
        return false
    }
}
