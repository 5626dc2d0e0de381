import Glibc
import SystemPackage

/// The kernel's log: `/dev/kmsg` (kernel, Documentation/ABI/testing/dev-kmsg).
package enum KernelLog {
    /// A message: when it was written, in microseconds since boot, and its text.
    package struct Message: Sendable, Equatable {
        package let timeInMicroseconds: UInt64
        package let text: String
        /// Whether the kernel wrote it itself: its facility is 0, and that of programs is not.
        package let isOfKernel: Bool

        /// Reads a record: "6,340,5690716,-;text", with further lines about a device.
        package init?(record bytes: [UInt8]) {
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
            guard let semicolon = line.firstIndex(of: UInt8(ascii: ";")) else { return nil }
            let head = String(decoding: line[..<semicolon], as: UTF8.self).split(separator: ",")
            guard head.count >= 3, let priority = UInt(head[0]), let time = UInt64(head[2])
            else { return nil }
            timeInMicroseconds = time
            isOfKernel = priority >> 3 == 0
            text = String(decoding: line[(semicolon + 1)...], as: UTF8.self)
        }
    }

    /// A place in the log: what the kernel writes from now on comes after it.
    package struct Place: ~Copyable {
        private let log: OwnedFD

        /// Notes the log's end.
        ///
        /// - Throws: EACCES or EPERM where this process may not read it, ENOENT without the device.
        package init() throws(SystemCallError) {
            let opened = try OwnedFD.open("/dev/kmsg", .readOnly)
            try opened.setNonBlocking(true)
            let number = opened.rawValue
            try kernel("lseek", "/dev/kmsg") { lseek(number, 0, SEEK_END) }
            log = opened
        }

        /// Takes the kernel's own messages that have come since, the oldest first.
        ///
        /// What programs write into the log is left out. What was overwritten meanwhile is missing.
        package func takeMessages() throws(SystemCallError) -> [Message] {
            var messages: [Message] = []
            while true {
                do throws(SystemCallError) {
                    // One read is one record; longer ones than this there are not.
                    let record = try log.read(upToBytes: 8192)
                    guard !record.isEmpty else { return messages }
                    if let message = Message(record: record), message.isOfKernel {
                        messages.append(message)
                    }
                } catch  where error.errno == .brokenPipe {
                    continue  // that one was overwritten meanwhile
                } catch  where error.errno == .wouldBlock {
                    return messages
                }
            }
        }
    }
}
