package import Diagnostics
package import Linux
package import SystemPackage

/// Files on top of layers, which may be written to: the root of a container, or of a build's step.
package enum Snapshot: Sendable, Equatable {
    /// The layers below a directory that takes what is written.
    case overlay(OverlayMount)
    /// A copy of what the layers show.
    case copy(LayerCopy)

    /// The layers, the uppermost first.
    package var lower: [FilePath] {
        switch self {
        case .overlay(let overlay): overlay.lower
        case .copy(let copy): copy.lower
        }
    }

    /// The directories that show the files when they are stacked, the uppermost first.
    package var layers: [FilePath] {
        switch self {
        case .overlay(let overlay): (overlay.upper.map { [$0] } ?? []) + overlay.lower
        case .copy(let copy): [copy.root]
        }
    }

    /// Shows the files at a directory, where they can be written to.
    package func mount(at target: FilePath) throws(SystemCallError) {
        switch self {
        case .overlay(let overlay): try overlay.mount(at: target)
        case .copy(let copy):
            try DetachedMount(
                cloning: OwnedFD.open(copy.root, [.path, .directory]), isRecursive: false
            ).attach(onto: target)
        }
    }

    /// Opens the root of the files, without leaving a mount anywhere.
    ///
    /// - Parameter place: a directory where kernels before Linux 6.7 mount an overlay for a moment.
    /// - Returns: a descriptor with `O_PATH`.
    /// - Throws: the kernel's refusal.
    package func open(through place: FilePath) throws(SystemCallError) -> OwnedFD {
        switch self {
        case .overlay(let overlay): try overlay.open(through: place)
        case .copy(let copy): try OwnedFD.open(copy.root, [.path, .directory])
        }
    }

    /// Runs a closure on what was written, compared with the layers.
    ///
    /// - Parameter body: gets the changes of the root, and what the layers show.
    /// - Returns: what the closure returns; nil where nothing can have been written.
    /// - Throws: `.notFound` when a layer does not exist; what the closure throws.
    package func withChanges<Value>(
        _ body: (borrowing ChangedDirectory, MergedDirectory) throws(Problem) -> Value
    ) throws(Problem) -> Value? {
        let lower = try MergedDirectory(self.lower)
        switch self {
        case .overlay(let overlay):
            guard let upper = overlay.upper else { return nil }
            let top = try asking("cannot open \(upper)") { () throws(SystemCallError) in
                try OpenDirectory(at: upper)
            }
            return try body(ChangedDirectory(upper: top), lower)
        case .copy(let copy):
            let top = try asking("cannot compare \(copy.root) with the layers of its image") {
                () throws(SystemCallError) in
                try ChangedDirectory(copy: copy, of: lower)
            }
            return try body(top, lower)
        }
    }
}
