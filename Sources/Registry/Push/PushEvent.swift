package import OCI

/// What a push reports while it goes on.
package enum PushEvent: Sendable, Equatable {
    /// It begins: what the reference names in the store.
    case started(reference: ImageReference, digest: Digest)
    /// A layer changed.
    case layer(digest: Digest, status: LayerStatus, current: Int64, total: Int64)
    /// Something that the user should know.
    case note(String)
    /// The registry has the image.
    case done(reference: ImageReference, digest: Digest, sizeInBytes: Int64)

    /// What happens to a layer.
    package enum LayerStatus: Sendable, Equatable {
        /// Its turn has not come.
        case preparing
        /// Its bytes are sent.
        case pushing
        /// The registry has it now.
        case pushed
        /// The registry had it before.
        case present
        /// The registry took it over from another repository.
        case mounted(from: String)
    }
}

extension PushEvent {
    /// The event as `kade-server push` prints it: one JSON object.
    package var json: JSONValue {
        switch self {
        case .started(let reference, let digest):
            [
                "event": "pushing", "reference": .string("\(reference)"),
                "digest": .string("\(digest)"),
            ]
        case .layer(let digest, let status, let current, let total):
            [
                "event": "layer", "digest": .string("\(digest)"), "status": .string(status.text),
                "current": .number(JSONNumber(current)), "total": .number(JSONNumber(total)),
            ]
        case .note(let text):
            ["event": "note", "text": .string(text)]
        case .done(let reference, let digest, let size):
            [
                "event": "pushed", "reference": .string("\(reference)"),
                "digest": .string("\(digest)"), "size": .number(JSONNumber(size)),
            ]
        }
    }
}

extension PushEvent.LayerStatus {
    fileprivate var text: String {
        switch self {
        case .preparing: "preparing"
        case .pushing: "pushing"
        case .pushed: "pushed"
        case .present: "present"
        case .mounted(let source): "mounted from \(source)"
        }
    }
}
