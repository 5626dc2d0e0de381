import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A connection with systemd, which makes and ends units (org.freedesktop.systemd1(5)).
struct SystemdManager: ~Copyable {
    private var connection: DBusConnection

    private init(over connection: consuming DBusConnection) {
        self.connection = connection
    }

    /// Reaches the machine's or the user's service manager: directly, as systemctl(1) does, else
    /// over the bus.
    static func reach(isOfUser: Bool) throws(Problem) -> SystemdManager {
        var refusals: [String] = []
        for address in isOfUser ? addressesOfUser() : addresses {
            do throws(DBusError) {
                var connection = try DBusConnection.open(
                    FilePath(address.path), timeoutInMilliseconds: 30_000)
                if address.isBus { try join(&connection) }
                return SystemdManager(over: connection)
            } catch {
                refusals.append("\(address.path): \(error)")
            }
        }
        throw Problem(
            kind: .unavailable,
            what: "cannot reach systemd\(isOfUser ? " of the user" : "")",
            why: refusals.isEmpty
                ? "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set"
                : refusals.joined(separator: "; "),
            fix: "leave --systemd-cgroup out where systemd does not run")
    }

    /// What plans need to know of it.
    mutating func facts(isOfUser: Bool) throws(Problem) -> SystemdManagerFacts {
        SystemdManagerFacts(
            isOfUser: isOfUser, controlGroup: try property("ControlGroup"),
            versionText: try property("Version"))
    }

    /// Makes a transient unit, and waits until it is there.
    ///
    /// A unit of that name that failed before is forgotten first.
    mutating func start(_ unit: String, _ properties: [UnitProperty]) throws(Problem) {
        let arguments: [DBusValue] = [
            .string(unit), .string("replace"), .array(properties.map(\.pair), of: "(sv)"),
            .array([], of: "(sa(sv))"),
        ]
        let what = "cannot make the unit \(unit)"
        do throws(DBusError) {
            let job: [DBusValue]
            do throws(DBusError) {
                job = try connection.call("StartTransientUnit", of: Self.manager, arguments)
            } catch {
                guard error.isAnswer("UnitExists") else { throw error }
                _ = try connection.call("ResetFailedUnit", of: Self.manager, [.string(unit)])
                job = try connection.call("StartTransientUnit", of: Self.manager, arguments)
            }
            let result = try waitForEnd(ofJob: job.first?.text ?? "")
            guard result == "done" else {
                _ = try connection.call("ResetFailedUnit", of: Self.manager, [.string(unit)])
                throw DBusError.answered(name: result, message: "the job ended as \(result)")
            }
        } catch {
            throw Self.problem(what, error, fix: "see systemctl status \(unit)")
        }
    }

    /// Changes properties of a unit until the machine stops, and waits until systemd has written them
    /// to the kernel's files.
    mutating func set(_ properties: [UnitProperty], of unit: String) throws(Problem) {
        do throws(DBusError) {
            _ = try connection.call(
                "SetUnitProperties", of: Self.manager,
                [.string(unit), .boolean(true), .array(properties.map(\.pair), of: "(sv)")])
        } catch {
            throw Self.problem(
                "cannot change the unit \(unit)", error, fix: "see systemctl status \(unit)")
        }
        // systemd writes before it reads the next message.
        _ = try property("Version")
    }

    /// Ends a unit with all its processes, waits for that, and forgets how it ended; one that is
    /// gone already is as good.
    mutating func stop(_ unit: String) throws(Problem) {
        do throws(DBusError) {
            let job = try connection.call(
                "StopUnit", of: Self.manager, [.string(unit), .string("replace")])
            _ = try waitForEnd(ofJob: job.first?.text ?? "")
        } catch {
            guard error.isAnswer("NoSuchUnit") else {
                throw Self.problem(
                    "cannot end the unit \(unit)", error, fix: "systemctl stop \(unit)")
            }
        }
        do throws(DBusError) {
            _ = try connection.call("ResetFailedUnit", of: Self.manager, [.string(unit)])
        } catch {
            guard error.isAnswer("NoSuchUnit") else {
                throw Self.problem(
                    "cannot forget the unit \(unit)", error, fix: "systemctl reset-failed \(unit)")
            }
        }
    }

