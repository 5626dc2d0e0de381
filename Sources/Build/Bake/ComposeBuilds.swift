import Diagnostics
import OCI

/// The `build` sections of a compose file as targets of a bake (compose-spec, build.md).
struct ComposeBuilds {
    private let name: String
    private let services: JSONObject
    private let secrets: JSONObject

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - text: YAML.
    ///   - name: the file, for errors.
    ///   - environment: the values of variables.
    /// - Throws: `.invalid` for a mistake; `.unsupported` for what Kade does not know of a build.
    init(
        _ text: [UInt8], named name: String, environment: [String: String]
    ) throws(Problem) {
        self.name = name
        let yaml = try YAMLText.parse(String(decoding: text, as: UTF8.self), named: name)
        let root = try ComposeText(named: name, environment: environment).filled(yaml)
        if root["include"] != nil {
            throw Problem(
                kind: .unsupported, what: "cannot use \(name)",
                why: "this version of Kade does not follow include",
                fix: "name the files: kade bake -f \(name) -f FILE")
        }
        services = try Self.mapping("services", of: root, name)
        secrets = try Self.mapping("secrets", of: root, name)
    }

    /// A member of the file that is a mapping; empty where there is none.
    private static func mapping(
        _ member: String, of root: JSONValue, _ name: String
    ) throws(Problem) -> JSONObject {
        guard let value = root[member], !value.isNull else { return JSONObject() }
        guard let object = value.object else {
            throw Problem(
                kind: .invalid, what: "cannot use \(name)", why: "its \(member) are no mapping")
        }
        return object
    }

    /// A target for each service that is built, and the group `default` of all.
    func body() throws(Problem) -> HCLBody {
        var body = HCLBody()
        var names: [JSONValue] = []
        for service in services.members {
            guard let attributes = try read(service.name, depth: 0).target else { continue }
            var inside = HCLBody()
            for member in attributes.members {
                inside.attributes[member.name] = .literal(member.value)
            }
            let label = Self.targetName(service.name)
            body.blocks.append(HCLBlock(type: "target", label: label, body: inside))
            names.append(.string(label))
        }
        guard !names.isEmpty else { return body }
        var group = HCLBody()
        group.attributes["targets"] = .literal(.array(names))
        body.blocks.append(HCLBlock(type: "group", label: "default", body: group))
        return body
    }

    /// As Docker's bake calls it: in the names of targets there is no dot.
    private static func targetName(_ service: String) -> String {
        String(service.map { $0 == "." ? "_" : $0 })
    }

