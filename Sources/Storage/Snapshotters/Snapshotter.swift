package import Linux
package import SystemPackage

/// A way to keep the files of layers (ARCHITECTURE.md §8).
///
/// Each layer has a directory of its own, its place, and whatever the way, its files are seen in
/// `diff` of that.
package protocol Snapshotter: Sendable {
    /// Makes the files of a layer visible in its place, where they are not.
    func show(_ place: FilePath) throws(SystemCallError)

    /// Writes layers to the disk.
    ///
    /// - Parameters:
    ///   - places: of the layers.
    ///   - directory: holds them all.
    /// - Throws: what the disk refuses.
    func synchronize(_ places: [FilePath], in directory: FilePath) throws(SystemCallError)
}

/// Keeps a layer as an unpacked directory.
package struct DirectorySnapshotter: Snapshotter {
    /// They are always visible.
    package func show(_ place: FilePath) {}

    /// A layer is thousands of files: `syncfs(2)` writes all of them, and whatever else is dirty.
    package func synchronize(
        _ places: [FilePath], in directory: FilePath
    ) throws(SystemCallError) {
        try OpenDirectory(at: directory).synchronizeFileSystem()
    }
}

/// Keeps a layer as its uncompressed archive, and an EROFS image that says what is where in it.
///
/// The image is mounted when somebody needs its files, once for all of them, so that they share the
/// page cache, and stays so until the layer is removed.
package struct ErofsSnapshotter: Snapshotter {
    /// The uncompressed archive, as it came, in a layer's place.
    package static let archive: FilePath.Component = "archive.tar"
    /// The image, in a layer's place.
    package static let image: FilePath.Component = "image.erofs"

    package func show(_ place: FilePath) throws(SystemCallError) {
        try Self.show(place, data: place.appending(Self.archive))
    }

    /// Mounts the image of a layer, with an extra device or without one.
    static func show(_ place: FilePath, data: FilePath?) throws(SystemCallError) {
        guard try !Layers.isMounted(in: place) else { return }
        let image = place.appending(Self.image)
        // Two that mounted it at once would not share their pages.
        let held = try OwnedFD.open(image, .readOnly)
        _ = try held.lock(.exclusive, wait: true, "\(image)")
        guard try !Layers.isMounted(in: place) else { return }
        try ErofsMount(image: image, data: data).mount()
            .attach(onto: place.appending(Layers.files))
        withExtendedLifetime(held) {}
    }

    /// Two files and their names, and the record that is changed afterwards.
    package func synchronize(
        _ places: [FilePath], in directory: FilePath
    ) throws(SystemCallError) {
        for place in places {
            do throws(SystemCallError) {
                for name in [Self.archive, Self.image, Layers.recordName] {
                    try OwnedFD.open(place.appending(name), .readOnly).synchronize()
                }
                try OwnedFD.open(place, [.readOnly, .directory]).synchronize()
            } catch  where error.errno == .noSuchFileOrDirectory && !File.exists(place) {
                // The layer was removed meanwhile.
            }
        }
        try OwnedFD.open(directory, [.readOnly, .directory]).synchronize()
    }
}
