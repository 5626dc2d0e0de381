import Linux
package import SystemPackage

/// Whether the kernel reads the files of one layer from another one.
package enum ComposefsProbe {
    /// What keeps layers from sharing their files, by trying it.
    ///
    /// It needs all that EROFS images need, and a kernel that follows a layer's redirect to a
    /// data-only layer without `metacopy=on` (Linux 6.16).
    ///
    /// - Parameter layers: the directory of the layers, where an object is left for the collector.
    /// - Returns: a sentence; nil when it works.
    package static func obstacle(in layers: FilePath) -> String? {
        if let obstacle = ErofsProbe.obstacle(in: layers) { return obstacle }
        do throws(SystemCallError) {
            let isRight = try attempt(in: layers)
            return isRight ? nil : "the kernel shows another file than was written"
        } catch  where error.errno == .notPermitted || error.errno == .invalidArgument {
            return "overlay follows no file from one layer to another, as it does since Linux 6.16 "
                + "(\(error))"
        } catch {
            return "\(error)"
        }
    }

    private static func attempt(in layers: FilePath) throws(SystemCallError) -> Bool {
        let place = layers.appending("\(Layers.trial)\(Random.hexadecimal(bytes: 8))")
        try Directory.make(place, permissions: .privateDirectory)
        defer { try? Directory.removeTree(place) }  // best effort: the next sweep does it
        let held = try OwnedFD.open(place, [.readOnly, .directory])
        _ = try held.lock(.exclusive, wait: true, "\(place)")
        defer { withExtendedLifetime(held) {} }
        let content = [UInt8](repeating: UInt8(ascii: "k"), count: 600)
        let objects = place.appending("objects")
        try Directory.make(objects, permissions: .privateDirectory)
        try File.create(
            objects.appending("data"), content: content, permissions: .ownerRead)
        let image = place.appending("image")
        try File.create(image, content: try names(content.count), permissions: .ownerReadWrite)
        let shown = place.appending(Layers.files)  // where the sweep looks for mounts
        try Directory.make(shown, permissions: .privateDirectory)
        try ErofsMount(image: image, data: nil).mount().attach(onto: shown)
        defer { try? Mount.unmount(shown, isDetached: true) }  // it is there: nothing can refuse
        let root = OpenDirectory(
            adopting: try OverlayMount(lower: [shown], upper: nil, work: nil).open(through: place)
                .open(".", [.readOnly, .directory]))
        return try root.openFile("file").readAll() == content
    }

    /// An image with one file that has its data elsewhere.
    private static func names(_ size: Int) throws(SystemCallError) -> [UInt8] {
        let epoch = FileTime(seconds: 0, nanoseconds: 0)
        let root = ErofsNode(.directory, permissions: 0o755, owner: 0, group: 0, modified: epoch)
        guard let data = ErofsData(sizeInBytes: Int64(size), extents: []),
            let attribute = ErofsAttribute.data(in: "../objects")
        else { preconditionFailure("a file of \(size) bytes fits") }
        let file = ErofsNode(.file(data), permissions: 0o644, owner: 0, group: 0, modified: epoch)
        file.set(.hasNoData)
        file.set(.redirect(to: "/data"))
        root.set(attribute)
        root.set(file, named: Array("file".utf8))
        return ErofsImage(root: root, dataInBytes: nil, uuid: [UInt8](repeating: 0, count: 16))
            .bytes()
    }
}
