import ContainerRuntime
package import Diagnostics
import Linux
package import OCI
import SystemPackage

/// Secrets of this machine: small files that containers get in memory, and no image ever has.
///
/// A secret's content is `secrets/ID` of the data root, for root alone.
package struct SecretService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }

    /// The most that a secret may have: Docker's and Podman's limit.
    package static let limitInBytes = 512_000
}

/// One line of `secret ls`.
package struct SecretSummary: Sendable {
    package let id: String
    package let name: String
    package let created: Timestamp
    package let updated: Timestamp
    package let labels: [String: String]
}

extension SecretService {
    /// Makes a secret.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - content: its bytes, 1 to 512,000.
    ///   - labels: what it is labelled with.
    ///   - replaces: takes the place of one of the same name that no container has.
    /// - Returns: its ID.
    /// - Throws: what is wrong with them, or that the name is taken.
    package func create(
        _ name: String, content: [UInt8], labels: [String: String], replaces: Bool
    ) throws(Problem) -> String {
        try Self.check(name)
        guard (1...Self.limitInBytes).contains(content.count) else {
            throw Problem(
                kind: .invalid, what: "cannot create secret \(name)",
                why: "it has \(content.count) bytes",
                fix: "a secret has 1 to \(Self.limitInBytes) bytes")
        }
        let record = SecretRecord(
            id: String(Random.hexadecimal(bytes: 13).prefix(25)), name: name, created: .now,
            updated: .now, labels: labels)
        let path = context.configuration.secret(record.id)
        try context.step(.writeSecret(name, to: path)) { () throws(Problem) in
            try explaining("cannot write secret \(name)") { () throws(SystemCallError) in
                try Directory.makeAll(
                    path.removingLastComponent(), permissions: .ownerReadWriteExecute)
                try File.replace(
                    path, with: content, permissions: .ownerReadWrite, lasting: .powerLoss)
            }
        }
        context.plan?.note(.insert(record), by: .engine)
        do throws(Problem) {
            let replaced = try context.database.write { database throws(Problem) in
                let old = replaces ? try database.secret(named: name) : nil
                if let old { try database.delete(secret: old) }
                try database.insert(record)
                return old
            }
            if let replaced { try removeFile(of: replaced) }
        } catch {
            // Best effort: the first error counts.
            try? Link.remove(path)
            throw error
        }
        context.tell(.create, of: .secret, record.id, ["name": name])
        return record.id
    }

    /// Secrets by name; conditions are `id`, `name` and `label`, the values of each alternatives.
    package func list(
        _ conditions: [(key: String, value: String)]
    ) throws(Problem) -> [SecretSummary] {
        var tests: [String: [(SecretRecord) -> Bool]] = [:]
        for (key, value) in conditions {
            switch key {
            case "id": tests[key, default: []].append { $0.id.hasPrefix(value) }
            case "name":
                let pattern = NamePattern(value)
                tests[key, default: []].append { pattern.matches($0.name) }
            case "label":
                let label = LabelPattern(value)
                tests[key, default: []].append { label.matches($0.labels) }
            default:
                throw Problem(
                    kind: .invalid, what: "invalid filter '\(key)=\(value)'",
                    why: "there is no such filter", fix: "filters are id, label and name")
            }
        }
        let secrets = try context.database.read { database throws(Problem) in
            try database.secrets()
        }
        return secrets.filter { secret in
            tests.values.allSatisfy { $0.contains { $0(secret) } }
        }.map {
            SecretSummary(
                id: $0.id, name: $0.name, created: $0.created, updated: $0.updated,
                labels: $0.labels)
        }
    }

    /// A secret in the shape of `podman secret inspect`, without its content.
    package func inspect(_ name: String) throws(Problem) -> JSONValue {
        let secret = try context.database.read { database throws(Problem) in
            try database.secret(name)
        }
        return [
            "ID": .string(secret.id), "CreatedAt": .string(secret.created.rfc3339),
            "UpdatedAt": .string(secret.updated.rfc3339),
            "Spec": [
                "Name": .string(secret.name), "Driver": ["Name": "file", "Options": [:]],
                "Labels": .map(secret.labels),
            ],
        ]
    }

    /// Removes a secret that no container has.
    ///
    /// - Returns: its ID.
    /// - Throws: ``Problem`` of kind `conflict` while one has it, of kind `notFound` where there is
    ///   none.
    package func remove(_ name: String) throws(Problem) -> String {
        let secret = try context.database.write { database throws(Problem) in
            let secret = try database.secret(name)
            try database.delete(secret: secret)
            return secret
        }
        context.plan?.note(.delete(secret), by: .engine)
        try removeFile(of: secret)
        context.tell(.remove, of: .secret, secret.id, ["name": secret.name])
        return secret.id
    }

    private func removeFile(of secret: SecretRecord) throws(Problem) {
        let path = context.configuration.secret(secret.id)
        if let plan = context.plan { return plan.note(.removeFile(path), by: .engine) }
        do throws(SystemCallError) {
            try Link.remove(path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(what: "cannot remove secret \(secret.name)", refusal: error)
        }
    }

    private static func check(_ name: String) throws(Problem) {
        let isName =
            (1...253).contains(name.utf8.count)
            && !name.contains { "=/,\0".contains($0) || $0.isWhitespace }
        guard isName else {
            throw Problem(
                kind: .invalid, what: "cannot create secret \(name)",
                why: "secret name can not include '=', '/', ',', or the NULL ('\\0'), and be "
                    + "between 1 and 253 characters")
        }
    }
}
