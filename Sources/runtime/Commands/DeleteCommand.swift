import ContainerRuntime
import Diagnostics
import SystemPackage

/// `kade-runtime delete`: removes what `create` made.
///
/// With `--force --bundle DIRECTORY` it removes the cgroup of a `create` from that bundle, too, which
/// was killed before its first state.
enum DeleteCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.flag("force", "f"), .value("bundle", "b")],
            stopsAtOperand: false)
        let bundle = parsed.value("bundle").map { FilePath($0) }
        let isForced = try parsed.has("force")
        guard isForced || bundle == nil else {
            throw Problem(
                kind: .invalid, what: "cannot use --bundle",
                why: "only --force removes what was never wholly made", fix: "add --force")
        }
        let warnings = try Delete.run(
            parsed.container(of: "delete"), in: global.root, isForced: isForced, bundle: bundle)
        for warning in warnings {
            global.log.warn("\(warning)" + (warning.fix.map { "; \($0)" } ?? ""))
        }
        return 0
    }
}
