package import Linux
package import SystemPackage

/// The first content of an empty volume: it is all there or not at all, whoever is killed.
///
/// The copy of the image's directory grows in the volume under a name of its own. When it is on the
/// disk it gets a second name: from then on it is sure to be finished, by whoever uses the volume
/// next, and what it consists of moves to its place. The directory itself stays the one that it is,
/// which containers may have mounted. The caller keeps others from filling meanwhile.
package enum VolumeFilling {
    /// A copy that is not whole; it goes.
    private static let growing = ".kade-filling"
    /// A whole copy, a part of which may have moved to its place.
    private static let whole = ".kade-filled"

    /// Whether a killed process has left some of its work in the volume.
    package static func isUnfinished(
        in volume: borrowing OwnedFD
    ) throws(SystemCallError) -> Bool {
        let root = RootedDirectory(adopting: try volume.open(".", [.path, .directory]))
        for name in [growing, whole] {
            if case .some = try root.openIfPresent(FilePath(name), [.path, .noFollow]) {
                return true
            }
        }
        return false
    }

    /// Brings to its end what a killed process has left: moves a whole copy to its place, and
    /// removes one that is not.
    ///
    /// What has come to the volume meanwhile stays as it is. Only the volume's own time of modification
    /// is lost with who was killed: each name that moves changes it.
    ///
    /// Where others than the directory's owner may write, one of them may have made what looks like a
    /// copy: the directory stays theirs to whom it belongs.
    package static func finish(in volume: borrowing OwnedFD) throws(SystemCallError) {
        guard try isUnfinished(in: volume) else { return }
        let permissions = try FileStatus(of: volume).permissions
        try finish(in: volume, changesDirectory: permissions & 0o022 == 0)
    }

    private static func finish(
        in volume: borrowing OwnedFD, changesDirectory: Bool
    ) throws(SystemCallError) {
        let directory = OpenDirectory(adopting: try volume.open(".", [.readOnly, .directory]))
        try directory.removeTree(growing)
        guard let status = try directory.status(of: whole), status.isDirectory else { return }
        let copy = try volume.open(FilePath(whole), [.readOnly, .directory, .noFollow])
        for entry in try copy.listDirectory() {
            let name = FilePath(root: nil, components: entry.name)
            do throws(SystemCallError) {
                try copy.rename(name, toNew: name, in: directory.descriptor)
            } catch  where error.errno == .fileExists {
                continue
            }
        }
        if changesDirectory { try directory.descriptor.takeOver(status, of: copy, nil) }
        // The names have to last before that one goes which says that more are to come.
        try directory.synchronizeFileSystem()
        try directory.removeTree(whole)
        try directory.descriptor.setModified(status.modified)
    }

    /// Gives a volume, if it is empty, the content of a directory of an image, with all that is said
    /// of the directory; where the image has none it stays as it is.
    ///
    /// - Parameters:
    ///   - volume: open for reading.
    ///   - target: the image's directory.
    ///   - image: its root.
    ///   - maps: of the user namespace whose users the owners are; nil for this process's own.
    /// - Throws: the kernel's refusal.
    package static func fill(
        _ volume: borrowing OwnedFD, with target: FilePath, of image: borrowing RootedDirectory,
        ownersIn maps: UserMaps?
    ) throws(SystemCallError) {
        try finish(in: volume)
        guard try volume.open(".", [.readOnly, .directory]).listDirectory().isEmpty,
            let status = try image.status(of: target), status.kind == .directory
        else { return }
        let source = try image.open(target, [.readOnly, .directory])
        guard try !source.listDirectory().isEmpty else {
            return try volume.takeOver(status, of: source, maps)
        }
        let directory = OpenDirectory(adopting: try volume.open(".", [.readOnly, .directory]))
        do throws(SystemCallError) {
            try volume.makeDirectory(FilePath(growing), permissions: .ownerReadWriteExecute)
            let copy = try volume.open(FilePath(growing), [.readOnly, .directory, .noFollow])
            try CopyUp.copy(from: source, to: copy, ownersIn: maps)
            try copy.takeOver(status, of: source, maps)
            // Without that a power failure could leave the name, and files without their content.
            try directory.synchronizeFileSystem()
            try volume.rename(FilePath(growing), toNew: FilePath(whole), in: volume)
        } catch {
            try? directory.removeTree(growing)  // best effort: the first error is the one to tell
            throw error
        }
        try finish(in: volume, changesDirectory: true)
    }
}
