package import Diagnostics
import Linux
import OCI
package import SystemPackage

/// Stores credentials in a configuration file, or with the helper that the file names.
///
/// Members that Kade does not know stay as they are. A reader sees the old file or the new one.
package struct CredentialEditor: Sendable {
    private let place: CredentialFile.Place
    private let searchPath: String

    /// - Parameter store: whose own file is changed.
    /// - Throws: `.invalid` when it has none.
    package init(_ store: CredentialStore) throws(Problem) {
        guard let place = store.ownFile else {
            throw Problem(
                kind: .invalid, what: "cannot keep credentials",
                why: "neither HOME nor DOCKER_CONFIG is set", fix: "set HOME, or use --authfile")
        }
        self.place = place
        searchPath = store.searchPath
    }

    /// Where credentials went.
    package enum Keeper: Sendable, Equatable {
        /// Into the file, for everybody to read who can read the file.
        case file(FilePath)
        case helper(String)
    }

    /// Stores credentials for a registry.
    package func store(
        _ credentials: Credentials, for server: LoginServer
    ) throws(Problem) -> Keeper {
        let key = server.key(in: place.style)
        var file = try read()
        var entry: JSONObject = [:]
        let helper = try helper(for: key)
        if let helper {
            try helper.store(credentials, for: key)
        } else {
            entry = credentials.json
        }
        var entries = file["auths"]?.object ?? [:]
        entries[key] = .object(entry)
        file["auths"] = .object(entries)
        // A file that only names helpers lists nobody's registries (containers-auth.json(5)).
        if helper == nil || place.style == .docker { try write(file) }
        return helper.map { .helper($0.name) } ?? .file(place.path)
    }

    /// Removes the credentials of a registry.
    ///
    /// - Returns: whether there were any.
    package func erase(_ server: LoginServer) throws(Problem) -> Bool {
        var file = try read()
        var entries = file["auths"]?.object ?? [:]
        let key = server.key(in: place.style)
        var isErased =
            try helper(for: key).map { helper throws(Problem) in
                try helper.erase(key)
            } ?? false
        var keys = [key]
        if place.style == .docker || server.namespace == nil {
            keys += [server.registry, "https://\(server.registry)", "http://\(server.registry)"]
        }
        for key in keys where entries[key] != nil {
            entries[key] = nil
            isErased = true
        }
        guard isErased else { return false }
        file["auths"] = .object(entries)
        try write(file)
        return true
    }

    private func helper(for key: String) throws(Problem) -> CredentialHelper? {
        guard let bytes = try CredentialStore.read(place.path) else { return nil }
        let file = try CredentialFile(json: bytes, named: place.path.string)
        return (file.helpers[key] ?? file.store).map {
            CredentialHelper(name: $0, searchPath: searchPath)
        }
    }

    private func read() throws(Problem) -> JSONObject {
        guard let bytes = try CredentialStore.read(place.path), !bytes.isEmpty else { return [:] }
        guard let object = try JSONValue.parse(bytes, named: place.path.string).object else {
            throw Problem(
                kind: .invalid, what: "cannot change \(place.path)",
                why: "it is no JSON object", fix: "mend it, or move it away")
        }
        return object
    }

    private func write(_ file: JSONObject) throws(Problem) {
        let text = JSONValue.object(file).json(.indented) + [UInt8(ascii: "\n")]
        do throws(SystemCallError) {
            let target = try Self.followingLinks(place.path)
            let old = File.exists(target) ? try FileStatus(of: target) : nil
            try Directory.makeAll(
                target.removingLastComponent(), permissions: FilePermissions(rawValue: 0o700))
            try File.replace(
                target, with: text, permissions: .ownerReadWrite, lasting: .powerLoss)
            if let old {
                // Of the user who owns it, also when root logs in for him.
                try File.changeOwner(of: target, user: old.owner, group: old.group)
            }
        } catch {
            throw Problem(
                kind: .denied, what: "cannot keep the credentials in \(place.path)",
                why: "\(error)", cause: error)
        }
    }

    /// The file that a chain of symbolic links ends at, as in a directory of dot files.
    private static func followingLinks(_ path: FilePath) throws(SystemCallError) -> FilePath {
        var path = path
        for _ in 0..<40 {  // the kernel's own limit
            guard File.exists(path), try FileStatus(ofLink: path).kind == .symlink else { break }
            let target = try Link.target(of: path)
            path =
                target.isAbsolute
                ? target : path.removingLastComponent().pushing(target)
        }
        return path
    }
}

extension Credentials {
    /// The entry of a file.
    fileprivate var json: JSONObject {
        switch self {
        case .password(let user, let secret):
            ["auth": .string(Base64.encode(Array("\(user):\(secret)".utf8)))]
        case .identityToken(let token):
            [
                "auth": .string(Base64.encode(Array("<token>:".utf8))),
                "identitytoken": .string(token),
            ]
        }
    }
}
