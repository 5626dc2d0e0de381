import CLinux
package import SystemPackage

/// A system call that the kernel refused, and the thing it was asked to act on.
package struct SystemCallError: Error, Sendable {
    /// The system call's name: "mount".
    package let call: String
    /// What it acted on: a path, a cgroup, a process.
    package let subject: String
    /// The kernel's reason.
    package let errno: Errno

    package init(call: String, subject: String, errno: Errno) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }
}

extension SystemCallError: CustomStringConvertible {
    package var description: String { "\(call) \(subject): \(errno)" }
}

/// Calls the kernel, again while a signal interrupts it, and throws when it refuses.
///
/// - Parameters:
///   - call: the system call's name.
///   - subject: what it acts on; evaluated only when the kernel refuses.
///   - body: makes the call; −1 means that errno says why not.
/// - Returns: what the call returned.
/// - Throws: ``SystemCallError`` with errno, when the call returns −1 for another reason than EINTR.
@discardableResult
package func kernel<Result: FixedWidthInteger>(
    _ call: StaticString,
    _ subject: @autoclosure () -> String,
    _ body: () -> Result
) throws(SystemCallError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        let refusal = Errno(rawValue: clinux_errno())  // before anything else can change it
        if refusal == .interrupted { continue }
        throw SystemCallError(call: "\(call)", subject: subject(), errno: refusal)
    }
}
