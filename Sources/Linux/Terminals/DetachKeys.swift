/// Finds the detach keys in what a user types, and holds back a beginning of them.
package struct DetachKeys: Sendable {
    private let keys: [UInt8]
    private var matched = 0

    package init(_ keys: [UInt8]) { self.keys = keys }

    /// What of the bytes is for the container, and whether the keys are complete.
    package mutating func filter(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isDetached: Bool) {
        guard !keys.isEmpty else { return (Array(bytes), false) }
        var result: [UInt8] = []
        for byte in bytes {
            if byte == keys[matched] {
                matched += 1
                if matched == keys.count { return (result, true) }
                continue
            }
            result += keys[..<matched]
            matched = byte == keys[0] ? 1 : 0
            if matched == 0 {
                result.append(byte)
            } else if keys.count == 1 {
                return (result, true)
            }
        }
        return (result, false)
    }

    /// The beginning that was held back, at the input's end.
    package mutating func rest() -> [UInt8]? {
        guard matched > 0 else { return nil }
        defer { matched = 0 }
        return Array(keys[..<matched])
    }
}
