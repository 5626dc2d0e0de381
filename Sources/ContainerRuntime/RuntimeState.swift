package import Diagnostics
import Glibc
package import OCI

/// What the runtime keeps about a container between two commands: `state.json`.
///
/// Everything that the kernel knows better (whether init lives, whether it is frozen) is asked for,
/// not kept.
package struct RuntimeState: JSONCodable, Equatable {
    /// The version of the specification that the bundle follows.
    package var ociVersion: String
    package var id: String
    /// The bundle's absolute path.
    package var bundle: String
    /// The absolute path of the root file system.
    package var rootfs: String
    /// Init, as the runtime numbers it; nil before it exists.
    package var initProcessID: Int32?
    /// Init's ``processStartTime(_:)``, which tells it from a later process of the same number.
    package var initStartTime: UInt64?
    /// When the container was created: RFC 3339 with nanoseconds, UTC.
    package var created: String
    /// The user who created it.
    package var owner: UInt32
    /// The path of the container's cgroup from the root of each hierarchy.
    package var cgroupPath: String?
    /// The id of the rootfs's mount among the runtime's, where the container shares these.
    package var rootfsMount: UInt64?
    /// The systemd unit that the cgroup is, where systemd made it.
    package var unit: Unit?
    /// The resctrl groups that were made for the container alone, inner ones first.
    package var resourceControlDirectories: [String] = []
    package var annotations: [String: String]
    /// The form of the file; one that ``knownFormat`` exceeds is a newer Kade's.
    var format = RuntimeState.knownFormat

    /// Grows with each change that would have an earlier Kade do something wrong.
    static let knownFormat: UInt32 = 1

    package init(
        ociVersion: String, id: String, bundle: String, rootfs: String, created: String,
        owner: UInt32, annotations: [String: String]
    ) {
        self.ociVersion = ociVersion
        self.id = id
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.owner = owner
        self.annotations = annotations
    }

    /// A unit of systemd.
    package struct Unit: Sendable, Equatable {
        /// "kade-web.scope".
        package var name: String
        /// Whether the user's service manager keeps it, and not the machine's.
        package var isOfUser: Bool
    }

    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(
            ociVersion: "", id: "", bundle: "", rootfs: "", created: "", owner: 0, annotations: [:])
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "ociVersion": ociVersion = try json.read()
            case "id": id = try json.read()
            case "bundle": bundle = try json.read()
            case "rootfs": rootfs = try json.read()
            case "initProcessID": initProcessID = try json.read()
            case "initStartTime": initStartTime = try json.read()
            case "created": created = try json.read()
            case "owner": owner = try json.read()
            case "cgroupPath": cgroupPath = try json.read()
            case "rootfsMount": rootfsMount = try json.read()
            case "systemdUnit": unit = Unit(name: try json.read(), isOfUser: false)
            case "systemdUserUnit": unit = Unit(name: try json.read(), isOfUser: true)
            case "resourceControlDirectories": resourceControlDirectories = try json.read()
            case "annotations": annotations = try json.read()
            case "format": format = try json.read()
            default: try json.skipValue()
            }
        }
    }

    /// Checks that the file is not a newer Kade's, which may say what this one does not understand.
    package func checkFormat() throws(Problem) {
        guard format > Self.knownFormat else { return }
        throw Problem(
            kind: .unsupported, what: "cannot use the state of container \(id)",
            why: "a newer kade-runtime keeps it, in format \(format); this one knows"
                + " \(Self.knownFormat)",
            fix: "use that kade-runtime, or end and remove the container:"
                + " kade-runtime delete --force \(id)")
    }

    /// Checks that a file says what the runtime could have written.
    ///
    /// Commands kill what is in the cgroup and signal the process: a file that someone changed must
    /// not send them to others.
    package func check(id: String) throws(Problem) {
        guard let fault = fault(of: id) else { return }
        throw Problem(
            kind: .corrupt, what: "cannot use the state of container \(id)", why: fault,
            fix: "remove the container: kade-runtime delete --force \(id)")
    }

    private func fault(of id: String) -> String? {
        if self.id != id { return "state.json is of container \"\(self.id)\"" }
        if let initProcessID, initProcessID <= 0 {
            return "state.json names process \(initProcessID)"
        }
        if let cgroupPath {
            let parts = cgroupPath.split(separator: "/")
            guard cgroupPath.hasPrefix("/"), !parts.isEmpty, !parts.contains("..") else {
                return "state.json names cgroup \"\(cgroupPath)\", which is no container's"
            }
        }
        return nil
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ociVersion", ociVersion)
        json.member("id", id)
        json.member("bundle", bundle)
        json.member("rootfs", rootfs)
        // Not json.optional: it would look up the types of optionals at run time.
        if let initProcessID { json.member("initProcessID", initProcessID) }
        if let initStartTime { json.member("initStartTime", initStartTime) }
        json.member("created", created)
        json.member("owner", owner)
        if let cgroupPath { json.member("cgroupPath", cgroupPath) }
        if let rootfsMount { json.member("rootfsMount", rootfsMount) }
        if let unit { json.member(unit.isOfUser ? "systemdUserUnit" : "systemdUnit", unit.name) }
        if !resourceControlDirectories.isEmpty {
            json.member("resourceControlDirectories", resourceControlDirectories)
        }
        if !annotations.isEmpty { json.member("annotations", annotations) }
        if format != Self.knownFormat { json.member("format", format) }
        json.endObject()
    }
}

