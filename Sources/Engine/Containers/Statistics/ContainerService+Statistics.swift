import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
import SystemPackage

extension ContainerService {
    /// What containers have used up to now, read from the kernel's files.
    ///
    /// - Parameters:
    ///   - names: the containers; nil takes all that run.
    ///   - includesStopped: takes those that do not run too, where none are named.
    /// - Returns: a sample of each, the newest container first or in the order of the names.
    /// - Throws: `.notFound` for a name that nobody has.
    package func samples(
        of names: [String]?, includingStopped includesStopped: Bool
    ) throws(Problem) -> [ContainerSample] {
        var records: [ContainerRecord] = []
        if let names {
            for name in names { records.append(try context.record(of: name)) }
        } else {
            records = try context.database.read { database throws(Problem) in
                try database.containers()
            }
        }
        let machine = try MachineSample()
        var samples: [ContainerSample] = []
        for record in records {
            let status = try context.status(of: record)
            guard let pid = status.state.pid else {
                guard names != nil || includesStopped else { continue }
                samples.append(ContainerSample(id: record.id, name: record.name))
                continue
            }
            samples.append(try context.sample(of: record, pid: pid, on: machine))
        }
        return samples
    }
}

/// What all containers of a machine are compared with.
private struct MachineSample {
    let times: ProcessorTimes
    let memoryInBytes: UInt64
    let nanosecondsPerTick: UInt64

    init() throws(Problem) {
        times = ProcessorTimes(
            procStat: try explaining("cannot read /proc/stat") { () throws(SystemCallError) in
                try File.readText("/proc/stat")
            })
        memoryInBytes = UInt64(sysconf(CInt(_SC_PHYS_PAGES)) * sysconf(CInt(_SC_PAGESIZE)))
        nanosecondsPerTick = 1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK))))
    }
}

extension EngineContext {
    fileprivate func sample(
        of record: ContainerRecord, pid: Int32, on machine: MachineSample
    ) throws(Problem) -> ContainerSample {
        var sample = ContainerSample(id: record.id, name: record.name)
        sample.isRunning = true
        sample.systemInNanoseconds = machine.times.total * machine.nanosecondsPerTick
        sample.processorCount = max(1, machine.times.processorCount)
        guard let cgroup = try cgroup(of: record) else {
            throw Problem(
                kind: .unsupported, what: "cannot measure container \(record.name)",
                why: "it has no cgroup of its own, in which the kernel would count what it uses",
                fix: "start it where a cgroup is delegated to you, or as root")
        }
        do throws(SystemCallError) {
            let used = try cgroup.statistics()
            sample.cpuInNanoseconds = (used.cpuUsageInMicroseconds ?? 0) * 1000
            let memory = used.memoryUsageInBytes ?? 0
            sample.memoryInBytes = memory - min(memory, used.memoryInactiveFileInBytes ?? 0)
            sample.memoryLimitInBytes = min(
                used.memoryLimitInBytes ?? machine.memoryInBytes, machine.memoryInBytes)
            sample.processes = used.pids ?? 0
            for device in used.blockIO {
                sample.readInBytes += device.readInBytes
                sample.writtenInBytes += device.writtenInBytes
            }
            // What goes over the machine's own interfaces is not the container's alone.
            if record.request.namespaces.network != .host {
                let text = try File.readText(FilePath("/proc/\(pid)/net/dev"))
                let traffic = NetworkTraffic(netDev: text)
                sample.receivedInBytes = traffic.receivedInBytes
                sample.sentInBytes = traffic.sentInBytes
            }
        } catch
            where error.errno == .noSuchFileOrDirectory || error.errno == .noSuchProcess
            || error.errno == .invalidArgument
        {
            return ContainerSample(id: record.id, name: record.name)  // it has just ended
        } catch {
            throw Problem(what: "cannot measure container \(record.name)", refusal: error)
        }
        return sample
    }
}
