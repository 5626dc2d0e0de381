import OCI

/// Texts in PEM form (RFC 7468).
enum PEMText {
    /// The contents of all blocks with a label, such as "CERTIFICATE".
    ///
    /// - Returns: none when there is none; nil when one is not in base64 or has no end.
    static func blocks(_ label: String, in bytes: [UInt8]) -> [[UInt8]]? {
        var blocks: [[UInt8]] = []
        var lines: [Substring]?
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN \(label)-----") {
                lines = []
            } else if line.hasPrefix("-----END"), let inside = lines {
                guard let block = Base64.decode(inside.joined()) else { return nil }
                blocks.append(block)
                lines = nil
            } else {
                lines?.append(line)
            }
        }
        return lines == nil ? blocks : nil
    }
}
