import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// One `--secret` of a container.
package struct SecretRequest: Sendable, Equatable {
    /// The secret's name, or its ID once the container is made.
    package var secret: String
    package var use: Use

    package init(secret: String, use: Use) {
        self.secret = secret
        self.use = use
    }

    /// How the container gets it.
    package enum Use: Sendable, Equatable {
        /// As a file in memory.
        case file(target: String, user: UInt32, group: UInt32, mode: UInt32)
        /// As a variable of the environment.
        case variable(name: String)
    }
}

extension SecretRequest {
    /// For the database alone: no `inspect` shows it.
    var json: JSONValue {
        switch use {
        case .file(let target, let user, let group, let mode):
            [
                "Secret": .string(secret), "Target": .string(target), "UID": .integer(user),
                "GID": .integer(group), "Mode": .integer(mode),
            ]
        case .variable(let name): ["Secret": .string(secret), "Variable": .string(name)]
        }
    }

    /// Reads what ``json`` wrote.
    init(json: JSONValue) {
        secret = json.text("Secret") ?? ""
        if let name = json.text("Variable") {
            use = .variable(name: name)
        } else {
            use = .file(
                target: json.text("Target") ?? "", user: json["UID"]?.number?.integer() ?? 0,
                group: json["GID"]?.number?.integer() ?? 0,
                mode: json["Mode"]?.number?.integer() ?? 0o444)
        }
    }
}

extension ContainerRequest {
    /// The IDs of the secrets that are variables of the environment, by the variables' names.
    var secretVariables: [String: String] {
        var variables: [String: String] = [:]
        for secret in secrets {
            guard case .variable(let name) = secret.use else { continue }
            variables[name] = secret.secret  // the last of a name is the one that counts
        }
        return variables
    }
}

extension EngineContext {
    /// Replaces the names of a request's secrets by their IDs, and refuses what is not there.
    func resolveSecrets(of request: inout ContainerRequest) throws(Problem) {
        guard !request.secrets.isEmpty else { return }
        let secrets = request.secrets
        request.secrets = try database.read { database throws(Problem) in
            try secrets.map { secret throws(Problem) in
                SecretRequest(secret: try database.secret(secret.secret).id, use: secret.use)
            }
        }
    }
}

extension EngineContext {
    /// Adds a container's secrets to what its spec depends on.
    func addSecrets(of record: ContainerRecord, to input: inout SpecInput) throws(Problem) {
        let directory = configuration.bundle(of: record.id).mounts
        for secret in record.request.secrets {
            let path = configuration.secret(secret.secret)
            switch secret.use {
            case .variable(let name):
                let bytes = try explaining("cannot read the secret of the variable \(name)") {
                    () throws(SystemCallError) in try File.read(path)
                }
                guard !bytes.contains(0) else {
                    throw Problem(
                        kind: .invalid, what: "cannot make a secret the variable \(name)",
                        why: "its content has a zero byte, which ends a variable",
                        fix: "give it as a file: leave out type=env")
                }
                input.secretVariables.append("\(name)=\(String(decoding: bytes, as: UTF8.self))")
            case .file(let target, let user, let group, let mode):
                let place = directory.appending("\(input.sources.count)")
                input.sources.append(
                    .init(
                        name: "secret at \(target)",
                        kind: .secret(
                            .init(path: path.string, user: user, group: group, mode: mode)),
                        subpath: nil))
                input.mounts.append(
                    ResolvedMount(
                        target: target, isReadOnly: true,
                        source: .bind(
                            path: place.string, propagation: "rprivate", recursion: .enabled)))
            }
        }
    }
}
