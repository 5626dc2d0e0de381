package import Linux
package import SystemPackage

/// The data of a layer's files where the layer has only their names, for who reads it without an
/// overlay: what overlay does with ``Linux/DataLayer``.
package final class LayerData: Sendable {
    private let objects: OpenDirectory

    /// Opens the data-only layer of a layer; nil for one that has all data itself.
    package init?(of layer: FilePath) throws(SystemCallError) {
        guard let path = try DataLayer.path(of: layer) else { return nil }
        objects = try OpenDirectory(at: path)
    }

    /// Opens the file that has a file's data.
    ///
    /// - Parameter file: a file of the layer.
    /// - Returns: nil where the file has it itself.
    /// - Throws: ENOENT when the data is not there; what the kernel refuses.
    package func file(of file: borrowing OwnedFD) throws(SystemCallError) -> OwnedFD? {
        guard let redirect = try file.extendedAttribute("trusted.overlay.redirect") else {
            return nil
        }
        let names = redirect.split(separator: UInt8(ascii: "/")).map { cString($0) }
        guard let name = names.last else { return nil }
        var directory = try objects.duplicate()
        for step in names.dropLast() { directory = try directory.directory(step) }
        return try directory.openFile(name)
    }
}
