import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// `kade-runtime mounts`: mounts more into a container that runs, or takes mounts away, as crun does.
enum MountsCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        try parsed.requireOperands(3...3, of: "mounts")
        let (action, id) = (parsed.operands[0], parsed.operands[1])
        guard action == "add" || action == "remove" else {
            throw Problem(
                kind: .invalid, what: "no such command: mounts \(action)",
                why: "it is add or remove")
        }
        try SelfProtection.ensure(closingFrom: 3, keeping: [])
        let mounts = try read(parsed.operands[2])
        if action == "remove" {
            try MountChange.remove(mounts, from: id, in: global.root)
            return 0
        }
        for warning in try MountChange.add(mounts, to: id, in: global.root) {
            global.log.warn(warning)
        }
        return 0
    }

    /// The mounts in a file, or on standard input (`-`): a list, or an object that has it as `mounts`.
    private static func read(_ file: String) throws(Problem) -> [RuntimeSpec.Mount] {
        let bytes = try explaining("cannot read the mounts from \(file)") {
            () throws(SystemCallError) in
            file == "-"
                ? try OwnedFD(duplicating: 0).readAll() : try File.read(FilePath(file))
        }
        let name = file == "-" ? "standard input" : file
        guard let section = try JSONValue(json: bytes, named: name)["mounts"] else {
            return try [RuntimeSpec.Mount](json: bytes, named: name)
        }
        return try [RuntimeSpec.Mount](json: section.json(), named: "mounts of \(name)")
    }
}
