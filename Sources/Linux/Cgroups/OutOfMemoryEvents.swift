import CLinux
import Glibc
import SystemPackage

/// Tells when memory runs out in a cgroup.
///
/// Version 1 counts up an eventfd that is written to `cgroup.event_control` together with
/// `memory.oom_control`; version 2 wakes pollers of `memory.events`, whose line `oom_kill` counts.
package struct OutOfMemoryEvents: ~Copyable {
    /// The descriptor to wait for.
    package let descriptor: OwnedFD
    /// What to wait for on it.
    package let readiness: ReadinessEvents
    private let cgroup: Cgroup
    private let version: CgroupVersion
    private var kills: UInt64
    /// Whether the kernel announced a kill that it has not counted yet.
    private var awaitsKill = false

    private init(
        _ descriptor: consuming OwnedFD, _ readiness: ReadinessEvents, of cgroup: Cgroup,
        _ version: CgroupVersion
    ) throws(SystemCallError) {
        self.descriptor = descriptor
        self.readiness = readiness
        self.cgroup = cgroup
        self.version = version
        kills = try cgroup.outOfMemoryKills() ?? 0
    }

    /// Watches a cgroup from now on.
    ///
    /// - Returns: nil when no hierarchy of the machine has the memory controller.
    /// - Throws: ENOENT when the cgroup does not exist.
    package static func watch(
        _ cgroup: Cgroup
    ) throws(SystemCallError) -> OutOfMemoryEvents? {
        guard let version = cgroup.layout.version(of: .memory),
            let directory = cgroup.directory(for: .memory)
        else { return nil }
        switch version {
        case .v1:
            let counter = OwnedFD(adopting: try kernel("eventfd", "") { clinux_eventfd() })
            let control = try CgroupFiles.open(
                directory.appending("memory.oom_control"), O_RDONLY)
            try CgroupFiles.write(
                "\(counter.rawValue) \(control.rawValue)",
                to: directory.appending("cgroup.event_control"))
            return try OutOfMemoryEvents(counter, .readable, of: cgroup, version)
        case .v2:
            let events = try CgroupFiles.open(directory.appending("memory.events"), O_RDONLY)
            return try OutOfMemoryEvents(events, .urgent, of: cgroup, version)
        }
    }

    /// Whether memory has run out since the last question.
    ///
    /// Version 1 does not announce every kill, but counts it: the last one may be seen by that.
    package mutating func haveHappened() throws(SystemCallError) -> Bool {
        let before = kills
        guard version == .v1 else {
            kills = max(try readKills() ?? before, before)
            return kills > before
        }
        kills = max(try cgroup.outOfMemoryKills() ?? before, before)
        let isAnnounced = try takeAnnouncement()
        let isCounted = kills > before
        defer { awaitsKill = (awaitsKill || isAnnounced) && !isCounted }
        return isAnnounced || (isCounted && !awaitsKill)
    }

    /// Reads the watched file itself, which alone makes the kernel wait for the next change.
    ///
    /// - Returns: nil where the cgroup is gone.
    private borrowing func readKills() throws(SystemCallError) -> UInt64? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        do throws(SystemCallError) {
            var count = 0
            var refusal: SystemCallError?
            bytes.withUnsafeMutableBytes { buffer in
                do throws(SystemCallError) {
                    count = try descriptor.read(into: buffer, atOffsetInBytes: 0)
                } catch {
                    refusal = error
                }
            }
            if let refusal { throw refusal }
            return CgroupFiles.value(
                of: "oom_kill", in: String(decoding: bytes.prefix(count), as: UTF8.self))
        } catch  where error.errno == .operationNotSupportedByDevice {
            return nil
        }
    }

    private borrowing func takeAnnouncement() throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try descriptor.read(upToBytes: 8)
        } catch  where error.errno == .wouldBlock {
            return false
        }
        // The kernel counts it up a last time when the cgroup goes.
        return cgroup.exists
    }
}
