/// `RUN --mount`: files that a command sees and that do not become part of the image.
package struct RunMount: Sendable, Equatable {
    package var kind: Kind
    package var target: String

    /// What is mounted.
    package enum Kind: Sendable, Equatable {
        /// A directory of the build's context, of a stage or of an image; changes are dropped.
        case bind(from: String?, source: String, isReadOnly: Bool)
        /// A directory that stays from build to build.
        case cache(CacheMount)
        case tmpfs(sizeInBytes: Int64?)
        /// A file that the build's caller gives.
        case secret(SecretMount)
        /// The socket of an agent of SSH.
        case ssh(SecretMount)
    }

    /// `type=cache`.
    package struct CacheMount: Sendable, Equatable {
        package var id: String
        package var sharing: Sharing
        package var from: String?
        package var source: String
        package var isReadOnly: Bool
        package var mode: UInt32
        package var owner: UInt32
        package var group: UInt32

        /// What several builds at once do with it.
        package enum Sharing: String, Sendable {
            case shared, `private`, locked
        }
    }

    /// `type=secret` and `type=ssh`.
    package struct SecretMount: Sendable, Equatable {
        package var id: String
        /// The variable that holds it; a secret only.
        package var variable: String?
        /// Whether there is a file: not when only a variable was asked for.
        package var isFile: Bool
        package var isRequired: Bool
        package var mode: UInt32
        package var owner: UInt32
        package var group: UInt32
    }
}

extension RunMount {
    /// Reads what follows `--mount=`, expanded already.
    ///
    /// - Parameters:
    ///   - text: `type=cache,target=/root/.cache`.
    ///   - workingDirectory: what relative targets start from.
    /// - Throws: what is wrong with it.
    init(_ text: String, workingDirectory: String) throws(ShellMistake) {
        var fields = try MountFields(text)
        let type = fields.take("type") ?? "bind"
        let target = fields.take("target", "dst", "destination")
            .map { AbsolutePath.joined(workingDirectory, $0) }
        switch type {
        case "bind": kind = try Self.bind(&fields)
        case "cache": kind = try Self.cache(&fields, target: target)
        case "tmpfs": kind = try Self.tmpfs(&fields)
        case "secret", "ssh":
            self = try Self.secret(&fields, target: target, isSSH: type == "ssh")
            try fields.finish(type)
            return
        default: throw ShellMistake("unsupported mount type \"\(type)\"")
        }
        guard let target else { throw ShellMistake("mount of type \(type) needs a target") }
        guard target != "/" else { throw ShellMistake("cannot mount over the root: target=/") }
        self.target = target
        try fields.finish(type)
    }

    private static func bind(_ fields: inout MountFields) throws(ShellMistake) -> Kind {
        let isWritable = try fields.takeSwitch("rw", "readwrite") ?? false
        let isReadOnly = try fields.takeSwitch("ro", "readonly")
        return .bind(
            from: fields.take("from"), source: fields.take("source", "src") ?? "/",
            isReadOnly: isReadOnly ?? !isWritable)
    }

    private static func cache(
        _ fields: inout MountFields, target: String?
    ) throws(ShellMistake) -> Kind {
        let text = fields.take("sharing") ?? "shared"
        guard let sharing = CacheMount.Sharing(rawValue: text) else {
            throw ShellMistake("unsupported sharing value \"\(text)\": shared, private or locked")
        }
        let isWritable = try fields.takeSwitch("rw", "readwrite")
        let isReadOnly = try fields.takeSwitch("ro", "readonly")
        return .cache(
            CacheMount(
                id: fields.take("id") ?? target ?? "", sharing: sharing, from: fields.take("from"),
                source: fields.take("source", "src") ?? "/",
                isReadOnly: isReadOnly ?? isWritable.map { !$0 } ?? false,
                mode: try fields.takeMode() ?? 0o755, owner: try fields.takeNumber("uid") ?? 0,
                group: try fields.takeNumber("gid") ?? 0))
    }

    private static func tmpfs(_ fields: inout MountFields) throws(ShellMistake) -> Kind {
        guard let text = fields.take("size") else { return .tmpfs(sizeInBytes: nil) }
        guard let size = BinarySize.bytes(text) else {
            throw ShellMistake("invalid size \"\(text)\" of a tmpfs mount")
        }
        return .tmpfs(sizeInBytes: size)
    }

