import Diagnostics
import NIOPosix
package import SystemPackage

/// The places where a user keeps credentials for registries.
package struct CredentialStore: Sendable {
    /// Credentials that the user gave for this time; then no file is asked.
    package var given: Credentials?
    /// The files, in the order they are asked.
    package var files: [FilePath]
    /// Who keeps credentials besides the files: names of helpers, and "containers-auth.json" in the
    /// files' place (registries.conf, `credential-helpers`); empty means the files alone.
    package var helpers: [String] = []
    /// Where `login` keeps credentials; nil when the user has no home.
    package var ownFile: CredentialFile.Place?
    /// The value of `PATH`, where credential helpers are looked for.
    package var searchPath: String

    /// Finds the files that Docker and Podman would use.
    ///
    /// Docker's comes first: `login` writes it, and what was just stored must count.
    ///
    /// - Parameters:
    ///   - authFile: the one file to use, of containers-auth.json(5) (`--authfile`).
    ///   - environment: looks a variable up.
    package init(authFile: FilePath?, environment: (String) -> String?) {
        func path(_ variable: String, _ rest: String) -> FilePath? {
            guard let folder = environment(variable), !folder.isEmpty else { return nil }
            return FilePath(folder).pushing(FilePath(rest))
        }
        let only = environment("REGISTRY_AUTH_FILE").flatMap { $0.isEmpty ? nil : FilePath($0) }
        if let only = authFile ?? only {
            files = [only]
            ownFile = CredentialFile.Place(path: only, style: .containers)
        } else {
            let own =
                path("DOCKER_CONFIG", "config.json") ?? path("HOME", ".docker/config.json")
            files = [
                own, path("XDG_RUNTIME_DIR", "containers/auth.json"),
                path("XDG_CONFIG_HOME", "containers/auth.json")
                    ?? path("HOME", ".config/containers/auth.json"),
            ].compactMap { $0 }
            ownFile = own.map { CredentialFile.Place(path: $0, style: .docker) }
        }
        searchPath = environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// Finds the credentials for a repository; nil means to come as anonymous.
    package func credentials(
        registry: String, repository: String
    ) async throws -> Credentials? {
        if let given { return given }
        for helper in helpers where helper != Self.filesName {
            let answer = try await ask(helper, for: registry)
            if let answer { return answer }
        }
        guard helpers.isEmpty || helpers.contains(Self.filesName) else { return nil }
        for file in files {
            guard let bytes = try Self.read(file) else { continue }
            let known = try CredentialFile(json: bytes, named: file.string)
            switch known.source(registry: registry, repository: repository) {
            case .known(let credentials):
                return credentials
            case .helper(let name, let server):
                if let answer = try await ask(name, for: server) { return answer }
            case nil:
                continue
            }
        }
        return nil
    }

    private static let filesName = "containers-auth.json"

    private func ask(_ name: String, for server: String) async throws -> Credentials? {
        let helper = CredentialHelper(name: name, searchPath: searchPath)
        return try await NIOThreadPool.singleton.runIfActive {
            try helper.credentials(for: server)
        }
    }

    /// A file's bytes; nil when it does not exist.
    static func read(_ path: FilePath) throws(Problem) -> [UInt8]? {
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
