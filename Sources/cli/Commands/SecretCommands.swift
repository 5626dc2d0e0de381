import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// `kade secret create`: makes a secret of a file, standard input or a variable.
struct CreateSecretCommand: Command {
    var labels: [Label] = []
    var isFromEnvironment = false
    var replaces = false
    var name = ""
    var source: String?

    static let canPlan = true

    static var grammar: Grammar<CreateSecretCommand> {
        Grammar(
            name: "create", synopsis: "[OPTIONS] SECRET [file|-]",
            summary: "Create a secret from a file or STDIN as content",
            discussion: "The content has 512,000 bytes at most. Only containers that ask for it"
                + " (kade run --secret) get it: in memory, and never in an image.",
            flags: [
                .list("label", "l", "list", "Secret labels", \.labels, LabelFlag.parse),
                .switch(
                    "env", nil, "Read the content from the environment variable of that name",
                    \.isFromEnvironment),
                .switch(
                    "replace", nil, "Replace a secret of the same name that no container has",
                    \.replaces),
                Flag.allowing("driver", "file", "Kade keeps secrets as files of its data root")
                    .called("d"),
                .unsupported(
                    "template-driver", nil, "string", why: "it is for the secrets of a swarm"),
            ], operands: .between(1, 2),
            assign: {
                $0.name = $1[0]
                $0.source = $1.count > 1 ? $1[1] : nil
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var map: [String: String] = [:]
        for label in labels { map[label.key] = label.value }
        let id = try session.engine().secrets.create(
            name, content: try content(in: session), labels: map, replaces: replaces)
        try session.output.writeLine(id)
        return .success
    }

    private func content(in session: Session) throws(Problem) -> [UInt8] {
        guard let source else {
            throw Problem(
                kind: .invalid, what: "cannot create secret \(name)", why: "it has no content",
                fix: "name a file, - for standard input, or with --env a variable")
        }
        guard !isFromEnvironment else {
            guard let value = session.environment[source] else {
                throw Problem(
                    kind: .invalid, what: "cannot create secret \(name)",
                    why: "no environment variable \(source) is set", fix: "export it first")
            }
            return Array(value.utf8)
        }
        let what = "cannot read the secret from \(source)"
        let file = try OperandFile.open(source, what: what)
        let bytes = try asking(what) { () throws(SystemCallError) in
            try file.readAll(upToBytes: SecretService.limitInBytes)
        }
        if let bytes { return bytes }
        throw Problem(
            kind: .invalid, what: "cannot create secret \(name)", why: "its content is too large",
            fix: "a secret has 1 to \(SecretService.limitInBytes) bytes")
    }
}

/// `kade secret ls`: lists secrets.
struct ListSecretsCommand: Command {
    var filters: [Label] = []
    var format: String?
    var isQuiet = false

    static var grammar: Grammar<ListSecretsCommand> {
        Grammar(
            name: "ls", synopsis: "[OPTIONS]", summary: "List secrets",
            flags: [
                .list(
                    "filter", "f", "filter", "Filter output based on conditions provided",
                    \.filters, FilterFlag.parse),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch("quiet", "q", "Only display IDs", \.isQuiet),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let secrets = try session.engine().secrets.list(filters.map { ($0.key, $0.value) })
        if isQuiet && format == nil {
            try session.output.write(secrets.map { "\($0.id)\n" }.joined())
            return .success
        }
        let now = Timestamp.now
        let titles: JSONObject = [
            "ID": "ID", "Name": "NAME", "Driver": "DRIVER", "CreatedAt": "CREATED",
            "UpdatedAt": "UPDATED", "Labels": "LABELS",
        ]
        let listing = Listing(
            columns: ["ID", "Name", "Driver", "CreatedAt", "UpdatedAt"].map {
                .init(member: $0, title: titles[$0]?.string ?? "")
            }, titles: titles,
            rows: secrets.map { secret in
                let labels = secret.labels.sorted { $0.key < $1.key }
                return [
                    "ID": .string(secret.id), "Name": .string(secret.name), "Driver": "file",
                    "CreatedAt": .string(HumanUnits.ago(secret.created, now: now)),
                    "UpdatedAt": .string(HumanUnits.ago(secret.updated, now: now)),
                    "Labels": .string(
                        labels.map { "\($0.key)=\($0.value)" }.joined(separator: ",")),
                ]
            })
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }
}

/// `kade secret inspect`.
struct InspectSecretCommand: Command {
    var format: String?
    var isPretty = false
    var names: [String] = []

    static var grammar: Grammar<InspectSecretCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] SECRET [SECRET...]",
            summary: "Display detailed information on one or more secrets",
            discussion: "The content is never shown.",
            flags: [
                .text(
                    "format", "f", "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format),
                .switch(
                    "pretty", nil, "Print the information in a human friendly format", \.isPretty),
            ], operands: .atLeast(1), operandKind: .secrets, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard !isPretty || format == nil else {
            throw Problem(
                kind: .invalid, what: "conflicting options", why: "--pretty and --format",
                fix: "use one of them")
        }
        let secrets = try session.engine().secrets
        guard !isPretty else {
            return try OperandLoop.run(names, in: session) { name throws(Problem) in
                Self.text(of: try secrets.inspect(name))
            }
        }
        return try InspectFlags(format: format, names: names).run(in: session) {
            name throws(Problem) in try secrets.inspect(name)
        }
    }

    /// A secret as Docker's `--pretty` shows it.
    static func text(of secret: JSONValue) -> String {
        // Go's form of a moment.
        func time(_ member: String) -> String {
            let text = secret[member]?.string ?? ""
            return text.hasSuffix("Z")
                ? String(text.dropLast().map { $0 == "T" ? " " : $0 }) + " +0000 UTC" : text
        }
        let spec = secret["Spec"]
        let labels = spec?["Labels"]?.object?.members ?? []
        var lines = [
            "ID:                \(secret["ID"]?.string ?? "")",
            "Name:              \(spec?["Name"]?.string ?? "")",
        ]
        if !labels.isEmpty { lines.append("Labels:") }
        for label in labels.sorted(by: { $0.name < $1.name }) {
            let value = label.value.string ?? ""
            lines.append(" - \(label.name)\(value.isEmpty ? "" : "=\(value)")")
        }
        lines += [
            "Driver:            \(spec?["Driver"]?["Name"]?.string ?? "")",
            "Created at:        \(time("CreatedAt"))", "Updated at:        \(time("UpdatedAt"))",
        ]
        return lines.joined(separator: "\n")
    }
}

/// `kade secret rm`: removes secrets that no container has.
struct RemoveSecretCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveSecretCommand> {
        Grammar(
            name: "rm", synopsis: "SECRET [SECRET...]", summary: "Remove one or more secrets",
            operands: .atLeast(1), operandKind: .secrets, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let secrets = try session.engine().secrets
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try secrets.remove(name)
        }
    }
}
