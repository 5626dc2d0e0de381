import Diagnostics
import NIOPosix
package import SystemPackage

/// The places where a user keeps credentials for registries.
package struct CredentialStore: Sendable {
    /// The files, in the order they are asked.
    package var files: [FilePath]
    /// The value of `PATH`, where credential helpers are looked for.
    package var searchPath: String

    package init(files: [FilePath], searchPath: String) {
        self.files = files
        self.searchPath = searchPath
    }

    /// Finds the files that Docker and Podman would use.
    ///
    /// - Parameter environment: looks a variable up.
    package init(environment: (String) -> String?) {
        func path(_ variable: String, _ rest: String) -> FilePath? {
            guard let folder = environment(variable), !folder.isEmpty else { return nil }
            return FilePath(folder).pushing(FilePath(rest))
        }
        if let only = environment("REGISTRY_AUTH_FILE"), !only.isEmpty {
            files = [FilePath(only)]
        } else {
            files = [
                path("XDG_RUNTIME_DIR", "containers/auth.json"),
                path("XDG_CONFIG_HOME", "containers/auth.json")
                    ?? path("HOME", ".config/containers/auth.json"),
                path("DOCKER_CONFIG", "config.json") ?? path("HOME", ".docker/config.json"),
            ].compactMap { $0 }
        }
        searchPath = environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// Finds the credentials for a repository; nil means to come as anonymous.
    package func credentials(
        registry: String, repository: String
    ) async throws -> Credentials? {
        for file in files {
            guard let bytes = try Self.read(file) else { continue }
            let known = try CredentialFile(json: bytes, named: file.string)
            switch known.source(registry: registry, repository: repository) {
            case .known(let credentials):
                return credentials
            case .helper(let name, let server):
                let helper = CredentialHelper(name: name, searchPath: searchPath)
                let answer = try await NIOThreadPool.singleton.runIfActive {
                    try helper.credentials(for: server)
                }
                if let answer { return answer }
            case nil:
                continue
            }
        }
        return nil
    }

    /// A file's bytes; nil when it does not exist.
    private static func read(_ path: FilePath) throws(Problem) -> [UInt8]? {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 16 << 10)
                while true {
                    let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                    if count == 0 { return bytes }
                    bytes += buffer[..<count]
                }
            }
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .notDirectory {
            return nil
        } catch {
            throw Problem(
                kind: .denied, what: "cannot read the credentials in \(path)", why: "\(error)",
                cause: error)
        }
    }
}
