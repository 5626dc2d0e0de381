import ContainerRuntime
package import Diagnostics
import Glibc
package import Linux
import OCI
import SystemPackage

/// What `cp` is asked.
package struct CopyRequest: Sendable {
    package var container: String
    /// In the container; a relative one begins at its root.
    package var containerPath: String
    /// `-a`: owners are kept.
    package var keepsOwners = false
    /// `-L`: a symbolic link at the source's end is followed.
    package var followsLink = false

    package init(container: String, path: String) {
        self.container = container
        containerPath = path
    }
}

extension ContainerService {
    /// Copies files of a container to this machine.
    ///
    /// - Parameters:
    ///   - request: the container and the path in it.
    ///   - path: where to; a relative one begins at the working directory.
    /// - Returns: the bytes of the archive that the files would make, which Docker tells.
    /// - Throws: `.notFound` for a path that is not there; `.invalid` for what does not go together.
    package func copyOut(_ request: CopyRequest, to path: String) throws(Problem) -> Int64 {
        let record = try context.record(of: request.container)
        let kept = record.request.namespaces.userMaps.map { TreeTransfer.Owners.outOf($0) }
        let caller = OwnerIDs(user: getuid(), group: getgid())
        let here = try Self.machine()
        let target = CopyPath(path, relativeTo: try Self.workingDirectory())
        let size = try context.withFiles(of: record) { root throws(Problem) in
            try copy(
                CopyPath(request.containerPath, relativeTo: "/"), in: root, request,
                to: target, in: here,
                owners: request.keepsOwners ? kept ?? .kept : .given(caller),
                names: CopyNames(source: "container \(request.container)", target: "this machine"))
        }
        context.tell(.archivePath, of: record)
        return size
    }

    /// Copies files of this machine into a container.
    ///
    /// - Parameters:
    ///   - request: the container and the path in it.
    ///   - path: what; a relative one begins at the working directory.
    /// - Returns: the bytes of the archive that the files would make, which Docker tells.
    /// - Throws: `.notFound` for a path that is not there; `.invalid` for what does not go together;
    ///   `.denied` for a container whose root file system is read-only.
    package func copyIn(_ request: CopyRequest, from path: String) throws(Problem) -> Int64 {
        let record = try context.record(of: request.container)
        let here = try Self.machine()
        let source = CopyPath(path, relativeTo: try Self.workingDirectory())
        let maps = record.request.namespaces.userMaps
        let root = maps?.root ?? OwnerIDs(user: 0, group: 0)
        let kept = maps.map { TreeTransfer.Owners.into($0) }
        let size = try context.withFiles(of: record) { files throws(Problem) in
            var identity: FileSystemIdentity?
            if let root = maps?.root { identity = try Self.identity(of: root) }
            defer { withExtendedLifetime(identity) {} }
            return try copy(
                source, in: here, request,
                to: CopyPath(request.containerPath, relativeTo: "/"), in: files,
                owners: request.keepsOwners ? kept ?? .kept : .given(root),
                names: CopyNames(source: "this machine", target: "container \(request.container)"))
        }
        context.tell(.extractToDirectory, of: record)
        return size
    }

    /// Lets this thread make files of a container as the root of its user namespace.
    private static func identity(of root: OwnerIDs) throws(Problem) -> FileSystemIdentity {
        try explaining("cannot make files as the container's root") {
            () throws(SystemCallError) in try FileSystemIdentity(root)
        }
    }

    /// Writes a file or directory of a container as a tar archive.
    package func archive(
        _ request: CopyRequest, to output: borrowing OwnedFD
    ) throws(Problem) {
        let record = try context.record(of: request.container)
        let path = CopyPath(request.containerPath, relativeTo: "/")
        let what = "cannot copy \(request.containerPath) of container \(request.container)"
        let file = output.rawValue
        try context.withFiles(of: record) { root throws(Problem) in
            let place = try Self.source(
                path, in: root, request, "container \(request.container)")
            let directory = place.directory.rawValue
            if let plan = context.plan {
                let copied = Explanation.copy(
                    "\(request.container):\(path.path)", to: "-", keepsOwners: true)
                return plan.note(copied, by: .engine)
            }
            let maps = record.request.namespaces.userMaps
            var arguments = ["archive"] + (maps?.helperFlags ?? [])
            arguments += ["/proc/\(getpid())/fd/\(directory)", place.name.string]
            // The archive names the link that was asked for, and not what it leads to.
            if !path.meansContent { arguments.append(path.name) }
            try ContentHelper(configuration: context.configuration).runWithoutFlush(
                arguments, input: nil, file: file, what: what
            ) { _ in }
        }
        context.tell(.archivePath, of: record)
    }

    /// Unpacks a tar archive into a directory of a container, with the owners that it says.
    package func unpack(
        _ input: CInt, _ request: CopyRequest
    ) throws(Problem) {
        let record = try context.record(of: request.container)
        let path = CopyPath(request.containerPath, relativeTo: "/")
        let what = "cannot copy to \(request.containerPath) of container \(request.container)"
        try context.withFiles(of: record) { root throws(Problem) in
            let place = try Self.place(path.path, in: root, followsLink: true, what)
            guard let place, place.status?.kind == .directory else {
                throw Problem(
                    kind: .invalid, what: what,
                    why: "destination \"\(request.container):\(request.containerPath)\" must be a "
                        + "directory")
            }
            if let plan = context.plan {
                let copied = Explanation.copy(
                    "-", to: "\(request.container):\(path.path)", keepsOwners: true)
                return plan.note(copied, by: .engine)
            }
            let directory = try explaining(what) { () throws(SystemCallError) in
                try place.directory.open(place.name, [.readOnly, .directory, .noFollow])
            }
            do throws(Problem) {
                try ContentHelper(configuration: context.configuration).runWithoutFlush(
                    ["unpack", "--certain"]
                        + (record.request.namespaces.userMaps?.helperFlags ?? [])
                        + [ContentHelper.standardInput], input: input,
                    file: directory.rawValue, what: what
                ) { _ in }
            } catch {
                throw Self.translated(error, request.container)
            }
        }
        context.tell(.extractToDirectory, of: record)
    }

