import Glibc
import SystemPackage

extension Cgroup {
    /// Stops every process of the cgroup and of those below it, and waits until they stand still.
    ///
    /// Version 1 writes `FROZEN` to `freezer.state`, version 2 writes `1` to `cgroup.freeze` and
    /// waits for `frozen 1` in `cgroup.events`.
    ///
    /// - Throws: ETIMEDOUT when a process did not stop within ten seconds; the cgroup is thawed then.
    package func freeze() throws(SystemCallError) {
        do {
            switch layout.version(of: .freezer) {
            case .v2: try freezeUnified()
            case .v1, nil: try freezeLegacy()
            }
        } catch {
            try? thaw()  // best effort: the caller learns why it did not freeze
            throw error
        }
    }

    /// Lets the processes run again.
    package func thaw() throws(SystemCallError) {
        switch layout.version(of: .freezer) {
        case .v2: try write("0", to: "cgroup.freeze", of: .freezer)
        case .v1, nil: try write("THAWED", to: "freezer.state", of: .freezer)
        }
    }

    /// Whether the processes are stopped, or are being stopped.
    ///
    /// A cgroup that does not exist is not frozen.
    package func isFrozen() throws(SystemCallError) -> Bool {
        do {
            switch layout.version(of: .freezer) {
            case .v2: return try read("cgroup.freeze", of: .freezer).hasPrefix("1")
            case .v1: return try !read("freezer.state", of: .freezer).hasPrefix("THAWED")
            case nil: return false
            }
        } catch
            where error.errno == .noSuchFileOrDirectory
            || error.errno == .operationNotSupportedByDevice
        {
            return false
        }
    }

    private func freezeLegacy() throws(SystemCallError) {
        try write("FROZEN", to: "freezer.state", of: .freezer)
        var pauseInMicroseconds: UInt32 = 20
        for _ in 0..<1000 {
            if try read("freezer.state", of: .freezer).hasPrefix("FROZEN") { return }
            usleep(pauseInMicroseconds)
            pauseInMicroseconds = min(pauseInMicroseconds * 2, 10_000)
            // A process that was being created meanwhile is caught by asking again.
            try write("FROZEN", to: "freezer.state", of: .freezer)
        }
        throw SystemCallError(call: "freeze", subject: path, errno: .timedOut)
    }

    private func freezeUnified() throws(SystemCallError) {
        try write("1", to: "cgroup.freeze", of: .freezer)
        guard try waitForEvent("frozen", value: 1, timeoutInMilliseconds: 10_000) else {
            throw SystemCallError(call: "freeze", subject: path, errno: .timedOut)
        }
    }

    /// Waits until a line of the version 2 `cgroup.events` has a value.
    ///
    /// - Returns: false when that did not happen in time.
    func waitForEvent(
        _ key: String, value: UInt64, timeoutInMilliseconds: CInt
    ) throws(SystemCallError) -> Bool {
        guard let directory = layout.unified?.directory(of: path) else { return false }
        let file = directory.appending("cgroup.events")
        let descriptor = try CgroupFiles.open(file, O_RDONLY)
        var buffer = [UInt8](repeating: 0, count: 256)
        var remaining = timeoutInMilliseconds
        while true {
            let count = try kernel("pread", file.string) {
                buffer.withUnsafeMutableBytes {
                    pread(descriptor.rawValue, $0.baseAddress, $0.count, 0)
                }
            }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            if CgroupFiles.value(of: key, in: text) == value { return true }
            guard remaining > 0 else { return false }
            // The kernel wakes a poller at each change; the pause bounds a wake-up that was missed.
            var wait = pollfd(fd: descriptor.rawValue, events: Int16(POLLPRI), revents: 0)
            let slice = min(remaining, 100)
            try kernel("poll", file.string) { poll(&wait, 1, slice) }
            remaining -= wait.revents == 0 ? slice : 1
        }
    }
}
