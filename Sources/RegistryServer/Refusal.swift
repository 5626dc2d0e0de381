import Diagnostics
import NIOHTTP1
import OCI

/// What a client is told that does not get what it asks for (distribution-spec, Error Codes).
struct Refusal: Error {
    var status: HTTPResponseStatus
    var code: Code
    var message: String
    var headers: HTTPHeaders

    /// The codes of the specification.
    enum Code: String {
        case blobUnknown = "BLOB_UNKNOWN"
        case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
        case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
        case digestInvalid = "DIGEST_INVALID"
        case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
        case manifestInvalid = "MANIFEST_INVALID"
        case manifestUnknown = "MANIFEST_UNKNOWN"
        case nameInvalid = "NAME_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case sizeInvalid = "SIZE_INVALID"
        case unauthorized = "UNAUTHORIZED"
        case denied = "DENIED"
        case unsupported = "UNSUPPORTED"
        case tooManyRequests = "TOOMANYREQUESTS"
        /// What is wrong with this side: the specification has codes for the client's side alone.
        case unknown = "UNKNOWN"
    }

    init(
        _ status: HTTPResponseStatus, _ code: Code, _ message: String, _ headers: HTTPHeaders = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
    }

    /// What a client is told of an error of the store.
    init(_ problem: Problem) {
        let status: HTTPResponseStatus =
            switch problem.kind {
            case .conflict: .conflict
            case .exhausted: .insufficientStorage
            case .unavailable: .serviceUnavailable
            default: .internalServerError
            }
        self.init(status, .unknown, problem.why)
    }

    var response: Response {
        var response = Response(
            status,
            json: [
                "errors": [["code": .string(code.rawValue), "message": .string(message)]]
            ])
        for header in headers { response.headers.add(name: header.name, value: header.value) }
        return response
    }
}
