package import SystemPackage

/// An EROFS image that is a file, with the data of its files in another one.
///
/// The kernel mounts it without a loop device since Linux 6.12, from file systems whose files are in
/// the page cache (ext4, XFS, Btrfs; not tmpfs, nor overlayfs). See Documentation/filesystems/erofs.rst.
package struct ErofsMount: Sendable {
    private let image: FilePath
    /// Nil for an image without an extra device.
    private let data: FilePath?

    /// The largest value that `fsconfig(2)` takes, with its final 0.
    private static let longestValue = 256

    package init(image: FilePath, data: FilePath?) {
        self.image = image
        self.data = data
    }

    /// Makes the file system and a mount of it that is nowhere yet.
    ///
    /// - Throws: ENOTBLK or EINVAL of a kernel or file system that cannot.
    package func mount() throws(SystemCallError) -> DetachedMount {
        let imageFile = try OwnedFD.open(image, .readOnly)
        let context = try FileSystemContext(type: "erofs")
        // The path itself is what /proc/self/mounts shows, where it is not too long.
        try context.set("source", to: Self.name(of: image, imageFile))
        try context.set("ro")
        guard let data else {
            let mount = try context.mount([])
            withExtendedLifetime(imageFile) {}  // what names it may be its descriptor
            return mount
        }
        let dataFile = try OwnedFD.open(data, .readOnly)
        try context.set("device", to: Self.name(of: data, dataFile))
        let mount = try context.mount([])
        withExtendedLifetime(imageFile) {}  // what names them may be their descriptors
        withExtendedLifetime(dataFile) {}
        return mount
    }

    private static func name(of path: FilePath, _ file: borrowing OwnedFD) -> String {
        path.string.utf8.count < longestValue ? path.string : file.procPath.string
    }
}
