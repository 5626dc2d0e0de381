package import SystemPackage

/// Overlays whose layers' owners are shown through the maps of a user namespace.
extension OverlayMount {
    /// Mounts the overlay on a directory with the owners of all its files mapped.
    ///
    /// Overlay cannot map owners itself; it can stand on layers that do (Linux 5.19). Each layer,
    /// also the one that is written to, is bound with `MOUNT_ATTR_IDMAP` on a tmpfs that covers the
    /// target, and leaves with it: the overlay has copies of its layers' mounts. So the numbers on
    /// the disk stay those that the container sees, in layers that are shared and in its own.
    ///
    /// - Parameters:
    ///   - target: the directory.
    ///   - namespace: the user namespace whose maps they are.
    ///   - root: who its root is outside: whom overlay's own files belong to.
    /// - Throws: the kernel's refusal; `mount_setattr` where it does not map a layer's owners.
    package func mount(
        at target: FilePath, mappedBy namespace: borrowing OwnedFD, root: OwnerIDs
    ) throws(SystemCallError) {
        try Mount.mount(
            "kade-layers", at: target, type: "tmpfs", [.noSetUserID, .noDevices],
            data: "mode=0700,size=1m")
        do throws(SystemCallError) {
            let mapped = try mapped(in: target, by: namespace)
            // Overlay makes its own files as whoever has mounted it.
            let identity = try FileSystemIdentity(root)
            defer { withExtendedLifetime(identity) {} }
            guard let made = try mapped.detached() else {
                return try mapped.mountByOptionString(at: target)
            }
            try Mount.unmount(target, isDetached: true)
            try made.attach(onto: target)
        } catch {
            try? Mount.unmount(target, isDetached: true)  // best effort: the first error counts
            throw error
        }
    }

    /// The same overlay of layers that are bound with mapped owners in a directory.
    private func mapped(
        in directory: FilePath, by namespace: borrowing OwnedFD
    ) throws(SystemCallError) -> OverlayMount {
        var mapped = self
        for (index, layer) in lower.enumerated() {
            let place = directory.appending("\(index)")
            try Self.bind(layer, at: place, mappedBy: namespace)
            mapped.lower[index] = place
        }
        mapped.data = []
        for (index, layer) in try dataLayers.enumerated() {
            let place = directory.appending("data\(index)")
            try Self.bind(layer, at: place, mappedBy: namespace)
            mapped.data?.append(place)
        }
        guard let upper, let work, let upperName = upper.lastComponent,
            let workName = work.lastComponent
        else { return mapped }
        // Both have to be on one mount.
        let place = directory.appending("written")
        try Self.bind(upper.removingLastComponent(), at: place, mappedBy: namespace)
        mapped.upper = place.appending(upperName)
        mapped.work = place.appending(workName)
        return mapped
    }

    private static func bind(
        _ source: FilePath, at place: FilePath, mappedBy namespace: borrowing OwnedFD
    ) throws(SystemCallError) {
        try Directory.make(place, permissions: .ownerReadWriteExecute)
        let mount = try DetachedMount(
            cloning: OwnedFD.open(source, [.path, .directory]), isRecursive: false)
        try mount.descriptor.mapMountOwners(by: namespace, isRecursive: false)
        try mount.attach(onto: place)
    }
}
