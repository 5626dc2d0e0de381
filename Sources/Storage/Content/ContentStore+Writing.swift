package import Diagnostics
import Linux
package import OCI
import SystemPackage

extension ContentStore {
    /// Begins, or goes on, to receive a blob.
    ///
    /// Waits while another process receives the same blob. Bytes of an earlier, interrupted writer
    /// are kept and hashed: ``BlobWriter/offsetInBytes`` says where to go on.
    ///
    /// - Parameters:
    ///   - digest: the blob's digest.
    ///   - sizeInBytes: its size, where a descriptor says it.
    /// - Returns: nil when the blob is here.
    /// - Throws: `.unsupported` for a digest that Kade cannot compute; what the kernel refuses.
    package func writer(
        for digest: Digest, sizeInBytes: Int64?
    ) throws(Problem) -> BlobWriter? {
        try writer(for: digest, sizeInBytes: sizeInBytes) { _ in }
    }

    /// ``writer(for:sizeInBytes:)`` that hands on the bytes of an earlier writer.
    package func writer(
        for digest: Digest, sizeInBytes: Int64?,
        resuming each: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> BlobWriter? {
        let partial = partial(of: digest)
        while !contains(digest) {
            var locked = try lockedFile(partial, what: "cannot store \(digest)")
            guard let file = locked.take() else { continue }
            if contains(digest) { return nil }
            let size = try asking("cannot store \(digest)") { () throws(SystemCallError) in
                try FileStatus(of: file).sizeInBytes
            }
            var writer = try BlobWriter(
                store: self, expected: .init(digest: digest, sizeInBytes: sizeInBytes),
                file: file, partial: partial)
            if let sizeInBytes, size > sizeInBytes {
                try writer.restart()
            } else {
                try writer.resume(each)
            }
            return writer
        }
        return nil
    }

    /// A range of a blob that is here, or has come so far of one that arrives; nil where it has not.
    ///
    /// The whole of an arriving blob may turn out to be damaged: who takes a part of it verifies
    /// that.
    package func bytes(_ range: Range<Int64>, of digest: Digest) throws(Problem) -> [UInt8]? {
        let paths = [path(of: digest), partial(of: digest)]
        return try asking("cannot read a part of \(digest)") { () throws(SystemCallError) in
            for path in paths where File.exists(path) {
                let file: OwnedFD
                do throws(SystemCallError) {
                    file = try OwnedFD.open(path, .readOnly)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue  // it has come whole meanwhile
                }
                guard try FileStatus(of: file).sizeInBytes >= range.upperBound else { continue }
                try file.seek(toOffsetInBytes: range.lowerBound)
                var bytes: [UInt8] = []
                while bytes.count < range.count {
                    let more = try file.read(upToBytes: range.count - bytes.count)
                    if more.isEmpty { break }  // it begins again
                    bytes += more
                }
                if bytes.count == range.count { return bytes }
            }
            return nil
        }
    }

    private func partial(of digest: Digest) -> FilePath {
        ingest.appending("\(digest.algorithm)-\(digest.encoded).partial")
    }

    /// Begins to receive content whose digest is not known yet.
    ///
    /// What a dead process left of such content is removed: nobody could go on with it.
    package func writer() throws(Problem) -> BlobWriter {
        try removePartials { name, _ in name.hasPrefix("import-") }
        while true {
            let partial = ingest.appending("import-\(Random.hexadecimal(bytes: 8)).partial")
            var locked = try lockedFile(partial, what: "cannot store the imported content")
            guard let file = locked.take() else { continue }
            return try BlobWriter(
                store: self, expected: .init(), file: file, partial: partial)
        }
    }

    /// Opens a file of `ingest/` and locks it; nil when it was moved or removed meanwhile.
    func lockedFile(
        _ path: FilePath, what: String
    ) throws(Problem) -> OwnedFD? {
        try asking(what) { () throws(SystemCallError) in
            let file = try OwnedFD.open(
                path, [.readWrite, .create, .noFollow], permissions: .storeFile)
            guard try file.lock(.exclusive, wait: true, "\(path)") else { return nil }
            guard File.exists(path),
                try FileStatus(ofLink: path).identity == FileStatus(of: file).identity
            else { return nil }
            return file
        }
    }
}
