package import SystemPackage

/// Where the data of a layer's files is, when the layer has only their names and attributes.
///
/// Overlay finds it in a data-only layer (Documentation/filesystems/overlayfs.rst, § Data-only lower
/// layers) by the absolute path in a file's `trusted.overlay.redirect`. That a layer needs one, it
/// says itself, so that whoever mounts or reads it by its path alone has all of it.
package enum DataLayer {
    /// The attribute of a layer's root that is the way from there to its data.
    ///
    /// No overlay shows attributes whose names begin as its own.
    package static let attribute = "trusted.overlay.kade.data"

    /// The data-only layer of a layer; nil for a layer that has all data itself.
    ///
    /// - Throws: the kernel's refusal to look at the layer.
    package static func path(of layer: FilePath) throws(SystemCallError) -> FilePath? {
        let root = try OwnedFD.open(layer, [.readOnly, .directory])
        guard try FileSystemStatus(of: root).type == FileSystemStatus.erofs,
            let value = try root.extendedAttribute(attribute)
        else { return nil }
        let relative = FilePath(String(decoding: value, as: UTF8.self))
        return layer.appending(relative.components).lexicallyNormalized()
    }

    /// The data-only layers of layers, each once, in their order.
    package static func paths(of layers: [FilePath]) throws(SystemCallError) -> [FilePath] {
        var paths: [FilePath] = []
        for layer in layers {
            if let path = try path(of: layer), !paths.contains(path) { paths.append(path) }
        }
        return paths
    }
}
