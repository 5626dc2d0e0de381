import ContainerRuntime
import Diagnostics
import OCI

extension SeccompProfile {
    /// Reads a profile as `--security-opt seccomp=FILE` takes it.
    ///
    /// - Parameters:
    ///   - text: the profile's JSON.
    ///   - name: what the text is, for errors.
    /// - Returns: the profile; nil for one with neither a default action nor rules.
    /// - Throws: `.invalid` for what is no profile.
    static func read(_ text: String, named name: String) throws(Problem) -> SeccompProfile? {
        let value = try JSONValue(json: Array(text.utf8), named: name)
        guard let object = value.object else { throw problem(name, "it is not an object") }
        let hasRules = object["syscalls"]?.array?.isEmpty == false
        if !hasRules, object["defaultAction"]?.string?.isEmpty ?? true { return nil }
        return try SeccompProfile(reading: object, named: name)
    }

    private init(reading object: JSONObject, named name: String) throws(Problem) {
        var object = object
        architectures = try Self.families(object["archMap"], name)
        object["archMap"] = nil
        let rules = object["syscalls"]?.array ?? []
        object["syscalls"] = nil
        base = try RuntimeSpec.Seccomp(json: JSONValue.object(object).json(), named: name)
        guard base.architectures.isEmpty || architectures.isEmpty else {
            throw Self.problem(name, "it has both \"architectures\" and \"archMap\"")
        }
        // "comment" and the like mean nothing to the runtime.
        base.unknownFields = JSONObject()
        self.rules = []
        for (index, rule) in rules.enumerated() {
            self.rules.append(try Rule(reading: rule, named: "syscalls[\(index)] of \(name)"))
        }
    }

    private static func families(
        _ value: JSONValue?, _ name: String
    ) throws(Problem) -> [Family] {
        var families: [Family] = []
        for entry in value?.array ?? [] {
            let what = "archMap of \(name)"
            let native = try RuntimeSpec.Seccomp.Architecture(
                json: (entry["architecture"] ?? .null).json(), named: what)
            let others = try [RuntimeSpec.Seccomp.Architecture](
                json: (entry["subArchitectures"] ?? .null).json(), named: what)
            families.append(Family(native: native, others: others))
        }
        return families
    }

    fileprivate static func problem(_ name: String, _ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot use \(name)", why: why)
    }
}

extension SeccompProfile.Rule {
    fileprivate init(reading value: JSONValue, named name: String) throws(Problem) {
        guard var object = value.object else {
            throw SeccompProfile.problem(name, "it is not an object")
        }
        if let single = object["name"], single != "" {
            guard object["names"]?.array?.isEmpty ?? true else {
                throw SeccompProfile.problem(name, "it has both \"name\" and \"names\"")
            }
            object["names"] = .array([single])
        }
        includes = try SeccompProfile.Condition(reading: object["includes"], named: name)
        excludes = try SeccompProfile.Condition(reading: object["excludes"], named: name)
        rule = try RuntimeSpec.Seccomp.Rule(json: JSONValue.object(object).json(), named: name)
        rule.unknownFields = JSONObject()
    }
}

extension SeccompProfile.Condition {
    fileprivate init(reading value: JSONValue?, named name: String) throws(Problem) {
        guard let value, !value.isNull else { return }
        capabilities = try [String](json: (value["caps"] ?? .null).json(), named: name)
        architectures = try [String](json: (value["arches"] ?? .null).json(), named: name)
        guard let version = value["minKernel"], version != "" else { return }
        let parts = (version.string ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]),
            major > 0 || minor > 0
        else {
            throw SeccompProfile.problem(
                name, "minKernel is \(version.jsonString()), needs \"MAJOR.MINOR\"")
        }
        kernel = KernelVersion(major: major, minor: minor)
    }
}
