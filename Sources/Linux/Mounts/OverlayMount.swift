package import SystemPackage

/// An overlay file system that is to be mounted: read-only layers, and a writable one on top.
///
/// See the kernel's Documentation/filesystems/overlayfs.rst. The value says what; ``mount(at:)``
/// does it.
package struct OverlayMount: Sendable, Equatable {
    /// The read-only layers, the uppermost first: `lowerdir`.
    package var lower: [FilePath]
    /// Where changes go: `upperdir`; nil for a read-only mount.
    package var upper: FilePath?
    /// The kernel's scratch directory, on the same file system as ``upper``: `workdir`.
    package var work: FilePath?
    /// Stores overlay's own marks as `user.overlay.…` attributes, as a mount in a user namespace
    /// does in any case: there the kernel has no `trusted.…` ones.
    package var usesUserAttributes: Bool
    /// The data-only layers; nil for those that the layers themselves name.
    var data: [FilePath]?
    /// Leaves out every sync of the upper layer: `volatile`, for what need not outlive a crash.
    package var isVolatile: Bool

    package init(
        lower: [FilePath], upper: FilePath?, work: FilePath?, usesUserAttributes: Bool = false,
        isVolatile: Bool = false
    ) {
        self.lower = lower
        self.upper = upper
        self.work = work
        self.usesUserAttributes = usesUserAttributes
        self.isVolatile = isVolatile
    }

    /// Opens the overlay's root without leaving a mount anywhere: it ends with the descriptor.
    ///
    /// A mount that was detached would refuse `..` in scoped lookups (EAGAIN of `openat2(2)`), so
    /// this one was never attached.
    ///
    /// - Parameter place: a directory where kernels before Linux 6.7 mount it for a moment.
    /// - Returns: a descriptor with `O_PATH`.
    /// - Throws: the kernel's refusal.
    package func open(through place: FilePath) throws(SystemCallError) -> OwnedFD {
        if let mount = try detached() { return mount.takeDescriptor() }
        try mountByOptionString(at: place)
        do throws(SystemCallError) {
            let clone = try DetachedMount(
                cloning: OwnedFD.open(place, [.path, .directory]), isRecursive: false)
            try Mount.unmount(place, isDetached: true)
            return clone.takeDescriptor()
        } catch {
            try? Mount.unmount(place, isDetached: true)  // best effort: the first error counts
            throw error
        }
    }

    /// Mounts the overlay on a directory.
    ///
    /// The layers go to the kernel one at a time (`fsconfig(2)`, `lowerdir+`, since Linux 6.7), so
    /// that their number is not limited by a page of options (the kernel's own limit is 500).
    /// Data-only layers, which their layers name, follow (`datadir+`).
    /// Older kernels get one string of short names, relative to a directory of links. A single
    /// read-only layer, which overlay refuses, becomes a read-only bind mount.
    package func mount(at target: FilePath) throws(SystemCallError) {
        if let mount = try detached() { return try mount.attach(onto: target) }
        try mountByOptionString(at: target)
    }

    /// The mount, attached nowhere yet; nil where the kernel does not take layers one at a time.
    func detached() throws(SystemCallError) -> DetachedMount? {
        if lower.count == 1, upper == nil, try dataLayers.isEmpty {
            let layer = try DetachedMount(
                cloning: OwnedFD.open(lower[0], [.path, .directory]), isRecursive: false)
            try layer.descriptor.changeMount(.init(set: .readOnly), isRecursive: false)
            return layer
        }
        do throws(SystemCallError) {
            return try mountedLayerByLayer()
        } catch  where error.errno == .invalidArgument || error.errno == .noFunction {
            return nil
        }
    }
}
