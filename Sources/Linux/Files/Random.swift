import CLinux

/// Unpredictable bytes of the kernel.
package enum Random {
    /// Bytes from `getrandom(2)`.
    ///
    /// At most 256, which the kernel always delivers whole.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition(count <= 256, "getrandom(2) may deliver fewer than \(count) bytes")
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // −1 is only EINTR here: the buffer is valid and the flags are 0.
                filled = Int(max(0, clinux_getrandom(buffer.baseAddress, UInt64(count), 0)))
            }
        }
    }

    /// Random bytes in hexadecimal digits, two for each.
    package static func hexadecimal(bytes count: Int) -> String {
        var digits: [UInt8] = []
        for byte in bytes(count) {
            for half in [byte >> 4, byte & 15] {
                digits.append(half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "a") + half - 10)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
