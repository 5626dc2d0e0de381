package import Linux
package import OCI
package import SystemPackage

/// The data of files that all `composefs` layers share: `layers/objects/<aa>/<sha256>`.
///
/// An object is the content of a file, under its digest, and never changes. Each layer lists its
/// objects (``ObjectList``); those that no layer lists are garbage. Whoever lists an object, or puts
/// a layer in place, holds the lock of the objects shared meanwhile, and the collector holds it
/// alone: so it sees every list, also of layers that are being unpacked.
package struct LayerObjects: Sendable {
    /// The directory that holds them, a data-only layer of overlays.
    package let directory: FilePath
    private let lockFile: FilePath

    init(layers: FilePath) {
        directory = layers.appending("objects")
        lockFile = layers.appending("objects.lock")
    }

    /// Files of at most so many bytes are no objects: they are in the image of their layer.
    package static let smallInBytes: Int64 = 256

    /// Where that is as the root of a layer's files sees it: from `layers/sha256/<diffID>/diff`.
    package static let pathFromLayer = "../../../objects"

    /// The path of an object in the data-only layer: what a file's redirect says.
    package static func redirect(to digest: Digest) -> String {
        "/\(digest.encoded.prefix(2))/\(digest.encoded)"
    }

    /// Where an object is.
    package func path(of digest: Digest) -> FilePath {
        directory.appending(String(digest.encoded.prefix(2))).appending(digest.encoded)
    }

    /// Takes the lock, and waits for it.
    package func lock(_ mode: LockMode) throws(SystemCallError) -> FileLock {
        try FileLock(lockFile, mode)
    }

    /// Begins the list of a layer's objects, of which there may be none.
    ///
    /// - Parameter place: where the layer is unpacked.
    /// - Returns: the list, which is empty.
    /// - Throws: what the kernel refuses.
    package func beginList(in place: FilePath) throws(SystemCallError) -> ObjectList {
        // Overlay wants the directory, whatever is in it.
        try Directory.makeAll(directory, permissions: .privateDirectory)
        return try ObjectList(in: place)
    }

    /// Begins an object; it has no name until it is whole.
    package func begin() throws(SystemCallError) -> ObjectDraft {
        ObjectDraft(
            try OwnedFD.open(
                directory, [.readWrite, .temporaryFile], permissions: Self.objectFile), of: self)
    }

    /// Whether an object has the content that its name says.
    ///
    /// - Returns: what is wrong with it; nil for nothing.
    package func fault(of digest: Digest) -> String? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var hasher = ContentHasher()
        do throws(SystemCallError) {
            let file = try OwnedFD.open(path(of: digest), [.readOnly, .noFollow])
            while true {
                let count = try file.read(into: buffer)
                if count == 0 { break }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch {
            return "cannot be read: \(error)"
        }
        return hasher.digest() == digest ? nil : "has other content"
    }

    /// Gives a whole file the name of its content, where there is none that has it.
    ///
    /// What is there is compared before it is shared: it may be damaged, or from before a power cut.
    fileprivate func place(
        _ file: borrowing OwnedFD, as digest: Digest, listing list: ObjectList
    ) throws(SystemCallError) {
        let path = path(of: digest)
        if try link(file, to: path, digest, listing: list) { return }
        guard try !isCopy(path, of: file) else { return }
        let new = FilePath("\(path).\(Random.hexadecimal(bytes: 4))")
        try Link.makeHard(at: new, toOpen: file)
        // Layers that are on the disk list it: no power cut may leave them with less than they had.
        try file.synchronize()
        try Link.rename(new, to: path)
    }

    /// Lists an object and makes its name; false where the name is taken.
    private func link(
        _ file: borrowing OwnedFD, to path: FilePath, _ digest: Digest, listing list: ObjectList
    ) throws(SystemCallError) -> Bool {
        let lock = try lock(.shared)
        defer { withExtendedLifetime(lock) {} }
        try list.append(digest)
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                try Link.makeHard(at: path, toOpen: file)
            } catch  where error.errno == .noSuchFileOrDirectory {
                try Directory.makeAll(path.removingLastComponent(), permissions: .privateDirectory)
                try Link.makeHard(at: path, toOpen: file)
            }
            return true
        } catch  where error.errno == .fileExists {
            return false
        }
    }

    /// Whether an object can be read and has the bytes of a file.
    private func isCopy(_ path: FilePath, of file: borrowing OwnedFD) throws(SystemCallError)
        -> Bool
    {
        guard let object = try? OwnedFD.open(path, [.readOnly, .noFollow]),  // it is made again
            let status = try? FileStatus(of: object), status.kind == .file
        else { return false }
        let size = try FileStatus(of: file).sizeInBytes
        guard status.sizeInBytes == size else { return false }
        let half = 1 << 17
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * half, alignment: 64)
        defer { buffer.deallocate() }
        let left = UnsafeMutableRawBufferPointer(rebasing: buffer[..<half])
        let right = UnsafeMutableRawBufferPointer(rebasing: buffer[half...])
        var position: Int64 = 0
        while position < size {
            let count = try file.read(into: left, atOffsetInBytes: position)
            let wanted = UnsafeMutableRawBufferPointer(rebasing: right[..<count])
            guard count > 0,
                (try? object.read(into: wanted, atOffsetInBytes: position)) == count,
                left[..<count].elementsEqual(right[..<count])
            else { return false }
            position += Int64(count)
        }
        return true
    }

    /// Objects are only read, and only by root: whose the files are, and who may read them, says
    /// the layer.
    private static let objectFile = FilePermissions(rawValue: 0o400)
}

/// An object that is being written.
package struct ObjectDraft: ~Copyable {
    private let file: OwnedFD
    private let objects: LayerObjects
    private var hasher = ContentHasher()
    private var sizeInBytes: Int64 = 0

    init(_ file: consuming OwnedFD, of objects: LayerObjects) {
        self.file = file
        self.objects = objects
    }

    /// Adds bytes.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
        hasher.update(bytes)
        try file.writeAll(bytes)
        sizeInBytes += Int64(bytes.count)
    }

    /// Adds zeros that take no space.
    package mutating func writeGap(_ count: Int64) throws(SystemCallError) {
        guard count > 0 else { return }
        let zeros = [UInt8](repeating: 0, count: Int(min(count, 1 << 16)))
        var rest = count
        while rest > 0 {
            let portion = Int(min(rest, Int64(zeros.count)))
            zeros.withUnsafeBytes {
                hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<portion]))
            }
            rest -= Int64(portion)
        }
        let end = sizeInBytes + count
        try file.truncate(toSizeInBytes: end)
        try file.seek(toOffsetInBytes: end)
        sizeInBytes = end
    }

    /// Gives the object its name, and a layer a share in it.
    ///
    /// - Parameter list: that of the layer.
    /// - Returns: its digest.
    /// - Throws: what the kernel refuses.
    package consuming func finish(listing list: ObjectList) throws(SystemCallError) -> Digest {
        let digest = hasher.digest()
        if !list.contains(digest) { try objects.place(file, as: digest, listing: list) }
        return digest
    }
}