/// A container's state as the specification reports it (runtime-spec, runtime.md § State).
package struct ContainerState: Sendable, Equatable {
    package var ociVersion: String
    package var id: String
    package var status: Status
    /// Init; left out when it does not exist.
    package var processID: Int32?
    package var bundle: String
    package var annotations: [String: String]
    /// What runc adds for the `state` command; hooks do not get it.
    package var details: Details?

    package init(of state: RuntimeState, status: Status) {
        ociVersion = state.ociVersion
        id = state.id
        self.status = status
        processID = status == .stopped ? nil : state.initProcessID
        bundle = state.bundle
        annotations = state.annotations
    }

    /// Where a container is in its life.
    package enum Status: String, Sendable, CaseIterable {
        case creating, created, running, stopped
        /// Frozen; beyond the specification, as runc and crun say it.
        case paused
    }

    /// Members beyond the specification.
    package struct Details: Sendable, Equatable {
        package var rootfs: String
        package var created: String
        package var owner: String

        package init(rootfs: String, created: String, owner: String) {
            self.rootfs = rootfs
            self.created = created
            self.owner = owner
        }
    }

    /// The state as JSON.
    package func json(_ style: JSONWriter.Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style)
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the members in runc's order.
    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ociVersion", ociVersion)
        json.member("id", id)
        // runc prints 0 for a stopped container; a hook after the end gets no number.
        if details != nil || processID != nil { json.member("pid", processID ?? 0) }
        json.member("status", status.rawValue)
        json.member("bundle", bundle)
        if let details {
            json.member("rootfs", details.rootfs)
            json.member("created", details.created)
        }
        json.optional("annotations", annotations)
        if let details { json.member("owner", details.owner) }
        json.endObject()
    }
}

/// The present time in UTC as RFC 3339 with nanoseconds: "2026-05-01T08:00:00.123456789Z".
package func currentTimestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let (days, second) = now.tv_sec.quotientAndRemainder(dividingBy: 86_400)
    var text: [UInt8] = []
    // Not gmtime(3), which reads the time zone's file first.
    let date = CivilDate(daysSince1970: days)
    text.append(date.year, digits: 4, then: "-")
    text.append(date.month, digits: 2, then: "-")
    text.append(date.day, digits: 2, then: "T")
    text.append(second / 3600, digits: 2, then: ":")
    text.append(second / 60 % 60, digits: 2, then: ":")
    text.append(second % 60, digits: 2, then: ".")
    text.append(now.tv_nsec, digits: 9, then: "Z")
    return String(decoding: text, as: UTF8.self)
}

/// A day of the Gregorian calendar.
struct CivilDate: Equatable {
    let year: Int
    let month: Int
    let day: Int

    /// Counts in years that begin in March, so that the day of a leap year comes last.
    init(daysSince1970 days: Int) {
        let sinceMarch0 = days + 719_468  // 0000-03-01
        let era = sinceMarch0 / 146_097
        let dayOfEra = sinceMarch0 % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension [UInt8] {
    /// Appends a number with leading zeros and a character.
    fileprivate mutating func append(_ number: Int, digits: Int, then end: Unicode.Scalar) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
        append(UInt8(ascii: end))
    }
}
