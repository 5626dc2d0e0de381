package import Diagnostics
import Glibc
import Linux
import SystemPackage

/// The user namespace that an ordinary user's commands and monitors share (user_namespaces(7)).
///
/// All who use one run root must be in the same one: only then may a command enter a container, or
/// signal its processes, that another command has started. A small process keeps it
/// (`kade-runtime hold`), whose number is in RUN/namespace. Of mounts each command has its own.
package struct SharedUserNamespace {
    private let configuration: EngineConfiguration

    /// Makes an ordinary user root of the shared user namespace, and gives the process mounts of
    /// its own; does nothing for root.
    ///
    /// To be called before the process has threads.
    ///
    /// - Parameter configuration: where the namespace's keeper is noted, and the programs.
    /// - Returns: what the user cannot have, when the namespace is new.
    /// - Throws: what keeps the user from having a user namespace.
    package static func enter(_ configuration: EngineConfiguration) throws(Problem) -> String? {
        guard geteuid() != 0 else { return nil }
        return try SharedUserNamespace(configuration: configuration).enter()
    }

    private func enter() throws(Problem) -> String? {
        try RunDirectory.make(configuration.runRoot)
        let lock = try explaining("cannot lock \(configuration.namespaceLock)") {
            () throws(SystemCallError) in try FileLock(configuration.namespaceLock, .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        if let keeper = try NamespaceKeeper(notedIn: configuration.namespaceNote),
            try Self.join(keeper.process)
        {
            try Self.leaveMounts()
            return nil
        }
        // Monitors outlive a keeper that was killed; a namespace beside theirs could not reach them.
        for process in try configuration.answeringMonitors() where try Self.join(process) {
            try NamespaceKeeper.start(configuration, [], descriptors: []).note(
                in: configuration.namespaceNote)
            try Self.leaveMounts()
            return nil
        }
        let user = try RootlessUser(environment: configuration.helperEnvironment)
        let keeper = try NamespaceKeeper.start(configuration, ["--new"], descriptors: [])
        let warning: String?
        do throws(Problem) {
            warning = try user.maps().write(
                toNamespaceOf: keeper.process, searchPath: configuration.searchPath)
            try keeper.note(in: configuration.namespaceNote)
        } catch {
            keeper.end()
            throw error
        }
        guard try Self.join(keeper.process) else { throw Self.lost }
        try Self.leaveMounts()
        return warning
    }

    private static var lost: Problem {
        Problem(
            kind: .unavailable, what: "cannot enter your user namespace",
            why: "the process that keeps it has ended, or was killed",
            fix: "look at the kernel's log, and try again")
    }

    /// Enters the user namespace of a process; false when it is gone.
    private static func join(_ process: CInt) throws(Problem) -> Bool {
        do throws(SystemCallError) {
            let namespace = try OwnedFD.open(FilePath("/proc/\(process)/ns/user"), .readOnly)
            try Namespaces.enter(namespace, .user)
            return true
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .noSuchProcess {
            return false
        } catch {
            throw Problem(
                what: "cannot enter your user namespace", refusal: error,
                fix: "end the process \(process), or use another run root: --runroot")
        }
    }

    /// What is mounted from now on is the process's own, and what the host mounts still arrives.
    private static func leaveMounts() throws(Problem) {
        try explaining("cannot make a mount namespace") { () throws(SystemCallError) in
            try Namespaces.unshare(.newMount)
        }
    }
}

extension EngineConfiguration {
    /// The monitors of the run root that answer.
    func answeringMonitors() throws(Problem) -> [CInt] {
        let directory = runRoot.appending("monitor")
        guard File.exists(directory) else { return [] }
        let entries = try explaining("cannot list \(directory)") { () throws(SystemCallError) in
            try Directory.list(directory)
        }
        return entries.compactMap { entry in
            // One that ended without removing its socket does not answer.
            guard
                let socket = try? UnixSocket.connect(
                    to: directory.appending(entry.name), .packets)
            else { return nil }
            return try? socket.peer().process
        }
    }

    /// Held while a command enters the user namespace, or makes it.
    var namespaceLock: FilePath { runRoot.appending("namespace.lock") }
    /// The number and start of the process that keeps the user namespace.
    var namespaceNote: FilePath { runRoot.appending("namespace") }
}
