package import Diagnostics
package import OCI

/// What a filter returns to the kernel (seccomp(2), `SECCOMP_RET_…`).
package enum SeccompVerdict {
    package static let killThread: UInt32 = 0x0000_0000
    package static let killProcess: UInt32 = 0x8000_0000
    package static let trap: UInt32 = 0x0003_0000
    package static let notify: UInt32 = 0x7FC0_0000
    package static let log: UInt32 = 0x7FFC_0000
    package static let allow: UInt32 = 0x7FFF_0000

    /// Fails the call.
    package static func errno(_ number: UInt32) -> UInt32 { 0x0005_0000 | number & 0xFFFF }
    /// Asks the tracer, which gets the number.
    package static func trace(_ number: UInt32) -> UInt32 { 0x7FF0_0000 | number & 0xFFFF }

    /// A call that the kernel does not have.
    package static let noSuchCall = errno(38)  // ENOSYS

    /// The verdict of a specification's action.
    ///
    /// - Parameters:
    ///   - action: the action.
    ///   - errnoRet: the errno of `SCMP_ACT_ERRNO` and `SCMP_ACT_TRACE`; nil is EPERM.
    ///   - field: the member with the action, for the error.
    /// - Returns: the value that the filter returns.
    /// - Throws: `.invalid` when an action that takes no errno has one.
    package static func value(
        of action: RuntimeSpec.Seccomp.Action, errnoRet: UInt32?, field: String
    ) throws(Problem) -> UInt32 {
        let number = errnoRet ?? 1  // EPERM
        switch action {
        case .errno: return errno(number)
        case .trace: return trace(number)
        default: break
        }
        guard errnoRet == nil else {
            throw Problem(
                kind: .invalid, what: "cannot use \(field)",
                why: "\(action.rawValue) takes no errno", fix: "leave the errno out")
        }
        switch action {
        case .kill, .killThread: return killThread
        case .killProcess: return killProcess
        case .trap: return trap
        case .notify: return notify
        case .log: return log
        default: return allow
        }
    }
}
