package import Diagnostics
import Glibc
import Linux
package import SystemPackage

/// Mounts what bind mounts of the container come from: volumes with options, images, subpaths.
///
/// All of it is below the bundle's `mounts`, on a tmpfs that only the monitor and the container
/// have: nothing stays on the host, whoever is killed. The caller is in a mount namespace of its
/// own.
package struct SourceMounts {
    private let bundle: FilePath
    private let sources: [MonitorConfiguration.Source]
    private let namespace: KeptUserNamespace?

    /// Takes what there is to mount, and the container's user namespace if it has one of its own.
    package init(
        _ sources: [MonitorConfiguration.Source], inBundle bundle: FilePath,
        for namespace: KeptUserNamespace?
    ) {
        self.bundle = bundle
        self.sources = sources
        self.namespace = namespace
    }

    /// What is mounted, in words, in its order.
    package var explanations: [Explanation] {
        sources.enumerated().map { $1.explanation(at: directory.appending("\($0)")) }
    }

    /// Mounts each where `config.json` expects it; the root file system is mounted already.
    ///
    /// - Parameter perform: does one of ``explanations``, by its number.
    /// - Throws: what could not be mounted.
    package func make(
        _ perform: (Int, () throws(Problem) -> Void) throws(Problem) -> Void
    ) throws(Problem) {
        guard !sources.isEmpty else { return }
        try explaining("cannot make room for mounts in \(bundle)") {
            () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: .ownerReadWriteExecute)
            try Mount.mount(
                "kade-mounts", at: directory, type: "tmpfs", [.noSetUserID, .noDevices],
                data: "mode=0700,size=256m")
        }
        for (index, source) in sources.enumerated() {
            try perform(index) { () throws(Problem) in try make(source, index) }
        }
    }

    private func make(_ source: MonitorConfiguration.Source, _ index: Int) throws(Problem) {
        let place = directory.appending("\(index)")
        // With a subpath the whole stays mounted beside it: a scoped lookup refuses `..` on a
        // mount that is attached nowhere.
        let whole = source.subpath == nil ? place : directory.appending("\(index).whole")
        try mount(source, at: whole)
        if let subpath = source.subpath {
            try mount(subpath: FilePath(subpath), of: whole, named: source.name, at: place)
        }
        if case .fileSystem(let system) = source.kind, let target = source.filledFrom {
            try fill(place, of: source.name, from: target, holding: FilePath(system.holders))
        }
    }

    private var directory: FilePath { bundle.appending("mounts") }

    private func mount(
        _ source: MonitorConfiguration.Source, at place: FilePath
    ) throws(Problem) {
        if case .secret(let secret) = source.kind { return try copy(secret, of: source, to: place) }
        try explaining("cannot make a mount point for \(source.name)") {
            () throws(SystemCallError) in
            try Directory.make(place, permissions: .ownerReadWriteExecute)
        }
        switch source.kind {
        case .secret: return  // it is no mount
        case .directory(let path):
            try explaining("cannot mount \(source.name)") { () throws(SystemCallError) in
                let directory = try OwnedFD.open(FilePath(path), [.path, .directory])
                try DetachedMount(cloning: directory, isRecursive: true).attach(onto: place)
            }
        case .overlay(let mount):
            do throws(SystemCallError) {
                try mount.mount(at: place, for: namespace)
            } catch {
                throw MonitorConfiguration.RootfsMount.problem(
                    "cannot mount \(source.name)", error, fix: nil)
            }
        case .fileSystem(let system):
            try VolumeMount(name: source.name, system: system).make(at: place)
        }
    }

    /// Copies a secret to the tmpfs, whose memory is all that the container sees of it.
    private func copy(
        _ secret: MonitorConfiguration.Source.Secret, of source: MonitorConfiguration.Source,
        to place: FilePath
    ) throws(Problem) {
        try explaining("cannot give the container its \(source.name)") {
            () throws(SystemCallError) in
            try File.create(
                place, content: File.read(FilePath(secret.path)), permissions: .ownerReadWrite)
            let owner = OwnerIDs(user: secret.user, group: secret.group)
            // Whom the container's user namespace has no number for is nobody there anyway.
            let outside = namespace.map { $0.maps.outside(owner) ?? owner } ?? owner
            try File.changeOwner(of: place, user: outside.user, group: outside.group)
            try File.changePermissions(
                of: place, to: FilePermissions(rawValue: CModeT(secret.mode)))
        }
    }

    /// Mounts a file or directory that is looked up beneath a root: no link leads out of it.
    private func mount(
        subpath: FilePath, of whole: FilePath, named name: String, at place: FilePath
    ) throws(Problem) {
        let isFound = try explaining("cannot mount \(subpath) of \(name)") {
            () throws(SystemCallError) -> Bool in
            let root = try RootedDirectory(at: whole)
            guard let file = try root.openIfPresent(subpath, [.path]) else { return false }
            if try FileStatus(of: file).kind == .directory {
                try Directory.make(place, permissions: .ownerReadWriteExecute)
            } else {
                try File.create(place, content: [], permissions: .ownerReadWrite)
            }
            try DetachedMount(cloning: file, isRecursive: true).attach(onto: place)
            return true
        }
        guard isFound else {
            throw Problem(
                kind: .notFound, what: "cannot mount \(subpath) of \(name)",
                why: "it has no such file or directory",
                fix: "make it first: a subpath is not made by mounting it")
        }
    }

    /// Gives an empty directory the content, owner and permissions of one of the image.
    ///
    /// Two containers that start at once fill it one after the other, by their volume's lock.
    private func fill(
        _ place: FilePath, of name: String, from target: String, holding path: FilePath
    ) throws(Problem) {
        let rootfs = bundle.appending("rootfs")
        try explaining("cannot copy \(target) of the image into \(name)") {
            () throws(SystemCallError) in
            guard try FileStatus(of: place).kind == .directory else { return }
            let lock = try FileLock(path, .exclusive)
            defer { withExtendedLifetime(lock) {} }
            // What is mounted there shows the owners as they are outside.
            try VolumeFilling.fill(
                OwnedFD.open(place, [.readOnly, .directory]), with: FilePath(target),
                of: RootedDirectory(at: rootfs), ownersIn: nil)
        }
    }
}

extension MonitorConfiguration.Source {
    /// How it is mounted, in words.
    fileprivate func explanation(at place: FilePath) -> Explanation {
        var shell = ""
        switch kind {
        case .directory(let path): shell = "mount --rbind \(path) \(place)"
        case .overlay(let mount): shell = mount.explanation(at: place).shell
        case .secret(let secret):
            shell =
                "install -o \(secret.user) -g \(secret.group)"
                + " -m \(String(secret.mode, radix: 8)) \(secret.path) \(place)"
        case .fileSystem(let system):
            let options =
                system.options.isEmpty ? "" : " -o \(system.options.joined(separator: ","))"
            shell = "mount -t \(system.type)\(options) \(system.device) \(place)"
        }
        if let subpath {
            shell = shell + ".whole; mount --rbind \(place).whole/\(subpath) \(place)"
        }
        return Explanation(
            shell: shell, why: "\(name): what a bind mount of the container comes from",
            spec: "mounts")
    }
}