    /// What the two sides are called in messages.
    private struct CopyNames {
        let source: String
        let target: String

        /// The container that a side is; nil where it is this machine.
        static func container(_ side: String) -> String? {
            let word = "container "
            return side.hasPrefix(word) ? String(side.dropFirst(word.count)) : nil
        }

        /// A path as `cp` has it: `CONTAINER:PATH`, or a path of this machine.
        static func place(of path: String, on side: String) -> String {
            container(side).map { "\($0):\(path)" } ?? path
        }

        /// The words before a command that shall run on a side.
        static func command(of side: String) -> String {
            container(side).map { "kade exec \($0) " } ?? ""
        }
    }

    private func copy(
        _ source: CopyPath, in sourceRoot: borrowing RootedDirectory, _ request: CopyRequest,
        to target: CopyPath, in targetRoot: borrowing RootedDirectory,
        owners: TreeTransfer.Owners, names: CopyNames
    ) throws(Problem) -> Int64 {
        let from = try Self.source(source, in: sourceRoot, request, names.source)
        let what = "cannot copy \(source.path) of \(names.source) to \(target.path)"
        guard let to = try Self.place(target.path, in: targetRoot, followsLink: true, what) else {
            throw Self.missing(
                target.parent, names.target,
                fix: "make that directory first: \(CopyNames.command(of: names.target))"
                    + "mkdir -p \(target.parent)")
        }
        let decision = try CopyRules.decide(
            .init(path: source, isDirectory: from.status?.kind == .directory), to: target,
            existing: to.status?.kind)
        if let plan = context.plan {
            let copied = Explanation.copy(
                CopyNames.place(of: source.path, on: names.source)
                    + (decision == .fill ? "/." : ""),
                to: CopyNames.place(of: target.path, on: names.target),
                keepsOwners: request.keepsOwners)
            plan.note(copied, by: .engine)
            return 0
        }
        let isInto = decision != .become
        var transfer = try explaining(what) { () throws(SystemCallError) in
            TreeTransfer(
                into: isInto
                    ? try to.open() : try to.directory.open(".", [.path, .directory]),
                owners: owners)
        }
        // Modes of new files are exactly those of the originals.
        let mask = umask(0)
        defer { umask(mask) }
        do throws(SystemCallError) {
            switch decision {
            case .fill: try transfer.copyContent(of: from.open(), to: to.open())
            case .into(let name):
                try transfer.copy(
                    from.name, from: from.directory, as: FilePath(name), to: to.open())
            case .become:
                try transfer.copy(from.name, from: from.directory, as: to.name, to: to.directory)
            }
        } catch  where error.errno == .readOnlyFileSystem {
            throw Self.readOnly(names.target, error)
        } catch  where error.errno == .isDirectory {
            throw Problem(
                kind: .invalid, what: what,
                why: "cannot overwrite directory \(error.subject) with non-directory")
        } catch  where error.errno == .notDirectory {
            throw Problem(
                kind: .invalid, what: what,
                why: "cannot overwrite non-directory \(error.subject) with directory")
        } catch {
            throw Problem(what: what, refusal: error)
        }
        return transfer.sizeInBytes
    }

    /// What is to be copied, which has to exist.
    private static func source(
        _ path: CopyPath, in root: borrowing RootedDirectory, _ request: CopyRequest, _ side: String
    ) throws(Problem) -> CopyPlace {
        let found = try place(
            path.path, in: root, followsLink: request.followsLink || path.asksForDirectory,
            "cannot copy \(path.path) of \(side)")
        guard let found, found.status != nil else {
            let place = CopyNames.place(of: path.parent, on: side)
            throw missing(
                path.path, side,
                fix: "see what there is with: "
                    + (CopyNames.container(side) == nil
                        ? "ls \(place)" : "kade cp \(place) - | tar -t"))
        }
        return found
    }

    private static func place(
        _ path: String, in root: borrowing RootedDirectory, followsLink: Bool, _ what: String
    ) throws(Problem) -> CopyPlace? {
        do throws(SystemCallError) {
            return try CopyPlace.find(path, in: root, followsLink: followsLink)
        } catch {
            throw Problem(what: what, refusal: error)
        }
    }

    private static func missing(_ path: String, _ side: String, fix: String) -> Problem {
        Problem(
            kind: .notFound, what: "Could not find the file \(path) in \(side)",
            why: "no such file or directory", fix: fix)
    }

    private static func readOnly(_ side: String, _ cause: SystemCallError) -> Problem {
        Problem(
            kind: .denied, what: "cannot copy to \(side)",
            why: "container rootfs is marked read-only", fix: "copy into a volume of it",
            cause: cause)
    }

    private static func translated(_ problem: Problem, _ container: String) -> Problem {
        guard let refusal = problem.cause as? SystemCallError,
            refusal.errno == .readOnlyFileSystem
        else { return problem }
        return readOnly("container \(container)", refusal)
    }

    private static func machine() throws(Problem) -> RootedDirectory {
        try explaining("cannot open the machine's root") { () throws(SystemCallError) in
            try RootedDirectory(at: "/")
        }
    }

    private static func workingDirectory() throws(Problem) -> String {
        try explaining("cannot find the working directory") { () throws(SystemCallError) in
            try WorkingDirectory.path().string
        }
    }
}
