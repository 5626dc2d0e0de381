import Linux
package import SystemPackage

/// Whether the kernel mounts EROFS images from files of a directory.
package enum ErofsProbe {
    /// What keeps a layer from being an EROFS image, by trying it with files that have no names.
    ///
    /// It needs root, a kernel that mounts from files (6.12 with `CONFIG_EROFS_FS_BACKED_BY_FILE`)
    /// and shows attributes, and a file system that the kernel does that on.
    ///
    /// - Parameter directory: where the files would be.
    /// - Returns: a sentence; nil when it works.
    package static func obstacle(in directory: FilePath) -> String? {
        do throws(SystemCallError) {
            let isRight = try attempt(in: directory)
            return isRight ? nil : "the kernel shows another file than was written"
        } catch {
            return "\(error)"
        }
    }

    private static func attempt(in directory: FilePath) throws(SystemCallError) -> Bool {
        let content = [UInt8](repeating: UInt8(ascii: "k"), count: Int(Erofs.blockSize))
        let size = Int64(content.count)
        guard let data = ErofsData(sizeInBytes: size, extents: [.init(0..<size, at: 0)]) else {
            return false
        }
        let epoch = FileTime(seconds: 0, nanoseconds: 0)
        let root = ErofsNode(.directory, permissions: 0o755, owner: 0, group: 0, modified: epoch)
        root.set(ErofsAttribute.opaque)
        root.set(
            ErofsNode(.file(data), permissions: 0o644, owner: 0, group: 0, modified: epoch),
            named: Array("file".utf8))
        let image = ErofsImage(
            root: root, dataInBytes: size, uuid: [UInt8](repeating: 0, count: 16))
        let imageFile = try namelessFile(image.bytes(), in: directory)
        let dataFile = try namelessFile(content, in: directory)
        let mount = try ErofsMount(image: imageFile.procPath, data: dataFile.procPath).mount()
        withExtendedLifetime(imageFile) {}  // their paths end with them
        withExtendedLifetime(dataFile) {}
        let shown = OpenDirectory(
            adopting: try mount.descriptor.open(".", [.readOnly, .directory]))
        let mark = try shown.attribute("trusted.overlay.opaque", of: ".")
        let read = try shown.openFile("file").readAll()
        return mark == [UInt8(ascii: "y")] && read == content
    }

    /// A file that no name leads to; it goes with its descriptor.
    private static func namelessFile(
        _ content: [UInt8], in directory: FilePath
    ) throws(SystemCallError) -> OwnedFD {
        let file = try OwnedFD.open(
            directory, [.readWrite, .temporaryFile], permissions: .ownerReadWrite)
        try file.writeAll(content)
        return file
    }
}
