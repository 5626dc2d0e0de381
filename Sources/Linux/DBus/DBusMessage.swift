/// A message (D-Bus Specification, § Message Protocol).
struct DBusMessage: Equatable {
    var kind: Kind
    /// The sender's number of the message; never 0.
    var serial: UInt32
    /// The number of the call that this answers.
    var replySerial: UInt32?
    var path: String?
    var interface: String?
    var member: String?
    var errorName: String?
    var destination: String?
    var body: [DBusValue] = []

    /// What a message is.
    enum Kind: UInt8 {
        case call = 1
        case reply = 2
        case error = 3
        case signal = 4
    }

    init(_ kind: Kind, serial: UInt32) {
        self.kind = kind
        self.serial = serial
    }

    /// The bytes that go over the connection.
    var bytes: [UInt8] {
        var content = DBusWriter()
        for value in body { content.write(value) }
        var message = DBusWriter()
        message.append([UInt8(ascii: "l"), kind.rawValue, 0, Self.protocolVersion])
        message.write(.uint32(UInt32(content.bytes.count)))
        message.write(.uint32(serial))
        message.write(.array(fields, of: "(yv)"))
        message.align(to: 8)
        message.append(content.bytes)
        return message.bytes
    }

    private var fields: [DBusValue] {
        let signature = body.map(\.signature).joined()
        let all: [(Field, DBusValue?)] = [
            (.path, path.map { .objectPath($0) }), (.interface, interface.map { .string($0) }),
            (.member, member.map { .string($0) }), (.errorName, errorName.map { .string($0) }),
            (.replySerial, replySerial.map { .uint32($0) }),
            (.destination, destination.map { .string($0) }),
            (.signature, signature.isEmpty ? nil : .signature(signature)),
        ]
        return all.compactMap { field, value in
            value.map { .structure([.byte(field.rawValue), .variant($0)]) }
        }
    }

    /// The header fields that are written or read; others are passed over.
    private enum Field: UInt8 {
        case path = 1
        case interface = 2
        case member = 3
        case errorName = 4
        case replySerial = 5
        case destination = 6
        case signature = 8
    }

    private static let protocolVersion: UInt8 = 1
    /// The specification's limit of a message.
    private static let maximumLength = 1 << 27

    /// How many bytes a message has, from its first 16.
    static func length(from start: [UInt8]) throws(DBusError) -> Int {
        let isBigEndian = try isBigEndian(start)
        var reader = DBusReader(start, isBigEndian: isBigEndian, from: 4)
        guard case .uint32(let body) = try reader.read(signature: "u")[0],
            case .uint32(let fields) = try reader.read(signature: "uu")[1]
        else { preconditionFailure("the reader gives what it is asked for") }
        let length = (16 + Int(fields) + 7) / 8 * 8 + Int(body)
        guard length <= maximumLength else {
            throw .malformed("a message of \(length) bytes is too long")
        }
        return length
    }

    /// Reads a whole message.
    init(parsing bytes: [UInt8]) throws(DBusError) {
        let isBigEndian = try Self.isBigEndian(bytes)
        guard let kind = Kind(rawValue: bytes[1]), bytes[3] == Self.protocolVersion else {
            throw .malformed("a message is of kind \(bytes[1]) and version \(bytes[3])")
        }
        var reader = DBusReader(bytes, isBigEndian: isBigEndian, from: 8)
        guard case .uint32(let serial) = try reader.read(signature: "u")[0],
            case .array(let fields, _) = try reader.read(signature: "a(yv)")[0]
        else { preconditionFailure("the reader gives what it is asked for") }
        self.init(kind, serial: serial)
        var signature = ""
        for case .structure(let pair) in fields {
            guard case .byte(let code) = pair[0], case .variant(let value) = pair[1],
                let field = Field(rawValue: code)
            else { continue }
            switch field {
            case .path: path = value.text
            case .interface: interface = value.text
            case .member: member = value.text
            case .errorName: errorName = value.text
            case .destination: destination = value.text
            case .signature: signature = value.text ?? ""
            case .replySerial:
                if case .uint32(let number) = value { replySerial = number }
            }
        }
        try reader.align(to: 8)
        body = try reader.read(signature: signature[...])
    }

    private static func isBigEndian(_ bytes: [UInt8]) throws(DBusError) -> Bool {
        guard bytes.count >= 16, bytes[0] == UInt8(ascii: "l") || bytes[0] == UInt8(ascii: "B")
        else { throw .malformed("a message starts with neither l nor B") }
        return bytes[0] == UInt8(ascii: "B")
    }
}
