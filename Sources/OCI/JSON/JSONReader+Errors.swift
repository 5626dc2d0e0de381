extension JSONReader {
    /// The members that lead to the current value: "mounts[3].options".
    package var path: String {
        var path = ""
        for frame in frames where frame.count > 0 {
            guard frame.isObject else {
                path += "[\(frame.count - 1)]"
                continue
            }
            guard frame.keyEnd > frame.keyStart else { continue }
            let name = String(decoding: bytes[frame.keyStart..<frame.keyEnd], as: UTF8.self)
            path = Self.joined(path, name)
        }
        return path
    }

    /// An error about the value that was just read: its path and place.
    ///
    /// - Parameter message: goes on where the path ends: "is a string, needs a number".
    /// - Returns: the error, to be thrown.
    package func error(_ message: String) -> JSONError { error(message, path: path) }

    /// The value of a member that an object must have.
    ///
    /// - Parameters:
    ///   - value: the value, nil when the object that just ended had no such member.
    ///   - key: the member's name.
    /// - Returns: the value.
    /// - Throws: that the member is missing, with its path.
    package func required<Value>(_ value: Value?, _ key: String) throws(JSONError) -> Value {
        if let value { return value }
        throw error("is missing", path: Self.joined(path, key))
    }

    /// The error for a value of the wrong type at the position.
    func mismatch(_ expected: StaticString) -> JSONError {
        let found =
            switch peek() {
            case UInt8(ascii: "\""): "a string"
            case UInt8(ascii: "{"): "an object"
            case UInt8(ascii: "["): "an array"
            case UInt8(ascii: "t"), UInt8(ascii: "f"): "true or false"
            case UInt8(ascii: "n"): "null"
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): "a number"
            default: position >= bytes.count ? "cut off" : "not JSON"
            }
        return error("is \(found), needs \(expected)")
    }

    /// The error for a text that is not JSON at the position.
    func syntax(_ message: String) -> JSONError {
        position >= bytes.count ? error("is cut off") : error(message)
    }

    private func error(_ message: String, path: String) -> JSONError {
        var line = 1
        var lineStart = 0
        let end = min(position, bytes.count)
        for index in 0..<end where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        return JSONError(path: path, line: line, column: end - lineStart + 1, message: message)
    }

    private static func joined(_ path: String, _ name: String) -> String {
        let isWord = name.utf8.allSatisfy { byte in
            byte != UInt8(ascii: ".") && byte != UInt8(ascii: "[") && byte > 0x20
        }
        guard isWord else { return "\(path)[\"\(name)\"]" }
        return path.isEmpty ? name : "\(path).\(name)"
    }
}
