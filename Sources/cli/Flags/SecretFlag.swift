import Engine

/// `--secret NAME[,type=mount|env,target=…,uid=…,gid=…,mode=…]`, as Podman has it.
enum SecretFlag {
    static func parse(_ text: String) throws(InvalidValue) -> SecretRequest {
        var fields = SecretFields()
        for (index, field) in try CommaSeparatedLine.fields(of: text).enumerated() {
            try fields.read(field, isFirst: index == 0)
        }
        return try fields.request(text)
    }
}

/// The fields of a `--secret`, as far as they have been read.
private struct SecretFields {
    var secret = ""
    var type = "mount"
    var target: String?
    var user: UInt32?
    var group: UInt32?
    var mode: UInt32?

    mutating func read(_ field: String, isFirst: Bool) throws(InvalidValue) {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            guard isFirst else { throw InvalidValue("option '\(field)' is no NAME=VALUE") }
            secret = field
            return
        }
        let value = String(parts[1])
        switch parts[0] {
        case "source", "src": secret = value
        case "type":
            guard value == "mount" || value == "env" else {
                throw InvalidValue("type '\(value)' is invalid", fix: "mount or env")
            }
            type = value
        case "target": target = value
        case "uid": user = try number(value, radix: 10, field)
        case "gid": group = try number(value, radix: 10, field)
        case "mode": mode = try number(value, radix: 8, field)
        default: throw InvalidValue("option '\(field)' is unknown")
        }
    }

    private func number(
        _ value: String, radix: Int, _ field: String
    ) throws(InvalidValue) -> UInt32 {
        guard let number = UInt32(value, radix: radix), radix == 10 || number <= 0o7777 else {
            throw InvalidValue("'\(field)' has no number", fix: "mode is octal, as 0400")
        }
        return number
    }

    func request(_ text: String) throws(InvalidValue) -> SecretRequest {
        guard !secret.isEmpty else { throw InvalidValue("no secret name is given in '\(text)'") }
        if let target, target.isEmpty { throw InvalidValue("target is empty in '\(text)'") }
        guard type == "mount" else {
            guard user == nil, group == nil, mode == nil else {
                throw InvalidValue("UID, GID, Mode options cannot be set with secret type env")
            }
            let name = target ?? secret
            guard !name.contains("=") else { throw InvalidValue("'\(name)' is no variable") }
            return SecretRequest(secret: secret, use: .variable(name: name))
        }
        let place = target ?? secret
        let path = place.hasPrefix("/") ? place : "/run/secrets/\(place)"
        try MountTarget.check(path)
        return SecretRequest(
            secret: secret,
            use: .file(target: path, user: user ?? 0, group: group ?? 0, mode: mode ?? 0o444))
    }
}