    private static func secret(
        _ fields: inout MountFields, target: String?, isSSH: Bool
    ) throws(ShellMistake) -> RunMount {
        let variable = isSSH ? nil : fields.take("env")
        let name = target.flatMap { $0.split(separator: "/").last.map(String.init) }
        let id = fields.take("id", "source") ?? (isSSH ? "default" : name ?? "")
        guard !id.isEmpty else { throw ShellMistake("a secret needs an id or a target") }
        let mount = SecretMount(
            id: id, variable: variable, isFile: target != nil || variable == nil,
            isRequired: try fields.takeSwitch("required") ?? false,
            mode: try fields.takeMode() ?? (isSSH ? 0o600 : 0o400),
            owner: try fields.takeNumber("uid") ?? 0, group: try fields.takeNumber("gid") ?? 0)
        let usual = isSSH ? "/run/buildkit/ssh_agent.0" : "/run/secrets/\(id)"
        return RunMount(kind: isSSH ? .ssh(mount) : .secret(mount), target: target ?? usual)
    }
}

/// The `name=value` fields of a mount.
private struct MountFields {
    private var fields: [(name: String, value: String?)] = []

    init(_ text: String) throws(ShellMistake) {
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields.append(
                (parts[0].lowercased(), parts.count > 1 ? String(parts[1]) : nil))
        }
    }

    mutating func take(_ names: String...) -> String? {
        let value = fields.last { names.contains($0.name) && $0.value != nil }?.value
        fields.removeAll { names.contains($0.name) && $0.value != nil }
        return value
    }

    mutating func takeSwitch(_ names: String...) throws(ShellMistake) -> Bool? {
        guard let field = fields.last(where: { names.contains($0.name) }) else { return nil }
        fields.removeAll { names.contains($0.name) }
        switch field.value?.lowercased() {
        case nil, "true", "1": return true
        case "false", "0": return false
        case let other?: throw ShellMistake("invalid value for \(field.name): \(other)")
        }
    }

    mutating func takeMode() throws(ShellMistake) -> UInt32? {
        guard let text = take("mode") else { return nil }
        guard let mode = UInt32(text, radix: 8), mode <= 0o7777 else {
            throw ShellMistake("invalid value \(text) for mode")
        }
        return mode
    }

    mutating func takeNumber(_ name: String) throws(ShellMistake) -> UInt32? {
        guard let text = take(name) else { return nil }
        guard let number = UInt32(text) else {
            throw ShellMistake("invalid value \(text) for \(name)")
        }
        return number
    }

    func finish(_ type: String) throws(ShellMistake) {
        guard let field = fields.first else { return }
        throw ShellMistake("unexpected key '\(field.name)' for mount type '\(type)'")
    }
}

/// Sizes with a binary unit: `64m`.
enum BinarySize {
    static func bytes(_ text: String) -> Int64? {
        var digits = Substring(text.lowercased())
        if digits.hasSuffix("ib") {
            digits.removeLast(2)
        } else if digits.hasSuffix("b") {
            digits.removeLast()
        }
        let shifts: [Character: Int64] = ["k": 10, "m": 20, "g": 30, "t": 40]
        let shift = digits.last.flatMap { shifts[$0] }
        if shift != nil { digits.removeLast() }
        guard let value = Int64(digits), value >= 0 else { return nil }
        let (result, isTooLarge) = value.multipliedReportingOverflow(by: 1 << (shift ?? 0))
        return isTooLarge ? nil : result
    }
}

/// Paths inside of an image, as text: `/` separates, `.` and `..` are resolved.
package enum AbsolutePath {
    /// A path from a directory on; an absolute one stays.
    package static func joined(_ directory: String, _ path: String) -> String {
        cleaned(path.hasPrefix("/") ? path : "\(directory)/\(path)")
    }

    /// The path without empty parts, `.` and `..`; it begins at the root.
    package static func cleaned(_ path: String) -> String {
        "/" + parts(path).joined(separator: "/")
    }

    /// The names of a path; `..` takes one back, and no further than the root.
    package static func parts(_ path: String) -> [String] {
        var parts: [String] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts
    }
}
