import Glibc
import SystemPackage

/// The kernel's log: `/dev/kmsg` (kernel, Documentation/ABI/testing/dev-kmsg).
package enum KernelLog {
    /// A message: when it was written, in microseconds since boot, and its text.
    package struct Message: Sendable, Equatable {
        package let timeInMicroseconds: UInt64
        package let text: String

        /// Reads a record: "6,340,5690716,-;text", with further lines about a device.
        package init?(record bytes: [UInt8]) {
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
            guard let semicolon = line.firstIndex(of: UInt8(ascii: ";")) else { return nil }
            let head = String(decoding: line[..<semicolon], as: UTF8.self).split(separator: ",")
            guard head.count >= 3, let time = UInt64(head[2]) else { return nil }
            timeInMicroseconds = time
            text = String(decoding: line[(semicolon + 1)...], as: UTF8.self)
        }
    }

    /// The messages that the kernel still has.
    ///
    /// - Returns: the messages, the oldest first.
    /// - Throws: EACCES or EPERM where this process may not read them, ENOENT without the device.
    package static func messages() throws(SystemCallError) -> [Message] {
        let log = try OwnedFD.open("/dev/kmsg", .readOnly)
        try log.setNonBlocking(true)
        var messages: [Message] = []
        while true {
            do throws(SystemCallError) {
                // One read is one record; longer ones than this there are not.
                let record = try log.read(upToBytes: 8192)
                guard !record.isEmpty else { return messages }
                if let message = Message(record: record) { messages.append(message) }
            } catch  where error.errno == .brokenPipe {
                continue  // that one was overwritten meanwhile
            } catch  where error.errno == .wouldBlock {
                return messages
            }
        }
    }
}
