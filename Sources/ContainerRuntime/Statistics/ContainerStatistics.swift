import Diagnostics
import Linux
import OCI
import SystemPackage

/// What a container uses, as JSON in the shape of `runc events` (runc, types/events.go): a value
/// that is 0 is left out where runc leaves it out.
enum ContainerStatistics {
    /// The statistics of a container that runs.
    ///
    /// - Parameters:
    ///   - cgroup: its cgroup.
    ///   - initProcessID: its first process, whose network is looked at.
    ///   - hasOwnNetwork: whether that is not the host's.
    ///   - group: its group of cache and memory bandwidth, if it has one.
    /// - Returns: the statistics.
    /// - Throws: when a file that exists cannot be read.
    static func json(
        of cgroup: Cgroup, initProcessID: CInt, hasOwnNetwork: Bool,
        resourceControl group: ResourceControlGroup?
    ) throws(Problem) -> JSONValue {
        let readings = CgroupReadings(of: cgroup)
        return [
            "cpu": .object(try cpu(readings)),
            "cpuset": .object(try cpuSet(readings)),
            "memory": .object(try memory(readings)),
            "pids": .object(try pids(readings)),
            "blkio": .object(try blockIO(readings)),
            "hugetlb": .object(try hugePages(readings, sizes: try hugePageSizes())),
            "intel_rdt": .object(try group.map(resourceControl) ?? [:]),
            "network_interfaces": hasOwnNetwork
                ? try networkInterfaces(seenBy: initProcessID) : nil,
        ]
    }

    private static func pids(_ files: CgroupReadings) throws(Problem) -> JSONObject {
        var pids = JSONObject()
        pids.addUnlessZero("current", try files.number("pids.current", .pids))
        pids.addUnlessZero("limit", try files.number("pids.max", .pids))  // "max" is no number
        return pids
    }

    static func hugePages(
        _ files: CgroupReadings, sizes: [String]
    ) throws(Problem) -> JSONObject {
        var all = JSONObject()
        for size in sizes {
            var one = JSONObject()
            switch files.version(.hugetlb) {
            case .v1:
                let reserved = try files.number("hugetlb.\(size).rsvd.usage_in_bytes", .hugetlb)
                let usage = try files.number("hugetlb.\(size).usage_in_bytes", .hugetlb)
                guard let usage = reserved ?? usage else { continue }
                let prefix = "hugetlb.\(size)\(reserved == nil ? "" : ".rsvd")"
                one.addUnlessZero("usage", usage)
                one.addUnlessZero(
                    "max", try files.number("\(prefix).max_usage_in_bytes", .hugetlb))
                one.add("failcnt", try files.number("\(prefix).failcnt", .hugetlb))
            case .v2:
                let reserved = try files.number("hugetlb.\(size).rsvd.current", .hugetlb)
                let current = try files.number("hugetlb.\(size).current", .hugetlb)
                guard let usage = reserved ?? current else { continue }
                one.addUnlessZero("usage", usage)
                one.add("failcnt", try files.table("hugetlb.\(size).events", .hugetlb)["max"])
            case nil: continue
            }
            all.append(size, .object(one))
        }
        return all
    }

    /// The sizes as cgroup files name them, from `/sys/kernel/mm/hugepages/hugepages-2048kB`.
    private static func hugePageSizes() throws(Problem) -> [String] {
        do throws(SystemCallError) {
            return try Directory.list("/sys/kernel/mm/hugepages").compactMap { entry in
                let digits = entry.name.string.filter(\.isNumber)
                guard let kibibytes = Int(digits) else { return nil }
                if kibibytes >= 1 << 20 { return "\(kibibytes >> 20)GB" }
                return kibibytes >= 1 << 10 ? "\(kibibytes >> 10)MB" : "\(kibibytes)KB"
            }.sorted()
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []  // a kernel without huge pages
        } catch {
            throw Problem(what: "cannot find the sizes of huge pages", refusal: error)
        }
    }
}

/// The files of a cgroup, as statistics read them.
struct CgroupReadings {
    /// The version of a controller's hierarchy.
    let version: (CgroupController) -> CgroupVersion?
    /// A file's text; nil where there is no such file.
    let text: (String, CgroupController) throws(Problem) -> String?

    /// A file that holds one number.
    func number(_ file: String, _ controller: CgroupController) throws(Problem) -> UInt64? {
        try text(file, controller).flatMap { UInt64($0.prefix { $0 != "\n" }) }
    }

    /// A file that holds numbers in a row.
    func numbers(_ file: String, _ controller: CgroupController) throws(Problem) -> [UInt64] {
        (try text(file, controller) ?? "").split { $0 == " " || $0 == "\n" }
            .compactMap { UInt64($0) }
    }

    /// A file of lines with a name and a number.
    func table(
        _ file: String, _ controller: CgroupController
    ) throws(Problem) -> [String: UInt64] {
        var table: [String: UInt64] = [:]
        for line in (try text(file, controller) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = UInt64(words[1]) { table[String(words[0])] = value }
        }
        return table
    }
}

extension CgroupReadings {
    /// The files of a cgroup of this machine.
    init(of cgroup: Cgroup) {
        version = { cgroup.layout.version(of: $0) }
        text = { (file, controller) throws(Problem) in
            do throws(SystemCallError) {
                return try cgroup.read(file, of: controller)
            } catch
                where [.noSuchFileOrDirectory, .operationNotSupportedByDevice, .notSupported]
                .contains(error.errno)
            {
                return nil
            } catch {
                throw Problem(cgroup: "cannot read \(file) of \(cgroup.path)", error)
            }
        }
    }
}

extension JSONObject {
    /// Adds a number, 0 where there is none.
    mutating func add(_ name: String, _ value: UInt64?) {
        append(name, .number(JSONNumber(value ?? 0)))
    }

    /// Adds a number unless it is 0.
    mutating func addUnlessZero(_ name: String, _ value: UInt64?) {
        if let value, value != 0 { add(name, value) }
    }

    /// Adds numbers unless there is none.
    mutating func addUnlessEmpty(_ name: String, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        append(name, .array(values.map { .number(JSONNumber($0)) }))
    }
}
