import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Mounts what a volume's options say, or takes the mount of a container that has it already.
///
/// So two containers share one tmpfs, as they would share Docker's single mount on the host. It
/// lives as long as the last of them.
struct VolumeMount {
    let name: String
    let system: MonitorConfiguration.Source.FileSystem

    /// Mounts it on a directory.
    func make(at place: FilePath) throws(Problem) {
        let path = FilePath(system.holders)
        let lock = try explaining("cannot lock \(path)") { () throws(SystemCallError) in
            try Directory.makeAll(
                path.removingLastComponent(), permissions: .ownerReadWriteExecute)
            return try FileLock(path, .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        let holders = try living(in: path)
        let shared = try self.shared(with: holders)
        if let shared {
            try explaining("cannot mount \(name)") { () throws(SystemCallError) in
                try shared.attach(onto: place)
            }
        } else {
            try mount(at: place)
        }
        try note(holders, at: place, in: path)
    }

    /// A monitor that has the volume mounted.
    private struct Holder {
        let pid: Int32
        let startTime: UInt64
        let place: FilePath

        var line: String { "\(pid) \(startTime) \(place)\n" }
    }

    private func living(in path: FilePath) throws(Problem) -> [Holder] {
        try explaining("cannot read \(path)") { () throws(SystemCallError) in
            var holders: [Holder] = []
            for line in try File.readText(path).split(separator: "\n") {
                let fields = line.split(separator: " ", maxSplits: 2)
                guard fields.count == 3, let pid = Int32(fields[0]),
                    let startTime = UInt64(fields[1]), try processStartTime(pid) == startTime
                else { continue }
                holders.append(
                    Holder(pid: pid, startTime: startTime, place: FilePath(String(fields[2]))))
            }
            return holders
        }
    }

    /// A clone of the mount that one of the holders has; nil where all have just ended.
    private func shared(with holders: [Holder]) throws(Problem) -> DetachedMount? {
        for holder in holders {
            do throws(Problem) {
                return try inMountNamespace(FilePath("/proc/\(holder.pid)/ns/mnt")) {
                    () throws(Problem) in
                    try explaining("cannot share \(name)") { () throws(SystemCallError) in
                        try DetachedMount(
                            cloning: OwnedFD.open(holder.place, [.path, .directory]),
                            isRecursive: true)
                    }
                }
            } catch  where error.kind == .notFound {
                continue  // it has ended
            }
        }
        return nil
    }

    private func note(
        _ holders: [Holder], at place: FilePath, in path: FilePath
    ) throws(Problem) {
        try explaining("cannot write \(path)") { () throws(SystemCallError) in
            let own = Holder(
                pid: getpid(), startTime: try processStartTime(getpid()) ?? 0, place: place)
            let text = (holders + [own]).map(\.line).joined()
            try File.create(path, content: Array(text.utf8), permissions: .ownerReadWrite)
        }
    }

    private func mount(at place: FilePath) throws(Problem) {
        let options = MountOptions(system.options)
        do throws(SystemCallError) {
            if options.isBind {
                try bind(options, at: place)
            } else {
                try mountFileSystem(options, at: place)
            }
        } catch {
            throw problem(error)
        }
    }

    private func bind(_ options: MountOptions, at place: FilePath) throws(SystemCallError) {
        let source = try OwnedFD.open(FilePath(system.device), [.path, .directory])
        let tree = try DetachedMount(
            cloning: source, isRecursive: options.flags.contains(.recursive))
        if !options.attributeChange.isEmpty {
            try tree.descriptor.changeMount(options.attributeChange, isRecursive: false)
        }
        try tree.attach(onto: place)
    }

    private func mountFileSystem(
        _ options: MountOptions, at place: FilePath
    ) throws(SystemCallError) {
        let context = try FileSystemContext(type: system.type)
        try context.set("source", to: system.device)
        try context.set(options.fileSystemFlags + options.data)
        // So that a disk is not written to at all.
        if options.flags.contains(.readOnly) { try context.set("ro") }
        try context.mount(options.attributeChange.set).attach(onto: place)
    }

    private func problem(_ refusal: SystemCallError) -> Problem {
        let options = system.options.isEmpty ? "" : " -o \(system.options.joined(separator: ","))"
        let command = "mount -t \(system.type)\(options) \(system.device)"
        if refusal.errno == .operationNotSupportedByDevice {
            return Problem(
                kind: .unsupported, what: "cannot mount \(name)",
                why: "this kernel has no file system \"\(system.type)\"",
                fix: "load its module, or make the volume anew with another type", cause: refusal)
        }
        return Problem(
            kind: Problem.Kind(refusal.errno), what: "cannot mount \(name)",
            why: "the kernel refuses \(command): \(refusal)",
            fix: "make the volume anew with other options", cause: refusal)
    }
}
