import Diagnostics
import Linux
import OCI
import SystemPackage

/// Cuts the new mount namespace off from the host's: `linux.rootfsPropagation`
/// (config-linux.md § Rootfs Mount Propagation, mount_namespaces(7)).
struct SetRootPropagation: SetupStep {
    let propagation: RuntimeSpec.Linux.RootfsPropagation
    let rootfs: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "mount --make-\(propagation.rawValue) /",
            why: "mounts of the container do not appear on the host",
            spec: "linux.rootfsPropagation")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot make the mounts \(propagation.rawValue)") {
            () throws(SystemCallError) in
            try Mount.setPropagation(
                of: "/", to: propagation.kind, isRecursive: propagation.isRecursive)
            // pivot_root(2) refuses a new root whose parent mount is shared.
            if propagation.isShared || !propagation.isRecursive { try isolateParent() }
        }
    }

    /// Makes the mount that holds the rootfs private: the nearest path that is a mount point.
    private func isolateParent() throws(SystemCallError) {
        var path = rootfs
        while true {
            do throws(SystemCallError) {
                return try Mount.setPropagation(of: path, to: .private, isRecursive: false)
            } catch  where error.errno == .invalidArgument && path.lastComponent != nil {
                path.removeLastComponent()  // EINVAL: not a mount point
            }
        }
    }
}

/// Opens the rootfs before init becomes root of its user namespace, who may not pass the directories
/// above it: an ordinary user's home is closed to the user's own subordinate IDs.
struct OpenRootfs: SetupStep {
    let rootfs: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "exec {rootfs}<\(rootfs)",
            why: "the container's root may not reach \(rootfs) itself", spec: "root.path")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        context.openedRootfs = try explaining(
            "cannot use \(rootfs) as root file system",
            fix: "name an existing directory in root.path"
        ) { () throws(SystemCallError) in try OwnedFD.open(rootfs, .directoryHandle) }
    }
}

/// Makes the rootfs a mount of its own, which `pivot_root(2)` requires.
struct BindRootfs: SetupStep {
    let rootfs: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "mount --rbind \(rootfs) \(rootfs)",
            why: "the new root has to be a mount point", spec: "root.path")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        context.rootfsDirectory = try explaining(
            "cannot use \(rootfs) as root file system",
            fix: "name an existing directory in root.path that the container's root can enter"
        ) { () throws(SystemCallError) in
            let directory: OwnedFD
            if let opened = context.openedRootfs.take() {
                directory = opened
            } else {
                directory = try OwnedFD.open(rootfs, .directoryHandle)
            }
            let mount = try DetachedMount(cloning: directory, isRecursive: true)
            try mount.attach(onto: directory)
            return RootedDirectory(adopting: mount.takeDescriptor())
        }
    }
}

/// Sets how mounts below the container's root propagate, once it is the root.
struct PropagateFromRoot: SetupStep {
    let propagation: RuntimeSpec.Linux.RootfsPropagation

    init(_ propagation: RuntimeSpec.Linux.RootfsPropagation) { self.propagation = propagation }

    var explanation: Explanation {
        Explanation(
            shell: "mount --make-\(propagation.rawValue) /",
            why: "mounts below the container's root propagate as the spec says",
            spec: "linux.rootfsPropagation")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot make the root \(propagation.rawValue)") {
            () throws(SystemCallError) in
            try Mount.setPropagation(
                of: "/", to: propagation.kind, isRecursive: propagation.isRecursive)
        }
    }
}

extension RuntimeSpec.Linux.RootfsPropagation {
    /// The kernel's kind.
    var kind: Propagation {
        switch self {
        case .shared, .rshared: .shared
        case .slave, .rslave: .slave
        case .private, .rprivate: .private
        case .unbindable, .runbindable: .unbindable
        }
    }

    /// Whether mounts travel both ways.
    var isShared: Bool {
        switch self {
        case .shared, .rshared: true
        default: false
        }
    }

    /// Whether it is for all mounts beneath too.
    var isRecursive: Bool {
        switch self {
        case .rshared, .rslave, .rprivate, .runbindable: true
        case .shared, .slave, .private, .unbindable: false
        }
    }
}
