import CLinux
import Glibc
import SystemPackage

/// Asks a listener before anybody reads a part of a file: `FAN_PRE_ACCESS` of `fanotify(7)`, since
/// Linux 6.14.
///
/// Whoever reads the file or touches a page of a mapping waits for the answer, and so does the
/// kernel where it reads on behalf of a file system that is kept in the file. It concerns openings
/// that are made after ``watch(_:)``. With the last descriptor of the gate everybody passes.
package struct ReadGate: ~Copyable, Sendable {
    package let descriptor: OwnedFD

    /// Somebody who waits, until ``ReadGate/answer(_:_:)``.
    package final class Question: Sendable {
        /// An opening of the file for reading and writing, about which nobody is asked.
        package let file: OwnedFD
        /// The bytes that are about to be read.
        package let range: Range<Int64>

        fileprivate init(_ file: consuming OwnedFD, _ range: Range<Int64>) {
            self.file = file
            self.range = range
        }
    }

    /// What the reader gets.
    package enum Answer: Sendable {
        case pass
        /// EIO.
        case inputOutputError

        fileprivate var response: UInt32 {
            switch self {
            case .pass: 1  // FAN_ALLOW
            case .inputOutputError: 2 | UInt32(EIO) << 24  // FAN_DENY_ERRNO(EIO)
            }
        }
    }

    /// Makes a gate without files.
    ///
    /// - Throws: EPERM for whoever has no CAP_SYS_ADMIN.
    package init() throws(SystemCallError) {
        let flags: UInt32 = 0x1 | 0x8 | 0x10  // FAN_CLOEXEC, FAN_CLASS_PRE_CONTENT, no limit
        descriptor = OwnedFD(
            adopting: try kernel("fanotify_init", "a gate for reads") {
                clinux_fanotify_init(flags, UInt32(O_RDWR | O_CLOEXEC | Self.largeFile))
            })
    }

    /// Asks about reads of a file from now on.
    ///
    /// - Throws: EINVAL of an older kernel, EOPNOTSUPP of a file system that cannot.
    package borrowing func watch(_ file: borrowing OwnedFD) throws(SystemCallError) {
        try mark(Self.add, file)
    }

    /// Asks no more about a file: everybody passes.
    package borrowing func unwatch(_ file: borrowing OwnedFD) throws(SystemCallError) {
        try mark(Self.remove, file)
    }

    private borrowing func mark(
        _ action: UInt32, _ file: borrowing OwnedFD
    ) throws(SystemCallError) {
        let (gate, number) = (descriptor.rawValue, file.rawValue)
        try kernel("fanotify_mark", describe(number)) {
            clinux_fanotify_mark(gate, action, Self.preAccess, number)
        }
    }

    /// Waits for somebody to ask.
    package borrowing func next() throws(SystemCallError) -> [Question] {
        let bytes = try descriptor.read(upToBytes: 4096)
        var questions: [Question] = []
        bytes.withUnsafeBytes { bytes in
            var start = 0
            // struct fanotify_event_metadata, and behind it struct fanotify_event_info_range.
            while start + Self.metadataSize <= bytes.count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
                let number = bytes.loadUnaligned(fromByteOffset: start + 16, as: CInt.self)
                guard length >= Self.metadataSize, start + length <= bytes.count else { return }
                let info = start + Self.metadataSize
                var range: Range<Int64> = 0..<Int64.max
                if length >= Self.metadataSize + Self.rangeSize, bytes[info] == Self.rangeType {
                    let offset = bytes.loadUnaligned(fromByteOffset: info + 8, as: UInt64.self)
                    let count = bytes.loadUnaligned(fromByteOffset: info + 16, as: UInt64.self)
                    let end = offset.addingReportingOverflow(count)
                    range =
                        Int64(
                            clamping: offset)..<Int64(
                            clamping: end.overflow ? .max : end.partialValue)
                }
                if number >= 0 { questions.append(Question(OwnedFD(adopting: number), range)) }
                start += length
            }
        }
        return questions
    }

    /// Lets somebody go on; once for each question.
    package borrowing func answer(
        _ question: Question, _ answer: Answer
    ) throws(SystemCallError) {
        // struct fanotify_response
        let response = [UInt32(bitPattern: question.file.rawValue), answer.response]
        let gate = descriptor.rawValue
        try kernel("write", "the answer to a read") {
            response.withUnsafeBytes { write(gate, $0.baseAddress, $0.count) }
        }
    }

    /// `FAN_PRE_ACCESS`.
    private static let preAccess: UInt64 = 0x10_0000
    /// `FAN_MARK_ADD` and `FAN_MARK_REMOVE`.
    private static let (add, remove): (UInt32, UInt32) = (1, 2)
    private static let metadataSize = 24
    private static let rangeSize = 24
    /// `FAN_EVENT_INFO_TYPE_RANGE`.
    private static let rangeType: UInt8 = 6
    /// The kernel's `O_LARGEFILE`, which the C library hides.
    private static let largeFile: CInt = 0x8000
}
