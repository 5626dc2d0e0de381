package import Diagnostics
import Linux
package import OCI
import SystemPackage

/// Receives one blob, portion by portion, and puts it in place when it is whole.
///
/// It holds the exclusive lock of the blob's file in `ingest/`. Letting go of it without
/// ``commit()`` keeps what has arrived, and the next writer goes on from there.
package struct BlobWriter: ~Copyable {
    /// How many bytes are here: where a download goes on.
    package private(set) var offsetInBytes: Int64
    private let store: ContentStore
    private var expected: Expectation
    private let file: OwnedFD
    private let partial: FilePath
    private var hasher: ContentHasher
    /// The bytes that the kernel was told to write to the disk.
    private var writebackInBytes: Int64 = 0

    private static let writebackPortionInBytes: Int64 = 8 << 20

    /// What is known of the content beforehand.
    struct Expectation: Sendable {
        var digest: Digest?
        var sizeInBytes: Int64?
        /// What is computed while the digest is not known.
        var algorithm = DigestAlgorithm.sha256
    }

    init(
        store: ContentStore, expected: Expectation, file: consuming OwnedFD, partial: FilePath
    ) throws(Problem) {
        self.store = store
        self.expected = expected
        self.file = file
        self.partial = partial
        offsetInBytes = 0
        hasher = try Self.hasher(for: expected)
    }

    /// Adds the next portion.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        if let size = expected.sizeInBytes, offsetInBytes + Int64(bytes.count) > size {
            throw fault("it is longer than the \(size) bytes that its descriptor says")
        }
        do throws(SystemCallError) {
            try file.writeAll(bytes)
        } catch {
            throw Problem(error, what: "cannot store \(name)")
        }
        hasher.update(bytes)
        offsetInBytes += Int64(bytes.count)
        startWriteback()
    }

    /// Adds the next portion.
    package mutating func write(_ bytes: [UInt8]) throws(Problem) {
        var problem: Problem?
        bytes.withUnsafeBytes { buffer in
            do throws(Problem) {
                try write(buffer)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    /// Drops what has arrived and begins again.
    package mutating func restart() throws(Problem) {
        do throws(SystemCallError) {
            try file.truncate(toSizeInBytes: 0)
            try file.seek(toOffsetInBytes: 0)
        } catch {
            throw Problem(error, what: "cannot begin \(name) again")
        }
        (offsetInBytes, writebackInBytes) = (0, 0)
        hasher = try Self.hasher(for: expected)
    }

    /// Says which digest the whole must have, of content whose digest was not known.
    ///
    /// Bytes that were hashed with another algorithm are read again.
    package mutating func expect(_ digest: Digest) throws(Problem) {
        let isHashed = hasher.algorithm.rawValue == digest.algorithm
        expected.digest = digest
        if !isHashed { try hashAgain() }
    }

    /// Verifies size and digest and puts the blob in place, durably.
    ///
    /// - Returns: the blob's digest.
    /// - Throws: `.corrupt` when it is not what was expected; it is then removed.
    @discardableResult
    package consuming func commit() throws(Problem) -> Digest {
        let digest = try seal()
        try place(as: digest)
        return digest
    }

    /// Removes what has arrived.
    package consuming func discard() throws(Problem) {
        let (partial, what) = (partial, "cannot discard \(name)")
        try asking(what) { () throws(SystemCallError) in try Link.remove(partial) }
    }

    /// The first half of ``commit()``: verified and on the disk, but not in place yet.
    package mutating func seal() throws(Problem) -> Digest {
        let digest = try verify()
        do throws(SystemCallError) {
            try file.synchronize()
        } catch {
            throw Problem(error, what: "cannot store \(name)")
        }
        return digest
    }

    /// The second half of ``commit()``.
    package consuming func place(as digest: Digest) throws(Problem) {
        let target = store.path(of: digest)
        do throws(SystemCallError) {
            try Directory.makeAll(
                target.removingLastComponent(), permissions: .storeDirectory)
            try Link.rename(partial, to: target)
            try Directory.synchronize(containing: target)
        } catch {
            throw Problem(error, what: "cannot store \(name)")
        }
    }

    private func verify() throws(Problem) -> Digest {
        let digest = hasher.digest()
        if let size = expected.sizeInBytes, size != offsetInBytes {
            // The portion that is here may be right: the next download goes on from it.
            throw Problem(
                kind: .unavailable, what: "cannot store \(name)",
                why: "only \(offsetInBytes) of its \(size) bytes arrived", fix: "try again")
        }
        if let expectedDigest = expected.digest, expectedDigest != digest {
            let why = "what arrived has the digest \(digest)"
            // Best effort: the error that matters is the digest's, and a next writer truncates.
            try? asking("") { () throws(SystemCallError) in try Link.remove(partial) }
            throw fault(why)
        }
        return digest
    }

    /// Keeps the disk busy while more arrives, so that the end need not wait for all of it.
    private mutating func startWriteback() {
        let waiting = offsetInBytes - writebackInBytes
        guard waiting >= Self.writebackPortionInBytes else { return }
        // Best effort: what the disk refuses, `fsync` reports.
        try? asking("") { () throws(SystemCallError) in
            try file.startWriteback(
                fromOffsetInBytes: writebackInBytes, lengthInBytes: waiting)
        }
        writebackInBytes = offsetInBytes
    }

    private var name: String { expected.digest.map { "\($0)" } ?? "the imported content" }

    private func fault(_ why: String) -> Problem {
        Problem(
            kind: .corrupt, what: "cannot store \(name)", why: why,
            fix: "try again; if it stays so, the source is damaged")
    }

    private static func hasher(for expected: Expectation) throws(Problem) -> ContentHasher {
        guard let digest = expected.digest else {
            return ContentHasher(expected.algorithm)
        }
        return try ContentHasher(verifying: digest)
    }

    private mutating func hashAgain() throws(Problem) {
        do throws(SystemCallError) {
            try file.seek(toOffsetInBytes: 0)
        } catch {
            throw Problem(error, what: "cannot verify \(name)")
        }
        hasher = try Self.hasher(for: expected)
        guard offsetInBytes > 0 else { return }
        offsetInBytes = 0
        try resume { _ in }
    }
}

extension BlobWriter {
    /// Takes in what an earlier writer left, and lets a reader see it.
    mutating func resume(
        _ each: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do throws(SystemCallError) {
                count = try file.read(into: buffer)
            } catch {
                throw Problem(error, what: "cannot go on with \(name)")
            }
            if count == 0 { return }
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
            hasher.update(bytes)
            offsetInBytes += Int64(count)
            try each(bytes)
        }
    }
}
