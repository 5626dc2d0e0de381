import CLinux
import Glibc

/// Sets the real, effective and saved user of the calling process (setresuid(2)).
package func setUser(_ id: UInt32) throws(SystemCallError) {
    try kernel("setresuid", "user \(id)") { clinux_setresuid(id, id, id) }
}

/// Sets the real, effective and saved group of the calling process (setresgid(2)).
package func setGroup(_ id: UInt32) throws(SystemCallError) {
    try kernel("setresgid", "group \(id)") { clinux_setresgid(id, id, id) }
}

/// Sets the additional groups of the calling process (setgroups(2)).
package func setAdditionalGroups(_ ids: [UInt32]) throws(SystemCallError) {
    try kernel("setgroups", "groups \(ids)") {
        ids.withUnsafeBufferPointer { clinux_setgroups(UInt64($0.count), $0.baseAddress) }
    }
}

/// Sets which permissions new files lack (umask(2)); it cannot fail.
///
/// - Returns: the mask that it had.
@discardableResult
package func setFileModeMask(_ mask: UInt32) -> UInt32 { UInt32(umask(mode_t(mask))) }

/// Whether the process keeps its capabilities when it gives up being root (prctl(2),
/// `PR_SET_KEEPCAPS`).
package func setKeepsCapabilities(_ keeps: Bool) throws(SystemCallError) {
    try kernel("prctl", "PR_SET_KEEPCAPS") { clinux_prctl(8, keeps ? 1 : 0, 0, 0, 0) }
}

/// Forbids the process and its children to gain privileges by `execve(2)` (prctl(2),
/// `PR_SET_NO_NEW_PRIVS`).
package func setNoNewPrivileges() throws(SystemCallError) {
    try kernel("prctl", "PR_SET_NO_NEW_PRIVS") { clinux_prctl(38, 1, 0, 0, 0) }
}

/// Whether other processes of the same user may trace this one or open its files under `/proc`
/// (prctl(2), `PR_SET_DUMPABLE`).
package func setDumpable(_ isDumpable: Bool) throws(SystemCallError) {
    try kernel("prctl", "PR_SET_DUMPABLE") { clinux_prctl(4, isDumpable ? 1 : 0, 0, 0, 0) }
}

/// Sends the process a signal when its parent ends (prctl(2), `PR_SET_PDEATHSIG`).
package func setParentDeathSignal(_ signal: Signal) throws(SystemCallError) {
    try kernel("prctl", "PR_SET_PDEATHSIG") {
        clinux_prctl(1, UInt64(signal.rawValue), 0, 0, 0)
    }
}

/// Makes orphaned descendants children of this process (prctl(2), `PR_SET_CHILD_SUBREAPER`).
package func setChildSubreaper(_ isReaper: Bool) throws(SystemCallError) {
    try kernel("prctl", "PR_SET_CHILD_SUBREAPER") {
        clinux_prctl(36, isReaper ? 1 : 0, 0, 0, 0)
    }
}

/// Sets the name that ps(1) shows, at most 15 bytes (prctl(2), `PR_SET_NAME`).
package func setProcessName(_ name: String) throws(SystemCallError) {
    try kernel("prctl", "PR_SET_NAME") {
        name.withCString { clinux_prctl(15, UInt64(UInt(bitPattern: $0)), 0, 0, 0) }
    }
}

/// Sets the execution domain (personality(2)).
package func setPersonality(_ persona: UInt64) throws(SystemCallError) {
    try kernel("personality", "\(persona)") { clinux_personality(persona) }
}

/// Starts a session without a controlling terminal (setsid(2)).
package func startSession() throws(SystemCallError) {
    try kernel("setsid", "the process") { setsid() }
}

/// Joins a new session keyring of this name and lets its owner search and read it (keyctl(2)).
package func joinSessionKeyring(named name: String) throws(SystemCallError) {
    let key = try kernel("keyctl", "session keyring \(name)") {
        name.withCString { clinux_join_session_keyring($0) }
    }
    // The kernel's permissions and the user's search, as runc adds it, so that processes that join
    // the container later find the keys: all for who has it; view, read, search, link for the user.
    try kernel("keyctl", "session keyring \(name)") {
        clinux_set_key_permissions(key, 0x3f1b_0000)
    }
}
