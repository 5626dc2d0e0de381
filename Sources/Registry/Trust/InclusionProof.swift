import Diagnostics
import OCI

import struct Crypto.SHA256

/// That a log holds an entry: the hashes beside its way to the root of the log's tree (RFC 9162,
/// 2.1.3), and the root as the log signed it.
struct InclusionProof: Sendable {
    /// Which of the tree's entries it is.
    var index: Int64
    /// How many entries the tree has.
    var treeSize: Int64
    /// Hashes, lowest first.
    var hashes: [[UInt8]]
    /// The log's signed note: name, size and root, an empty line, and signatures.
    var checkpoint: String

    /// Verifies that the log's tree has the entry.
    ///
    /// - Throws: `.denied`.
    func verify(_ body: [UInt8], by keys: [SigningKey]) throws(Problem) {
        let root = try signedRoot(by: keys)
        guard self.root(of: body) == root else {
            throw Problem.untrusted("the log does not hold its entry")
        }
    }

    /// The root that the log signed.
    private func signedRoot(by keys: [SigningKey]) throws(Problem) -> [UInt8] {
        let lines = checkpoint.split(separator: "\n", omittingEmptySubsequences: false)
        guard let end = lines.firstIndex(of: ""), end >= 3 else {
            throw Problem.untrusted("the log's checkpoint is not whole")
        }
        let text = Array(lines[..<end].map { $0 + "\n" }.joined().utf8)
        let signatures = lines[(end + 1)...].compactMap(Self.signature)
        let isSigned = keys.contains { key in
            signatures.contains { key.isValid($0, for: text) }
        }
        guard isSigned else { throw Problem.untrusted("the checkpoint is of another log") }
        guard Int64(lines[1]) == treeSize, let root = Base64.decode(String(lines[2])) else {
            throw Problem.untrusted("the log's checkpoint is of another tree")
        }
        return root
    }

    /// "— NAME BASE64": four bytes that hint at the key, and its signature.
    private static func signature(_ line: Substring) -> [UInt8]? {
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "\u{2014}",
            let bytes = Base64.decode(String(words[2])), bytes.count > 4
        else { return nil }
        return Array(bytes.dropFirst(4))
    }

    /// The root of the tree that has an entry at the place; nil when the hashes do not fit the place.
    private func root(of body: [UInt8]) -> [UInt8]? {
        guard index >= 0, index < treeSize else { return nil }
        var place = index
        var last = treeSize - 1
        var node = Self.hash([0x00] + body)
        for hash in hashes {
            guard last > 0 else { return nil }
            if place & 1 == 1 || place == last {
                node = Self.hash([0x01] + hash + node)
                while place & 1 == 0, place > 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                node = Self.hash([0x01] + node + hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 ? node : nil
    }

    private static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
