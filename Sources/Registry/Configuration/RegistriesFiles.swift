package import Diagnostics
import Linux
package import SystemPackage

/// The files that registries.conf is made of (containers-registries.conf(5)).
package struct RegistriesFiles: Sendable, Equatable {
    /// The main file.
    package var main: FilePath
    /// Directories of drop-ins, `*.conf`, in the order they are read.
    package var dropIns: [FilePath]
    /// Where other tools keep the aliases that a person chose.
    package var recordedAliases: FilePath?

    /// Finds the files as containers/image does.
    ///
    /// A user's own file takes the place of the system's and of its drop-ins.
    ///
    /// - Parameters:
    ///   - environment: looks a variable up.
    ///   - exists: whether a file is there.
    package init(environment: (String) -> String?, exists: (FilePath) -> Bool) {
        func variable(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        let home = variable("HOME").map { FilePath($0) }
        let own =
            (variable("XDG_CONFIG_HOME").map { FilePath($0) } ?? home?.appending(".config"))?
            .appending("containers")
        let system: FilePath = "/etc/containers"
        let file = own?.appending("registries.conf")
        if let given = variable("CONTAINERS_REGISTRIES_CONF") {
            main = FilePath(given)
        } else if let file, exists(file) {
            main = file
        } else {
            main = system.appending("registries.conf")
        }
        let folder = "registries.conf.d"
        if let given = variable("CONTAINERS_REGISTRIES_CONF_DIR") {
            dropIns = [FilePath(given)]
        } else if main == file {
            dropIns = [own?.appending(folder)].compactMap { $0 }
        } else {
            dropIns = [system.appending(folder), own?.appending(folder)].compactMap { $0 }
        }
        let cache =
            variable("XDG_CACHE_HOME").map { FilePath($0) } ?? home?.appending(".cache")
        recordedAliases = cache?.appending("containers/short-name-aliases.conf")
    }

    /// Reads all that is there.
    ///
    /// - Throws: `.invalid` for the first file with a mistake; `.denied` for one that cannot be read.
    package func read() throws(Problem) -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        var files = [main]
        for directory in dropIns {
            files += try Self.names(in: directory).map { directory.appending($0) }
        }
        for file in files {
            guard let bytes = try CredentialStore.read(file) else { continue }
            try configuration.read(bytes, named: file.string)
        }
        if let recordedAliases, let bytes = try CredentialStore.read(recordedAliases) {
            try configuration.read(bytes, named: recordedAliases.string)
        }
        return configuration
    }

    private static func names(in directory: FilePath) throws(Problem) -> [String] {
        do throws(SystemCallError) {
            return try Directory.list(directory).map(\.name.string).filter { $0.hasSuffix(".conf") }
                .sorted()
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
            return []
        } catch {
            throw Problem(
                kind: .denied, what: "cannot read \(directory)", why: "\(error.errno)", cause: error
            )
        }
    }
}
