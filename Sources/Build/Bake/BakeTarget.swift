package import Diagnostics
package import OCI

/// A target of a bake file: what one `kade build` is to do.
package struct BakeTarget: Sendable, Equatable {
    package let name: String
    /// Its attributes by their names in the file.
    package var attributes: JSONObject

    /// Those whose members count one by one where two targets are merged.
    static let maps = ["args", "labels", "contexts"]
    private static let prefix = "target:"

    /// Attributes on top of others.
    static func merged(_ base: JSONObject, with top: JSONObject) -> JSONObject {
        var all = base
        for member in top.members {
            guard maps.contains(member.name), var map = all[member.name]?.object,
                let more = member.value.object
            else {
                if member.name == "annotations", let before = all[member.name]?.array,
                    let more = member.value.array
                {
                    all[member.name] = .array(before + more)
                } else {
                    all[member.name] = member.value
                }
                continue
            }
            for entry in more.members { map[entry.name] = entry.value }
            all[member.name] = .object(map)
        }
        return all
    }

    /// A list of texts; a text alone is a list of one.
    static func texts(_ value: JSONValue) -> [String]? {
        if let text = HCLValue.text(value) { return [text] }
        guard let elements = value.array else { return value.isNull ? [] : nil }
        let texts = elements.compactMap(HCLValue.text)
        return texts.count == elements.count ? texts : nil
    }

    /// The targets whose images it uses as contexts.
    package var bases: [String] {
        (attributes["contexts"]?.object?.members ?? []).compactMap { Self.base(of: $0.value) }
    }

    private static func base(of value: JSONValue) -> String? {
        guard let text = value.string, text.hasPrefix(prefix) else { return nil }
        return String(text.dropFirst(prefix.count))
    }

    /// The text that stands for a file of its own in the place of a Dockerfile.
    package var inlineDockerfile: String? { attributes["dockerfile-inline"]?.string }

    /// The arguments of `kade build`.
    ///
    /// - Parameters:
    ///   - inlineFile: where ``inlineDockerfile`` has been written.
    ///   - contexts: what `--build-context` has of the targets that it is based on, by their names.
    /// - Returns: what follows `build`.
    /// - Throws: `.invalid` for an attribute of the wrong kind; `.unsupported` for one that Kade does
    ///   not know.
    package func arguments(
        inlineFile: String?, contexts: [String: String]
    ) throws(Problem) -> [String] {
        var arguments: [String] = []
        var context = "."
        for member in attributes.members.sorted(by: { $0.name < $1.name }) {
            guard !member.value.isNull else { continue }
            switch member.name {
            case "context": context = try text(member)
            case "dockerfile", "dockerfile-inline", "description": break
            case "args": arguments += try pairs(member, flag: "build-arg")
            case "labels": arguments += try pairs(member, flag: "label")
            case "contexts":
                for entry in try object(member).members {
                    var source = HCLValue.text(entry.value) ?? ""
                    if let base = Self.base(of: entry.value) {
                        guard let made = contexts[base] else {
                            throw mistake("\(base) makes no image for the context \(entry.name)")
                        }
                        source = made
                    }
                    arguments.append("--build-context=\(entry.name)=\(source)")
                }
            default: arguments += try flags(member)
            }
        }
        if let inlineFile {
            arguments.append("--file=\(inlineFile)")
        } else if let file = attributes["dockerfile"], !file.isNull {
            let path = try text(.init("dockerfile", file))
            let isElsewhere = path.hasPrefix("/") || context.contains("://") || context == "."
            arguments.append("--file=\(isElsewhere ? path : "\(context)/\(path)")")
        }
        return arguments + ["--", context]
    }

    private func flags(_ member: JSONObject.Member) throws(Problem) -> [String] {
        switch member.name {
        case "target", "network", "shm-size", "call":
            return ["--\(member.name)=\(try text(member))"]
        case "no-cache": return ["--no-cache=\(try bool(member))"]
        case "pull": return try bool(member) ? ["--pull"] : []
        case "platforms":
            return ["--platform=\(try list(member).joined(separator: ","))"]
        case "no-cache-filter":
            return ["--no-cache-filter=\(try list(member).joined(separator: ","))"]
        case "extra-hosts": return try pairs(member, flag: "add-host")
        default: break
        }
        let lists = [
            "tags": "tag", "cache-from": "cache-from", "cache-to": "cache-to",
            "secret": "secret", "ssh": "ssh", "attest": "attest", "annotations": "annotation",
            "entitlements": "allow", "ulimits": "ulimit", "output": "output",
        ]
        guard let flag = lists[member.name] else {
            throw Problem(
                kind: .unsupported, what: "cannot bake \(name)",
                why: "this version of Kade has no attribute \(member.name)")
        }
        return try list(member).map { "--\(flag)=\($0)" }
    }

    private func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot bake \(name)", why: why)
    }

    private func text(_ member: JSONObject.Member) throws(Problem) -> String {
        guard let text = HCLValue.text(member.value) else {
            throw mistake("\(member.name) is \(HCLValue.kind(member.value)) and no text")
        }
        return text
    }

    private func bool(_ member: JSONObject.Member) throws(Problem) -> Bool {
        guard let bool = HCLValue.bool(member.value) else {
            throw mistake("\(member.name) is neither true nor false")
        }
        return bool
    }

    private func object(_ member: JSONObject.Member) throws(Problem) -> JSONObject {
        guard let object = member.value.object else { throw mistake("\(member.name) is no object") }
        return object
    }

    /// Texts, or objects in the place of `name=value,name=value`.
    private func list(_ member: JSONObject.Member) throws(Problem) -> [String] {
        let elements = member.value.array ?? [member.value]
        return try elements.map { element throws(Problem) in
            if let text = HCLValue.text(element) { return text }
            guard let fields = element.object?.members, !fields.isEmpty else {
                throw mistake("\(member.name) has \(HCLValue.kind(element)) in it")
            }
            return fields.compactMap { field in
                HCLValue.text(field.value).map { "\(field.name)=\($0)" }
            }.joined(separator: ",")
        }
    }

    /// `--FLAG=NAME=VALUE`; null takes the value from the environment.
    private func pairs(
        _ member: JSONObject.Member, flag: String
    ) throws(Problem) -> [String] {
        try object(member).members.map { entry throws(Problem) in
            if entry.value.isNull { return "--\(flag)=\(entry.name)" }
            return "--\(flag)=\(entry.name)=\(try text(.init(entry.name, entry.value)))"
        }
    }
}
