import ContainerRuntime
package import Diagnostics
package import Linux
import OCI
import SystemPackage

extension VolumeService {
    /// Writes a volume's files as a tar archive.
    ///
    /// - Parameters:
    ///   - name: the volume.
    ///   - output: a file or pipe, written from its offset.
    /// - Throws: `.notFound`; `.unsupported` for a volume whose options mount something.
    package func export(_ name: String, to output: borrowing OwnedFD) throws(Problem) {
        let directory = try directory(of: name, for: "export")
        let held = try lock(name, .shared, for: "export")
        defer { withExtendedLifetime(held) {} }
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["archive", directory.string, "."], input: nil, file: output.rawValue,
            what: "cannot export volume \(name)"
        ) { _ in }
    }

    /// The containers that use a volume and run: what they write an archive may have in part.
    package func runningUsers(of name: String) throws(Problem) -> [String] {
        let records = try context.database.read { database throws(Problem) in
            var records: [ContainerRecord] = []
            for id in try database.containers(ofVolume: name) {
                if let record = try database.container(id: id) { records.append(record) }
            }
            return records
        }
        var names: [String] = []
        for record in records where try context.status(of: record).state.isAlive {
            names.append(record.name)
        }
        return names.sorted()
    }

    /// Unpacks a tar archive into a volume, with the owners that it says, beside what is there.
    ///
    /// - Parameters:
    ///   - archive: a file or pipe; compressed or not.
    ///   - name: the volume.
    /// - Throws: as ``export(_:to:)``; `.corrupt` for what is no archive.
    package func importArchive(
        _ archive: borrowing OwnedFD, into name: String
    ) throws(Problem) {
        let path = try directory(of: name, for: "import into")
        let input = archive.rawValue
        var held: FileLock?
        if context.plan == nil { held = try lock(name, .exclusive, for: "import into") }
        defer { withExtendedLifetime(held) {} }
        try context.step(.unpack(into: path)) { () throws(Problem) in
            let what = "cannot import into volume \(name)"
            let directory = try explaining(what) { () throws(SystemCallError) in
                try OwnedFD.open(path, [.readOnly, .directory, .noFollow])
            }
            try ContentHelper(configuration: context.configuration).runWithoutFlush(
                ["unpack", "--certain", ContentHelper.standardInput], input: input,
                file: directory.rawValue, what: what
            ) { _ in }
        }
    }

    /// Waits until nobody else fills the volume or, with an exclusive lock, reads it.
    ///
    /// - Throws: `.notFound` when it was removed meanwhile.
    private func lock(
        _ name: String, _ mode: LockMode, for verb: String
    ) throws(Problem) -> FileLock {
        let lock: FileLock
        do throws(SystemCallError) {
            lock = try FileLock(context.configuration.volumeLock(name), mode)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw Self.noSuchVolume(name)
        } catch {
            throw Problem(what: "cannot \(verb) volume \(name)", refusal: error)
        }
        let isThere = try context.database.read { database throws(Problem) in
            try database.volume(name) != nil
        }
        guard isThere else { throw Self.noSuchVolume(name) }
        return lock
    }

    /// Where the files of a volume are, for whoever needs no mount.
    private func directory(of name: String, for verb: String) throws(Problem) -> FilePath {
        let volume = try context.database.read { database throws(Problem) in
            try database.volume(name)
        }
        guard let volume else { throw Self.noSuchVolume(name) }
        guard try LocalVolumeOptions(volume.options, of: name) == nil else {
            throw Problem(
                kind: .unsupported, what: "cannot \(verb) volume \(name)",
                why: "its options mount what it has, where a container needs it",
                fix: "use a container: kade run --rm -v \(name):/v IMAGE tar -C /v -c .")
        }
        try context.makeDirectory(ofVolume: name)
        try context.finishFilling(ofVolume: name, "/")
        return context.configuration.volume(name)
    }
}
