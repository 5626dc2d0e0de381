package import Diagnostics
import Linux
import Storage
package import SystemPackage

/// A directory of a build that is removed with its value.
///
/// While it lives it is locked: what a build that was killed leaves, the next `ps` or build removes.
package final class ScratchDirectory: Sendable {
    package let path: FilePath
    private let held: OwnedFD

    fileprivate init(in parent: FilePath) throws(Problem) {
        do throws(SystemCallError) {
            try Directory.makeAll(parent, permissions: .privateDirectory)
            while true {
                let path = parent.appending(Random.hexadecimal(bytes: 16))
                try Directory.make(path, permissions: .privateDirectory)
                guard let held = try Self.lock(path) else { continue }
                self.path = path
                self.held = held
                return
            }
        } catch {
            throw Problem(error, what: "cannot make a directory in \(parent)")
        }
    }

    deinit {
        // Best effort: the next `ps` or build removes it.
        try? Directory.removeTree(path)
    }

    /// Locks a directory; nil when another program holds it or has removed it.
    fileprivate static func lock(_ path: FilePath) throws(SystemCallError) -> OwnedFD? {
        do throws(SystemCallError) {
            let directory = try OwnedFD.open(path, [.readOnly, .directory])
            guard try directory.lock(.exclusive, wait: false, "\(path)"),
                try FileStatus(of: path).identity == FileStatus(of: directory).identity
            else { return nil }
            return directory
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }
}

extension StepService {
    /// A directory on the disk, such as for a context that is unpacked.
    package func makeScratch() throws(Problem) -> ScratchDirectory {
        try ScratchDirectory(in: context.configuration.buildScratch)
    }

    /// A directory that ends with the machine, for secrets.
    package func makeVolatileScratch() throws(Problem) -> ScratchDirectory {
        try ScratchDirectory(in: context.configuration.volatileBuildScratch)
    }

    /// Removes what builds that were killed have left: programs, files and secrets.
    package func removeLeftovers() throws(Problem) {
        let known = try context.database.read { database throws(Problem) in
            Set(try database.containers().map(\.id))
        }
        try context.removeOrphans(knowing: known)
    }
}

extension EngineContext {
    /// Removes directories of builds that nobody holds any more.
    func removeAbandonedScratch() throws(Problem) {
        for parent in [configuration.buildScratch, configuration.volatileBuildScratch] {
            do throws(SystemCallError) {
                for entry in try Directory.list(parent) {
                    let path = parent.appending(entry.name)
                    guard let held = try ScratchDirectory.lock(path) else { continue }
                    try Directory.removeTree(path)
                    _ = consume held
                }
            } catch  where error.errno == .noSuchFileOrDirectory {
                continue
            } catch {
                throw Problem(error, what: "cannot remove what a build left in \(parent)")
            }
        }
    }
}
