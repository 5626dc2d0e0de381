import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI

/// `kade-runtime info`: what this machine offers to containers.
enum InfoCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.value("format", "f")], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "info")
        let report = try HostReport(
            version: "kade-runtime \(RuntimeVersion.own), runtime-spec \(RuntimeVersion.spec)",
            searchPath: searchPath)
        switch parsed.value("format") ?? "text" {
        case "text": print(text(of: report), terminator: "")
        case "json":
            var object = JSONObject()
            for entry in report.entries {
                object.append(entry.name, .array(entry.values.map { .string($0) }))
            }
            print(
                String(decoding: JSONValue.object(object).json(.indented(spaces: 2)), as: UTF8.self)
            )
        case let other:
            throw Problem(
                kind: .invalid, what: "invalid format option \"\(other)\"",
                why: "it is text or json")
        }
        return 0
    }

    private static var searchPath: String {
        getenv("PATH").map { String(cString: $0) }
            ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    }

    /// A line for each value, and the subject before the first one.
    private static func text(of report: HostReport) -> String {
        let width = (report.entries.map(\.name.utf8.count).max() ?? 0) + 3
        var text = ""
        for entry in report.entries {
            let isList = entry.values.allSatisfy { value in !value.utf8.contains(0x20) }
            let values = isList ? [entry.values.joined(separator: " ")] : entry.values
            for (index, value) in values.enumerated() {
                let name = index == 0 ? entry.name : ""
                text += name + String(repeating: " ", count: width - name.utf8.count) + value + "\n"
            }
        }
        return text
    }
}
