import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// `kade-runtime ps`: prints a container's processes as `ps(1)` shows them.
enum PsCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.value("format", "f")], stopsAtOperand: true)
        try parsed.requireOperands(1...Int.max, of: "ps")
        let processes = try Ps.run(parsed.operands[0], in: global.root)
        switch parsed.value("format") ?? "table" {
        case "json": print("[\(processes.map(String.init).joined(separator: ","))]")
        case "table":
            try printTable(processes, options: Array(parsed.operands.dropFirst()))
        case let other:
            throw Problem(
                kind: .invalid, what: "invalid format option \"\(other)\"",
                why: "it is table or json")
        }
        return 0
    }

    /// Runs ps and prints its header and the rows of these processes.
    private static func printTable(_ processes: [CInt], options: [String]) throws(Problem) {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        guard case .found(let program) = lookUpProgram("ps", searchPath: path) else {
            throw Problem(
                kind: .unsupported, what: "cannot print a table of processes",
                why: "ps is not installed", fix: "install it (procps), or use --format json")
        }
        let result = try explaining("cannot run ps") { () throws(SystemCallError) in
            try ExternalProgram(
                path: program, arguments: ["ps"] + (options.isEmpty ? ["-ef"] : options),
                environment: ["PATH=\(path)"]
            ).run(input: [], timeoutInMilliseconds: nil, outputLimitInBytes: 16 << 20)
        }
        guard result.status == .exited(0) else {
            throw Problem(
                kind: .invalid, what: "ps failed", why: result.text,
                fix: "check its options: \(options.joined(separator: " "))")
        }
        let lines = result.text.split(separator: "\n")
        guard let header = lines.first,
            let column = header.split(separator: " ").firstIndex(of: "PID")
        else {
            throw Problem(
                kind: .invalid, what: "cannot find the processes",
                why: "couldn't find PID field in ps output",
                fix: "choose ps options that print the PID")
        }
        let wanted = Set(processes.map(String.init))
        print(header)
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ")
            if column < fields.count, wanted.contains(String(fields[column])) { print(line) }
        }
    }
}