    /// Moves a process into a unit's cgroup, which a user may not do by writing to it.
    mutating func attach(_ process: CInt, to unit: String) throws(Problem) {
        do throws(DBusError) {
            _ = try connection.call(
                "AttachProcessesToUnit", of: Self.manager,
                [
                    .string(unit), .string("/"),
                    .array([.uint32(UInt32(process))], of: "u"),
                ])
        } catch {
            throw Self.problem(
                "cannot put process \(process) into the unit \(unit)", error,
                fix: "see systemctl status \(unit)")
        }
    }

    private mutating func property(_ name: String) throws(Problem) -> String {
        var target = Self.manager
        target.interface = "org.freedesktop.DBus.Properties"
        do throws(DBusError) {
            return try connection.call(
                "Get", of: target, [.string(Self.manager.interface), .string(name)]
            ).first?.text ?? ""
        } catch {
            throw Self.problem("cannot ask systemd for its \(name)", error, fix: nil)
        }
    }

    /// Waits for `JobRemoved`, which says how the job ended.
    private mutating func waitForEnd(ofJob job: String) throws(DBusError) -> String {
        while true {
            let signal = try connection.nextSignal()
            guard signal.member == "JobRemoved", signal.body.count == 4,
                signal.body[1].text == job
            else { continue }
            return signal.body[3].text ?? ""
        }
    }

    private static let manager = DBusConnection.Target(
        destination: "org.freedesktop.systemd1", path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.systemd1.Manager")

    private static func problem(_ what: String, _ error: DBusError, fix: String?) -> Problem {
        let isRefused = error.isAnswer("AccessDenied") || error.isAnswer("InteractiveAuthorization")
        return Problem(
            kind: isRefused ? .denied : .unavailable, what: what, why: "systemd: \(error)",
            fix: fix)
    }

    // MARK: Where it is

    private struct Address {
        var path: String
        /// Whether a bus is between, which wants to be greeted and passes on only the signals that
        /// it is asked for.
        var isBus: Bool
    }

    private static let addresses = [
        Address(path: "/run/systemd/private", isBus: false),
        Address(path: "/run/dbus/system_bus_socket", isBus: true),
    ]

    private static func addressesOfUser() -> [Address] {
        var addresses: [Address] = []
        if let directory = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }) {
            addresses.append(Address(path: "\(directory)/systemd/private", isBus: false))
            addresses.append(Address(path: "\(directory)/bus", isBus: true))
        }
        let bus = getenv("DBUS_SESSION_BUS_ADDRESS").map { String(cString: $0) } ?? ""
        for text in bus.split(separator: ";") where text.hasPrefix("unix:path=") {
            let path = text.dropFirst(10).prefix { $0 != "," }
            addresses.append(Address(path: String(path), isBus: true))
        }
        return addresses
    }

    private static func join(_ connection: inout DBusConnection) throws(DBusError) {
        let bus = DBusConnection.Target(
            destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus")
        _ = try connection.call("Hello", of: bus, [])
        let rule =
            "type='signal',sender='\(manager.destination)',interface='\(manager.interface)',"
            + "member='JobRemoved'"
        _ = try connection.call("AddMatch", of: bus, [.string(rule)])
    }
}

extension DBusError {
    /// Whether the other side answered with this error.
    fileprivate func isAnswer(_ name: String) -> Bool {
        if case .answered(let full, _) = self { full.hasSuffix(".\(name)") } else { false }
    }
}

extension SystemdManagerFacts {
    /// Asks the service manager.
    static func probe(isOfUser: Bool) throws(Problem) -> SystemdManagerFacts {
        var manager = try SystemdManager.reach(isOfUser: isOfUser)
        return try manager.facts(isOfUser: isOfUser)
    }
}
