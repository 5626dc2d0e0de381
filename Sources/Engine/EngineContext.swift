import ContainerRuntime
import Diagnostics
import Linux
import Synchronization
import SystemPackage

/// What the services of one engine share.
final class EngineContext: Sendable {
    let configuration: EngineConfiguration
    let database: Database
    private let facts = Mutex(LearnedFacts())

    init(configuration: EngineConfiguration) {
        self.configuration = configuration
        database = Database(at: configuration.databasePath, keeps: configuration.plan == nil)
    }

    /// What was asked of the machine once and does not change while the engine lives.
    private struct LearnedFacts: ~Copyable {
        var bootID: String?
        var layout: CgroupLayout?
        var isRootless: Bool?
        /// The container that this process made last: its start need not read it again.
        var made: ContainerRecord?
        /// The monitor of that container, when it is about to be started.
        var monitor: ContainerSession?
    }

    /// The machine's present boot; see ``BootID``.
    func bootID() throws(Problem) -> String {
        if let known = facts.withLock({ $0.bootID }) { return known }
        let id = try explaining("cannot read the machine's boot ID") {
            () throws(SystemCallError) in try BootID.current()
        }
        facts.withLock { $0.bootID = id }
        return id
    }

    /// The machine's cgroup hierarchies.
    func cgroupLayout() throws(SystemCallError) -> CgroupLayout {
        if let known = facts.withLock({ $0.layout }) { return known }
        let layout = try CgroupLayout.detect()
        facts.withLock { $0.layout = layout }
        return layout
    }

    /// Whether Kade works for an ordinary user, as root of a user namespace.
    func isRootless() throws(Problem) -> Bool {
        if let known = facts.withLock({ $0.isRootless }) { return known }
        let isRootless = try explaining("cannot ask for the user namespace", fix: "mount /proc") {
            () throws(SystemCallError) in try !UserNamespace.isInitial()
        }
        facts.withLock { $0.isRootless = isRootless }
        return isRootless
    }

    /// Keeps the record of a container that this process just made.
    func remember(_ record: ContainerRecord) {
        facts.withLock { $0.made = record }
    }

    /// The container with a name, an ID or the beginning of an ID.
    func record(of name: String) throws(Problem) -> ContainerRecord {
        if let made = facts.withLock({ $0.made }), made.id == name || made.name == name {
            return made
        }
        return try database.read { database throws(Problem) in try database.container(name) }
    }

    /// Keeps a monitor that was started before its container was ready.
    func keepEarly(_ monitor: consuming ContainerSession) {
        var monitor = Optional(monitor)
        facts.withLock { $0.monitor = monitor.take() }
    }

    /// Gives out the monitor that was started early for a container.
    func takeEarlyMonitor(of id: String) -> ContainerSession? {
        facts.withLock { facts in
            guard facts.monitor?.containerID == id else { return nil }
            return facts.monitor.take()
        }
    }

    /// Forgets the record of the container made last, which is about to change.
    func forget() {
        facts.withLock { $0.made = nil }
    }

    /// Holds a container against every other command that would change it.
    ///
    /// The lock is on DATA/containers/ID/lock; a container whose directory is gone has none left
    /// to wait for, and its removal goes on without.
    func withLock<Value: ~Copyable>(
        on id: String, _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        // Who changes nothing need not keep others from it.
        if plan != nil { return try body() }
        let path = configuration.bundle(of: id).lock
        let lock: FileLock?
        do throws(SystemCallError) {
            lock = try FileLock(path, .exclusive)
        } catch  where error.errno == .noSuchFileOrDirectory {
            lock = nil
        } catch {
            throw Problem(what: "cannot lock container \(id)", refusal: error)
        }
        let value = try body()
        _ = consume lock
        return value
    }
}
