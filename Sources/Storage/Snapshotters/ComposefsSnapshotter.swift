package import Linux
package import SystemPackage

/// Keeps the names and attributes of a layer as an EROFS image, and the data of its files as objects
/// that all such layers share.
///
/// What is mounted at the layer's files are the names; overlay, and ``LayerData`` for who reads the
/// layer without one, find the data.
package struct ComposefsSnapshotter: Snapshotter {
    package func show(_ place: FilePath) throws(SystemCallError) {
        try ErofsSnapshotter.show(place, data: nil)
    }

    /// The objects are thousands of files: `syncfs(2)`, as for directories.
    package func synchronize(
        _ places: [FilePath], in directory: FilePath
    ) throws(SystemCallError) {
        try DirectorySnapshotter().synchronize(places, in: directory)
    }
}
