import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The network namespace in which an ordinary user's bridges are.
///
/// All commands and monitors of a run root share one, as they share the user namespace. A process
/// keeps it (`kade-runtime hold --bridges`), whose number is in RUN/bridges, until nobody uses it
/// any more: every monitor whose container is on a network, and every command that looks, has a
/// shared lock on RUN/bridges.users.
struct UserBridges: ~Copyable {
    let namespace: OwnedFD
    /// Its file at the process that keeps it.
    let path: FilePath
    /// The shared lock; who inherits it uses the bridges, too.
    let use: OwnedFD

    /// What tells the namespace from those before and after it.
    borrowing func identity() throws(Problem) -> FileStatus.Identity {
        try explaining("cannot look at your bridges") { () throws(SystemCallError) in
            try FileStatus(of: namespace).identity
        }
    }

    /// The bridges' namespace; one is made where there is none.
    static func make(_ configuration: EngineConfiguration) throws(Problem) -> UserBridges {
        let use = try share(configuration)
        let lock = try explaining("cannot lock the networks") { () throws(SystemCallError) in
            try FileLock(configuration.networksLock, .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        // A keeper that is killed before anybody uses its namespace takes that along.
        for _ in 0..<4 {
            if let path = try kept(configuration), let namespace = try open(path) {
                return UserBridges(namespace: namespace, path: path, use: use)
            }
            try startKeeper(configuration)
        }
        throw Problem(
            kind: .unavailable, what: "cannot make your bridges' network namespace",
            why: "the process that keeps it ends, or is killed, each time it is started",
            fix: "look at the kernel's log, and try again")
    }

    /// Starts a process that keeps the namespace, and notes it; the caller holds the networks' lock.
    private static func startKeeper(_ configuration: EngineConfiguration) throws(Problem) {
        let users = try users(configuration)
        let hold = ["--bridges", configuration.bridgesNote.string]
        let keeper: NamespaceKeeper
        // Containers outlive a keeper that was killed; bridges beside theirs would not reach them.
        if let path = try ofMonitor(configuration), let left = try open(path) {
            keeper = try .start(configuration, hold, descriptors: [users.rawValue, left.rawValue])
            withExtendedLifetime(left) {}  // its number is given, not it
        } else {
            keeper = try .start(configuration, hold + ["--new"], descriptors: [users.rawValue])
        }
        withExtendedLifetime(users) {}
        try keeper.note(in: configuration.bridgesNote)
    }

    /// The bridges' namespace; nil where there is none.
    static func find(_ configuration: EngineConfiguration) throws(Problem) -> UserBridges? {
        guard File.exists(configuration.bridgesNote) else { return nil }
        let use = try share(configuration)
        let own = try kept(configuration)
        guard let path = try own == nil ? ofMonitor(configuration) : own,
            let namespace = try open(path)
        else { return nil }
        return UserBridges(namespace: namespace, path: path, use: use)
    }

    /// As long as this is open the keeper stays; a keeper that is about to end is waited for.
    private static func share(_ configuration: EngineConfiguration) throws(Problem) -> OwnedFD {
        let file = try users(configuration)
        try explaining("cannot lock \(configuration.bridgesUsers)") {
            () throws(SystemCallError) in
            _ = try file.lock(.shared, wait: true, "\(configuration.bridgesUsers)")
        }
        return file
    }

    private static func users(_ configuration: EngineConfiguration) throws(Problem) -> OwnedFD {
        try explaining("cannot open \(configuration.bridgesUsers)") {
            () throws(SystemCallError) in
            try OwnedFD.open(
                configuration.bridgesUsers, [.readWrite, .create], permissions: .ownerReadWrite)
        }
    }

    /// The namespace's file at its keeper; nil when that is gone.
    private static func kept(_ configuration: EngineConfiguration) throws(Problem) -> FilePath? {
        try NamespaceKeeper(notedIn: configuration.bridgesNote).map {
            FilePath("/proc/\($0.process)/ns/net")
        }
    }

    /// The namespace's file at a monitor that has it open: one whose descriptor of the lock is open
    /// on the lock's file.
    private static func ofMonitor(
        _ configuration: EngineConfiguration
    ) throws(Problem) -> FilePath? {
        let file = configuration.bridgesUsers
        let users = try explaining("cannot look at \(file)") {
            () throws(SystemCallError) in try FileStatus(of: file).identity
        }
        for monitor in try configuration.answeringMonitors() {
            let descriptors = FilePath("/proc/\(monitor)/fd")
            // One that has ended since has none.
            let numbers =
                (try? Directory.list(descriptors))?.compactMap { CInt($0.name.string) }
                ?? []
            let use = numbers.first { number in
                (try? FileStatus(of: descriptors.appending("\(number)")))?.identity == users
            }
            guard let use else { continue }
            return descriptors.appending("\(BridgesDescriptors.namespace(besideUse: use))")
        }
        return nil
    }

    /// Opens the namespace; nil when the process that keeps it is gone.
    private static func open(_ path: FilePath) throws(Problem) -> OwnedFD? {
        do throws(SystemCallError) {
            return try OwnedFD.open(path, .readOnly)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .noSuchProcess {
            return nil
        } catch {
            throw Problem(what: "cannot reach your bridges at \(path)", refusal: error)
        }
    }
}

extension EngineConfiguration {
    /// The number and start of the process that keeps the bridges.
    var bridgesNote: FilePath { runRoot.appending("bridges") }
    /// Who has a shared lock on it uses the bridges.
    var bridgesUsers: FilePath { runRoot.appending("bridges.users") }
}
