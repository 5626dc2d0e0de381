import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Where errors and warnings go: standard error, and the file of `--log` in text or JSON as logrus
/// writes it, which engines read.
struct ProgramLog {
    var path: FilePath?
    var isJSON = false
    /// Whether the cause underneath is told (`--debug`).
    var isDetailed = false

    func write(_ problem: Problem) {
        var text = "\(problem)"
        if isDetailed, let cause = problem.cause { text += " (\(cause))" }
        var shown = "kade-runtime: \(text)\n"
        if let fix = problem.fix { shown += "  fix: \(fix)\n" }
        printError(shown)
        append(level: "error", text, fix: problem.fix)
    }

    /// Warnings go to the file alone where there is one: standard error may be the container's.
    func warn(_ text: String) {
        guard path == nil else { return append(level: "warning", text, fix: nil) }
        printError("kade-runtime: warning: \(text)\n")
    }

    private func append(level: String, _ text: String, fix: String?) {
        guard let path else { return }
        do throws(SystemCallError) {
            try OwnedFD.open(path, [.writeOnly, .create, .append], permissions: .ownerReadWrite)
                .writeAll(line(level: level, text, fix: fix))
        } catch {
            printError("kade-runtime: cannot write to the log: \(error)\n")
        }
    }

    /// A line; logrus has further members beside its own three, too.
    private func line(level: String, _ text: String, fix: String?) -> [UInt8] {
        var json = JSONWriter(.compact)
        if isJSON {
            json.beginObject()
            json.member("level", level)
            json.member("msg", text)
            json.member("time", currentTimestamp())
            if let fix { json.member("fix", fix) }
            json.endObject()
            return json.bytes + [UInt8(ascii: "\n")]
        }
        json.write(text)
        let quoted = String(decoding: json.bytes, as: UTF8.self)
        return Array("time=\"\(currentTimestamp())\" level=\(level) msg=\(quoted)\n".utf8)
    }

    private func printError(_ text: String) {
        _ = text.withCString { Glibc.write(2, $0, strlen($0)) }  // no one is left to be told
    }
}
