package import Diagnostics
import Linux
import OCI
import SystemPackage

/// Blobs that arrive in many portions over a long time, each under a name of its own.
///
/// An upload is `upload-<name>.partial` in `ingest/`: it outlives the process that began it. Its
/// digest is known at the end (``BlobWriter/expect(_:)``). One that nobody goes on with for a day is
/// garbage.
extension ContentStore {
    /// Begins to receive a blob under a name.
    ///
    /// - Parameters:
    ///   - name: letters, digits and dashes, which nobody has used before.
    ///   - algorithm: what to compute its digest with, "sha256" or "sha512".
    /// - Returns: the writer, which holds the upload.
    /// - Throws: what the kernel refuses.
    package func beginUpload(
        _ name: UploadName, algorithm: DigestAlgorithm
    ) throws(Problem) -> BlobWriter {
        let partial = partial(of: name)
        var locked = try lockedFile(partial, what: "cannot begin the upload \(name)")
        guard let file = locked.take() else {
            preconditionFailure("somebody has used the upload's name \(name)")
        }
        return try BlobWriter(
            store: self, expected: .init(algorithm: algorithm), file: file, partial: partial)
    }

    /// Goes on to receive a blob, and hashes what has arrived of it.
    ///
    /// - Returns: nil when there is no such upload, or another process goes on with it.
    package func resumeUpload(
        _ name: UploadName, algorithm: DigestAlgorithm
    ) throws(Problem) -> BlobWriter? {
        let partial = partial(of: name)
        guard File.exists(partial) else { return nil }
        let what = "cannot go on with the upload \(name)"
        var opened = try asking(what) { () throws(SystemCallError) -> OwnedFD? in
            do throws(SystemCallError) {
                let file = try OwnedFD.open(partial, [.readWrite, .noFollow])
                guard try file.lock(.exclusive, wait: false, "\(partial)") else { return nil }
                guard File.exists(partial) else { return nil }
                return file
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil
            }
        }
        guard let file = opened.take() else { return nil }
        var writer = try BlobWriter(
            store: self, expected: .init(algorithm: algorithm), file: file, partial: partial)
        try writer.resume { _ in }
        return writer
    }

    /// Removes what nobody has gone on with for a day.
    package func removeStaleUploads(now: Int64) throws(Problem) {
        try removePartials { name, status in
            name.hasPrefix("upload-") && now - status.modified.seconds > 86400
        }
    }

    private func partial(of name: UploadName) -> FilePath {
        ingest.appending("upload-\(name).partial")
    }
}

/// The name of an upload: a random UUID (RFC 9562, version 4), which nobody can guess.
package struct UploadName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Makes a new name.
    package init() {
        var bytes = Random.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
        }
        description = text
    }

    /// Reads a name; nil for what is none, so that no part of a path gets in.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isDigit = { (byte: UInt8) in
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
        }
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12],
            parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) })
        else { return nil }
        description = text
    }
}
