import Diagnostics
import Linux
import OCI

/// Users and groups: the numbers inside, and what they are on the machine.
extension ContainerExplainer {
    func userLines() throws(Problem) -> [ExplainedLine] {
        [try map("uid_map"), try map("gid_map")] + [user, group, groups]
    }

    private func map(_ file: String) throws(Problem) -> ExplainedLine {
        let mappings =
            file == "uid_map" ? spec.linux?.uidMappings ?? [] : spec.linux?.gidMappings ?? []
        let declared = mappings.map { "\($0.containerID) \($0.hostID) \($0.size)" }
        let text = try process.map { process throws(Problem) in
            try Self.text(of: process.pid, file)
        }
        let kind = file == "uid_map" ? "users" : "groups"
        return ExplainedLine(
            file, declared: declared.isEmpty ? nil : declared.joined(separator: "; "),
            effective: text.map(IDMapText.words),
            why: "the \(kind) that it has, and who they are for whoever looks from outside",
            origin: try mapOrigin(of: file),
            command: process?.show(file) ?? "unshare --user --map-\(kind)=INSIDE:OUTSIDE:COUNT")
    }

    private func mapOrigin(of file: String) throws(Problem) -> String {
        if request.namespaces.userMaps != nil { return "--userns \(request.namespaces.user)" }
        return try context.isRootless()
            ? "always for ordinary users (/etc/sub\(file.prefix(3)))"
            : "default (no user namespace of its own)"
    }

    private var user: ExplainedLine {
        ExplainedLine(
            "user", declared: "\(spec.process?.user.uid ?? 0)",
            effective: process?.details["Uid"].map { words("real, effective, saved, files'", $0) },
            why: "who its program runs as; files that it makes belong to it",
            origin: userOrigin,
            command: process.map { "grep Uid /proc/\($0.pid)/status" }
                ?? "setpriv --reuid \(spec.process?.user.uid ?? 0)"
        ).drawn(as: nil, brief: process?.details.numbers("Uid").dropFirst().first.map { "\($0)" })
    }

    private var group: ExplainedLine {
        ExplainedLine(
            "group", declared: "\(spec.process?.user.gid ?? 0)",
            effective: process?.details["Gid"].map { words("real, effective, saved, files'", $0) },
            why: "the group that it runs as, and that its files get", origin: userOrigin,
            command: process.map { "grep Gid /proc/\($0.pid)/status" }
                ?? "setpriv --regid \(spec.process?.user.gid ?? 0)"
        ).drawn(as: nil, brief: process?.details.numbers("Gid").dropFirst().first.map { "\($0)" })
    }

    private var groups: ExplainedLine {
        let declared = (spec.process?.user.additionalGids ?? []).map { "\($0)" }
        return ExplainedLine(
            "groups", declared: declared.isEmpty ? "none" : declared.joined(separator: " "),
            effective: process.map { process in
                let numbers = process.details.numbers("Groups")
                return numbers.isEmpty
                    ? "none" : numbers.map { "\($0)" }.joined(separator: " ")
            },
            why: "further groups whose files it may use",
            origin: request.process.additionalGroups.isEmpty
                ? "image file /etc/group"
                : request.process.additionalGroups.map { "--group-add \($0)" }
                    .joined(separator: " "),
            command: process.map { "grep Groups /proc/\($0.pid)/status" }
                ?? "setpriv --groups \(declared.joined(separator: ","))")
    }

    private func words(_ names: String, _ value: String) -> String {
        value.split { $0 == "\t" || $0 == " " }.joined(separator: " ") + " (\(names))"
    }

    private var userOrigin: String {
        guard let user = request.process.user, !user.isEmpty else { return "default (root)" }
        return user == image?.user ? "image field User: \(user)" : "--user \(user)"
    }
}

/// The lines of `uid_map` and `gid_map` in words (user_namespaces(7)).
enum IDMapText {
    static func words(_ text: String) -> String {
        let lines = text.split(separator: "\n").compactMap { line -> String? in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 3 else { return nil }
            let (inside, outside, count) = (numbers[0], numbers[1], numbers[2])
            if inside == 0, outside == 0, count == UInt64(UInt32.max) {
                return "0 0 \(count) (everybody is who they are on the machine)"
            }
            if count == 1 { return "\(inside) \(outside) 1 (\(inside) is \(outside) outside)" }
            let ends = (inside + max(count, 1) - 1, outside + max(count, 1) - 1)
            return "\(inside) \(outside) \(count) (\(inside) to \(ends.0) are "
                + "\(outside) to \(ends.1) outside)"
        }
        return lines.isEmpty ? "nobody" : lines.joined(separator: "; ")
    }
}
