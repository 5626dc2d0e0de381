import NIOCore
import NIOHTTP1

/// One request of a client: its head, taken apart.
struct Request: Sendable {
    var method: HTTPMethod
    /// The path without its percent signs: "/v2/library/debian/manifests/12".
    var path: String
    var query: QueryParameters
    var headers: HTTPHeaders
    /// The client's address, for the log.
    var client: String

    /// Reads a head.
    ///
    /// - Throws: a refusal when its target is no path of HTTP.
    init(_ head: HTTPRequestHead, client: String) throws(Refusal) {
        method = head.method
        headers = head.headers
        self.client = client
        let parts = head.uri.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.hasPrefix("/"),
            let path = PercentCoding.decode(first, plusIsSpace: false)
        else {
            throw Refusal(.badRequest, .unsupported, "\(head.uri) is no path")
        }
        self.path = path
        query = QueryParameters(parts.count == 2 ? parts[1] : "")
    }

    /// The length of the body where the client says it.
    var contentLengthInBytes: Int64? {
        headers.first(name: "Content-Length").flatMap { Int64($0) }
    }
}

/// The parameters after a target's question mark.
struct QueryParameters: Sendable, Equatable {
    private var pairs: [Pair] = []

    private struct Pair: Equatable {
        var name: String
        var value: String
    }

    /// Reads "n=10&last=x"; a pair that is no text of UTF-8 is left out.
    init(_ text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            guard let name = PercentCoding.decode(parts[0], plusIsSpace: true),
                let decoded = PercentCoding.decode(value, plusIsSpace: true)
            else { continue }
            pairs.append(Pair(name: name, value: decoded))
        }
    }

    /// The first value of a name.
    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// All values of a name, in order.
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
}

/// Characters as "%2F" in addresses (RFC 3986 § 2.1).
enum PercentCoding {
    /// The text that is meant; nil where a sign has no two digits or the bytes are no UTF-8.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit),
                    let low = rest.popFirst().flatMap(digit)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A text as a query's value.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
                encoded.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
