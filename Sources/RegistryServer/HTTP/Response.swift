import NIOHTTP1
import OCI
import Registry

/// What a client is answered.
struct Response: Sendable {
    var status: HTTPResponseStatus
    var headers = HTTPHeaders()
    var body = Body.none

    /// What follows the head.
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        case file(HeldFile, Range<Int64>)

        /// Its length.
        var sizeInBytes: Int64 {
            switch self {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, let range): range.upperBound - range.lowerBound
            }
        }
    }

    /// An answer without a body.
    init(_ status: HTTPResponseStatus, _ headers: [(String, String)] = []) {
        self.status = status
        self.headers = HTTPHeaders(headers)
    }

    /// An answer in JSON.
    init(_ status: HTTPResponseStatus, json: JSONValue) {
        self.status = status
        headers = ["Content-Type": "application/json"]
        body = .bytes(json.json())
    }
}
