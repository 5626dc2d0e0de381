package import Diagnostics

/// The name of content: an algorithm and the hash that it gives, "sha256:9f86d0…".
///
/// image-spec, descriptor.md § Digests. A digest of an unknown algorithm that fits the grammar is
/// accepted, so that content that mentions it can be stored; no part of it can be a path.
package struct Digest: Sendable, Hashable {
    /// The algorithm: "sha256".
    package let algorithm: String
    /// The hash in the algorithm's notation: 64 lower-case hexadecimal digits for sha256.
    package let encoded: String

    /// Reads a digest.
    ///
    /// - Parameter text: "sha256:9f86d0…".
    /// - Throws: `.invalid` that says which rule the text breaks.
    package init(parsing text: some StringProtocol) throws(Problem) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Self.problem(text, "it has no \":\" between algorithm and hash")
        }
        if let why = Self.mistake(algorithm: parts[0].utf8, encoded: parts[1].utf8) {
            throw Self.problem(text, why)
        }
        self.algorithm = String(parts[0])
        self.encoded = String(parts[1])
    }

    /// The digest of a SHA-256 hash.
    ///
    /// - Parameter hash: 32 bytes.
    package init(sha256 hash: some Collection<UInt8>) {
        precondition(hash.count == 32, "a SHA-256 hash has 32 bytes")
        self.algorithm = "sha256"
        self.encoded = Self.hexadecimal(hash)
    }

    /// The digest of a hash alone, whose length tells the algorithm; nil for what is none that Kade
    /// computes.
    package init?(hash: String) {
        let algorithms = [64: "sha256", 128: "sha512"]
        guard let algorithm = algorithms[hash.utf8.count],
            let digest = try? Digest(parsing: "\(algorithm):\(hash)")
        else { return nil }
        self = digest
    }

    /// The hash, or the beginning of one, that a text names with its algorithm or without.
    package static func hash(namedBy text: String) -> String {
        for algorithm in ["sha256:", "sha512:"] where text.hasPrefix(algorithm) {
            return String(text.dropFirst(algorithm.count))
        }
        return text
    }

    /// Whether Kade can compute it.
    package var isSupported: Bool { algorithm == "sha256" || algorithm == "sha512" }

    /// The first twelve digits, as `images` prints them.
    package var short: String { String(encoded.prefix(12)) }

    /// The names of each layer on top of those below it (image-spec, config.md § Layer ChainID).
    ///
    /// - Parameters:
    ///   - diffIDs: the digests of the uncompressed layers, lowest first.
    ///   - sha256: hashes bytes.
    /// - Returns: as many chainIDs as layers; the last is that of the whole root file system.
    package static func chainIDs(
        of diffIDs: [Digest], sha256: ([UInt8]) -> Digest
    ) -> [Digest] {
        var chain: [Digest] = []
        for diffID in diffIDs {
            guard let parent = chain.last else {
                chain.append(diffID)
                continue
            }
            chain.append(sha256(Array("\(parent) \(diffID)".utf8)))
        }
        return chain
    }

    private static func mistake(
        algorithm: some Collection<UInt8>, encoded: some Collection<UInt8>
    ) -> String? {
        guard isAlgorithm(algorithm) else { return "its algorithm is no lower-case word" }
        let expectedDigits: Int? =
            switch String(decoding: algorithm, as: UTF8.self) {
            case "sha256", "blake3": 64
            case "sha384": 96
            case "sha512": 128
            default: nil
            }
        if let expectedDigits {
            guard encoded.count == expectedDigits, encoded.allSatisfy(isHexadecimal) else {
                return "its hash is not \(expectedDigits) lower-case hexadecimal digits"
            }
            return nil
        }
        let fits = encoded.allSatisfy { byte in
            isAlphanumeric(byte) || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
        return fits && !encoded.isEmpty ? nil : "its hash has other characters than A-Za-z0-9=_-"
    }

    /// Lower-case words and numbers with one of "+._-" between them.
    private static func isAlgorithm(_ text: some Collection<UInt8>) -> Bool {
        var followsWord = false
        for byte in text {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                followsWord = true
            case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                guard followsWord else { return false }
                followsWord = false
            default: return false
            }
        }
        return followsWord
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    private static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func problem(_ text: some StringProtocol, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use \"\(text)\" as a digest", why: why,
            fix: "write it as sha256: and 64 lower-case hexadecimal digits")
    }
}

extension Digest: CustomStringConvertible {
    /// The digest as it is written everywhere: "sha256:9f86d0…".
    package var description: String { "\(algorithm):\(encoded)" }
}

extension Digest: Comparable {
    package static func < (left: Digest, right: Digest) -> Bool {
        (left.algorithm, left.encoded) < (right.algorithm, right.encoded)
    }
}

extension Digest: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        let text = try json.readString()
        do throws(Problem) {
            self = try Digest(parsing: text)
        } catch {
            throw json.error("is \"\(text)\", which is no digest: \(error.why)")
        }
    }

    package func write(to json: inout JSONWriter) { json.write(description) }
}
