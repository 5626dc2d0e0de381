import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// A mount namespace with an empty root and nothing else, kept for containers to begin from.
///
/// The first `create` that finds many mounts makes it, and it lasts as long as the machine runs: a
/// file in the runtime's root on which the namespace is mounted, as `unshare --mount=FILE` keeps
/// one. The directory of that file is a private mount of its own, because the kernel refuses to
/// mount such a file where others would receive it.
enum BareMountNamespace {
    /// The directory in its root that a rootfs is attached to.
    static let place: FilePath = "rootfs"

    /// Opens the namespace where a container can begin from it and that pays.
    ///
    /// - Returns: nil where the container is made from a copy of the host's mounts: also where the
    ///   namespace cannot be made, which costs nothing but time.
    static func openIfUseful(for request: Create.Request) -> OwnedFD? {
        guard request.sharingNamespace == nil, request.usesPivotRoot,
            // Kernels before 6.8 do not tell.
            let count = try? Namespaces.mountCount(upTo: BareMounts.leastMounts),
            count >= BareMounts.leastMounts
        else { return nil }
        do throws(SystemCallError) {
            let hierarchies = try OwnedFD.open("/sys/fs/cgroup", [.path])
            let isUnified =
                try FileSystemStatus(of: hierarchies).type == FileSystemStatus.cgroup2
            guard
                BareMounts.areEnough(
                    for: request.bundle.spec, bundle: request.bundle.path, isUnified: isUnified),
                try UserNamespace.isInitial()
            else { return nil }
            return try open(in: request.root.path.appending(directoryName))
        } catch {
            return nil
        }
    }

    /// No name of a container: see ``RuntimeRoot/check(_:)``.
    private static let directoryName = "@mounts"

    /// Opens the namespace, or makes it.
    static func open(in directory: FilePath) throws(SystemCallError) -> OwnedFD {
        let file = directory.appending("namespace")
        if let kept = try kept(at: file) { return kept }
        try Directory.makeAll(directory, permissions: .ownerReadWriteExecute)
        let lock = try FileLock(directory.appending("lock"), .exclusive)
        defer { withExtendedLifetime(lock) {} }
        if let kept = try kept(at: file) { return kept }
        _ = try OwnedFD.open(file, [.readWrite, .create], permissions: .ownerReadWrite)
        try Mount.bind(directory, to: directory, isRecursive: false)
        do throws(SystemCallError) {
            try Mount.setPropagation(of: directory, to: .private, isRecursive: false)
            try makeOnSomeProcessor(keeping: file)
            if let kept = try kept(at: file) { return kept }
            throw SystemCallError(call: "mount", subject: "\(file)", errno: .noSuchFileOrDirectory)
        } catch {
            try Mount.unmount(directory, isDetached: true)
            throw error
        }
    }

    /// What is mounted on a file, if that is a namespace.
    private static func kept(at file: FilePath) throws(SystemCallError) -> OwnedFD? {
        do throws(SystemCallError) {
            let opened = try OwnedFD.open(file, .readOnly)
            guard try FileSystemStatus(of: opened).type == FileSystemStatus.namespaces else {
                return nil
            }
            return opened
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Makes the namespace on one processor after the other until the kernel lets the file keep it.
    ///
    /// A namespace can only be kept in an older one (EINVAL), and what tells their age in Linux 6.18
    /// are numbers that each processor takes from a batch of its own. So this matters to a runtime
    /// that is not in the machine's first mount namespace, which is older than all.
    private static func makeOnSomeProcessor(keeping file: FilePath) throws(SystemCallError) {
        let count = min(sysconf(CInt(_SC_NPROCESSORS_CONF)), mostAttempts)
        for processor in 0..<max(count, 1) {
            do throws(SystemCallError) {
                return try make(keeping: file, on: processor)
            } catch  where error.errno == .invalidArgument {
                continue
            }
        }
    }

    /// Half of the processors will do, as likely as not.
    private static let mostAttempts = 8

    /// A process makes the namespace and stays in it until the file keeps it.
    private static func make(
        keeping file: FilePath, on processor: Int
    ) throws(SystemCallError) {
        let pair = try SocketPair(.packets)
        switch try Linux.clone([], intoCgroup: nil) {
        case .child:
            let end = pair.split { _, second in second }
            do throws(SystemCallError) {
                // A processor that this process may not use is as good as another attempt.
                try? setAffinity(of: 0, to: [processor])
                try Namespaces.unshare(.newMount)
                try empty()
                try end.send([1])
                _ = try end.receive(upToBytes: 1)
            } catch {
                _exit(1)  // the other side finds that nothing came
            }
            _exit(0)
        case .parent(let maker):
            var refusal: SystemCallError?
            do throws(SystemCallError) {
                try keep(namespaceOf: maker.id, heardThrough: pair.keepFirst(), at: file)
            } catch {
                refusal = error
            }
            _ = try maker.wait()
            if let refusal { throw refusal }
        }
    }

    /// The maker ends when the socket is closed.
    private static func keep(
        namespaceOf maker: CInt, heardThrough socket: consuming OwnedFD, at file: FilePath
    ) throws(SystemCallError) {
        if try socket.receive(upToBytes: 1).isEmpty { return }  // it has failed
        try Mount.bind(FilePath("/proc/\(maker)/ns/mnt"), to: file, isRecursive: false)
    }

    /// Leaves the process's mount namespace with an empty root.
    private static func empty() throws(SystemCallError) {
        try Mount.setPropagation(of: "/", to: .private, isRecursive: true)
        let root = try FileSystemContext(type: "tmpfs").mount([
            .noSetUserID, .noDevices, .noExecution,
        ])
        try root.descriptor.makeDirectory(place, permissions: .ownerReadWriteExecute)
        try root.attach(onto: "/")
        try root.descriptor.changeMount(
            MountAttributeChange(set: .readOnly), isRecursive: false)
        try WorkingDirectory.change(to: root.descriptor)
        try Mount.pivotRoot(to: ".", oldAt: ".")
        try Mount.unmount(".", isDetached: true)
    }
}
