package import Diagnostics
import Linux
package import SystemPackage

/// The files `hosts.toml` of containerd and nerdctl: DIRECTORY/REGISTRY/hosts.toml.
package struct RegistryHostsFiles: Sendable, Equatable {
    /// The directories, the ones that count first first.
    package var directories: [FilePath]

    package init(directories: [FilePath]) {
        self.directories = directories
    }

    /// The places where containerd and nerdctl look, the user's own first.
    ///
    /// - Parameter home: the user's directory.
    package init(home: String?) {
        let own = home.flatMap { home -> [FilePath]? in
            home.isEmpty
                ? nil
                : [".config/containerd/certs.d", ".config/docker/certs.d"].map {
                    FilePath(home).appending($0)
                }
        }
        directories = (own ?? []) + ["/etc/containerd/certs.d", "/etc/docker/certs.d"]
    }

    /// The hosts of a registry, in the order in which they are tried.
    ///
    /// - Parameter registry: host and port as references name it.
    /// - Returns: nil where no file speaks of it.
    /// - Throws: `.invalid` for a file with a mistake; `.denied` for one that cannot be read.
    package func hosts(of registry: String) throws(Problem) -> [RegistryHost]? {
        for name in Self.names(of: registry) + ["_default"] {
            for directory in directories {
                let file = directory.appending(name).appending("hosts.toml")
                guard let bytes = try CredentialStore.read(file), !bytes.isEmpty else { continue }
                return try RegistryHost.read(bytes, from: file)
            }
        }
        return nil
    }

    /// The directory names of a registry: a colon may stand for itself or as underscores.
    static func names(of registry: String) -> [String] {
        guard let colon = registry.lastIndex(of: ":"), !registry.hasSuffix("]") else {
            return [registry]
        }
        let port = registry[registry.index(after: colon)...]
        return [registry, "\(registry[..<colon])_\(port)_"]
    }
}