    private func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot use \(name)", why: why)
    }

    private func unknown(_ what: String, of service: String) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot bake \(service) of \(name)",
            why: "this version of Kade has no \(what)")
    }

    /// A service, with what it takes over from the one that it extends.
    private struct Service {
        /// What its build says; nil where it has none.
        var build: JSONObject?
        var image: String?
        var platform: String?

        /// What its build comes to: it makes the service's image, for the service's platform.
        var target: JSONObject? {
            guard var target = build else { return nil }
            if let image, target["tags"]?.array?.isEmpty ?? true {
                target["tags"] = .array([.string(image)])
            }
            if let platform, target["platforms"] == nil {
                target["platforms"] = .array([.string(platform)])
            }
            return target
        }
    }

    private func read(_ service: String, depth: Int) throws(Problem) -> Service {
        guard depth < 20 else { throw mistake("\(service) extends itself") }
        guard let text = services[service], let members = text.object else {
            throw mistake("it has no service \(service)")
        }
        var found = try base(of: service, members, depth: depth)
        switch members["build"] {
        case nil, .null?: break
        case .string(let context)?:
            found.build = found.build ?? JSONObject()
            found.build?["context"] = .string(context)
        case .object(let build)?:
            found.build = BakeTarget.merged(
                found.build ?? JSONObject(), with: try read(build, of: service))
        default: throw mistake("the build of \(service) is neither a directory nor an object")
        }
        found.image = members["image"]?.text ?? found.image
        found.platform = members["platform"]?.text ?? found.platform
        return found
    }

    /// What the service is built like that another one extends.
    private func base(
        of service: String, _ members: JSONObject, depth: Int
    ) throws(Problem) -> Service {
        guard let extends = members["extends"], !extends.isNull else { return Service() }
        guard extends["file"] == nil else {
            throw Problem(
                kind: .unsupported, what: "cannot bake \(service) of \(name)",
                why: "this version of Kade does not follow extends into other files",
                fix: "name both files: kade bake -f FILE -f \(name)")
        }
        guard let base = extends.string ?? extends["service"]?.string else {
            throw mistake("\(service) extends nothing")
        }
        return try read(base, depth: depth + 1)
    }

    private func read(
        _ build: JSONObject, of service: String
    ) throws(Problem) -> JSONObject {
        var attributes = JSONObject()
        for member in build.members where !member.value.isNull {
            switch member.name {
            case "context", "dockerfile", "target", "network", "pull", "platforms", "tags",
                "ulimits", "entitlements", "ssh":
                attributes[member.name] = try plain(member, of: service)
            case "dockerfile_inline", "cache_from", "cache_to", "no_cache", "no_cache_filter",
                "shm_size":
                attributes[String(member.name.map { $0 == "_" ? "-" : $0 })] = member.value
            case "args", "labels": attributes[member.name] = try pairs(member, of: service)
            case "extra_hosts": attributes["extra-hosts"] = try hosts(member, of: service)
            case "additional_contexts": attributes["contexts"] = try contexts(member, of: service)
            case "secrets": attributes["secret"] = try secretFlags(member, of: service)
            case "provenance", "sbom": try attest(member, of: service, &attributes)
            case "privileged" where member.value.bool == false: continue
            case "x-bake": attributes = BakeTarget.merged(attributes, with: try own(member))
            case let name where name.hasPrefix("x-"): continue
            default: throw unknown("build.\(member.name)", of: service)
            }
        }
        return attributes
    }

    /// A value that a bake has in the same words; objects become lists.
    private func plain(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> JSONValue {
        guard let object = member.value.object else { return member.value }
        switch member.name {
        case "ulimits":
            return .array(
                try object.members.map { limit throws(Problem) in
                    let soft = (limit.value["soft"] ?? limit.value).text
                    let hard = (limit.value["hard"] ?? limit.value["soft"] ?? limit.value).text
                    guard let soft, let hard else {
                        throw mistake("the limit \(limit.name) of \(service) is none")
                    }
                    return .string("\(limit.name)=\(soft):\(hard)")
                })
        case "ssh":
            return .array(object.members.map { .string("\($0.name)=\($0.value.text ?? "")") })
        default: throw mistake("build.\(member.name) of \(service) is an object")
        }
    }

    /// `NAME: value`, or a list of `NAME=value`, of which a name alone is the environment's.
    private func pairs(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> JSONValue {
        if let object = member.value.object { return .object(object) }
        var pairs = JSONObject()
        for text in try texts(member, of: service) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            pairs[String(parts[0])] = parts.count > 1 ? .string(String(parts[1])) : .null
        }
        return .object(pairs)
    }

    /// The texts of a list.
    private func texts(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> [String] {
        try elements(member, of: service).map { element throws(Problem) in
            guard let text = element.text else {
                throw mistake("build.\(member.name) of \(service) has what is no text")
            }
            return text
        }
    }

    private func elements(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> [JSONValue] {
        guard let elements = member.value.array else {
            throw mistake("build.\(member.name) of \(service) is no list")
        }
        return elements
    }

    private func hosts(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> JSONValue {
        if let object = member.value.object { return .object(object) }
        var hosts = JSONObject()
        for text in try texts(member, of: service) {
            let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) {
                $0 == "=" || $0 == ":"
            }
            guard parts.count == 2 else {
                throw mistake("the host '\(text)' of \(service) has no address")
            }
            hosts[String(parts[0])] = .string(String(parts[1]))
        }
        return .object(hosts)
    }

    /// Other contexts: of `service:NAME` it is what is built of another service.
    private func contexts(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> JSONValue {
        var contexts = JSONObject()
        for entry in try pairs(member, of: service).object?.members ?? [] {
            let prefix = "service:"
            guard let text = entry.value.text, text.hasPrefix(prefix) else {
                contexts[entry.name] = entry.value
                continue
            }
            let other = Self.targetName(String(text.dropFirst(prefix.count)))
            contexts[entry.name] = .string("target:\(other)")
        }
        return .object(contexts)
    }

    private func secretFlags(
        _ member: JSONObject.Member, of service: String
    ) throws(Problem) -> JSONValue {
        .array(
            try elements(member, of: service).map { element throws(Problem) in
                guard let source = element.string ?? element["source"]?.string,
                    let secret = secrets[source]
                else { throw mistake("\(service) has a secret that the file does not define") }
                let id = element["target"]?.string ?? source
                if let file = secret["file"]?.string { return .string("id=\(id),src=\(file)") }
                guard let variable = secret["environment"]?.string else {
                    throw unknown("secret like \(source), without file or environment", of: service)
                }
                return .string("id=\(id),env=\(variable)")
            })
    }

    private func attest(
        _ member: JSONObject.Member, of service: String, _ attributes: inout JSONObject
    ) throws(Problem) {
        guard let text = member.value.text else {
            throw mistake("build.\(member.name) of \(service) is no text")
        }
        guard text != "false" else { return }
        let mode = text == "true" || member.name == "sbom" ? "" : ",\(text)"
        let before = attributes["attest"]?.array ?? []
        attributes["attest"] = .array(before + [.string("type=\(member.name)\(mode)")])
    }

    /// `x-bake`: attributes of a bake in its own words.
    private func own(_ member: JSONObject.Member) throws(Problem) -> JSONObject {
        guard let object = member.value.object else { throw mistake("x-bake is no object") }
        return object
    }
}

extension JSONValue {
    fileprivate var text: String? { HCLValue.text(self) }
}
