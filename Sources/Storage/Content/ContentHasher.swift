package import Diagnostics
package import OCI

import struct Crypto.SHA256
import struct Crypto.SHA512

/// The algorithms that Kade computes digests with.
package enum DigestAlgorithm: String, Sendable {
    case sha256
    case sha512
}

/// Computes the digest of content that arrives in portions.
package struct ContentHasher {
    private enum State {
        case sha256(SHA256)
        case sha512(SHA512)
    }

    private var state: State

    /// A hasher of Kade's own algorithm, SHA-256.
    package init() { self.init(.sha256) }

    /// A hasher of an algorithm.
    package init(_ algorithm: DigestAlgorithm) {
        state =
            switch algorithm {
            case .sha256: .sha256(SHA256())
            case .sha512: .sha512(SHA512())
            }
    }

    /// A hasher of the algorithm that a digest names.
    ///
    /// - Throws: `.unsupported` for an algorithm other than sha256 and sha512.
    package init(verifying digest: Digest) throws(Problem) {
        guard let algorithm = DigestAlgorithm(rawValue: digest.algorithm) else {
            throw Problem(
                kind: .unsupported, what: "cannot verify \(digest)",
                why: "Kade does not compute \(digest.algorithm)",
                fix: "use content that is named by a sha256 digest")
        }
        self.init(algorithm)
    }

    /// The algorithm that it computes.
    var algorithm: DigestAlgorithm {
        switch state {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }

    /// Adds the next portion.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hash):
            state = .sha256(SHA256())  // gives up the reference, so that `hash` is not copied
            hash.update(bufferPointer: bytes)
            state = .sha256(hash)
        case .sha512(var hash):
            state = .sha512(SHA512())
            hash.update(bufferPointer: bytes)
            state = .sha512(hash)
        }
    }

    /// The digest of all portions so far.
    package func digest() -> Digest {
        switch state {
        case .sha256(let hash): Digest(sha256: Array(hash.finalize()))
        case .sha512(let hash): Digest(sha512: Array(hash.finalize()))
        }
    }

    /// The SHA-256 digest of bytes in memory.
    package static func sha256(_ bytes: [UInt8]) -> Digest {
        var hasher = ContentHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.digest()
    }
}

extension Digest {
    /// The digest of a SHA-512 hash of 64 bytes.
    fileprivate init(sha512 hash: [UInt8]) {
        do throws(Problem) {
            try self.init(parsing: "sha512:" + hash.hexadecimal)
        } catch {
            preconditionFailure("128 hexadecimal digits are a sha512 digest: \(error)")
        }
    }
}
