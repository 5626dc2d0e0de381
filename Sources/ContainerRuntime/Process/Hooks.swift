package import Diagnostics
import Glibc
import Linux
package import OCI
import SystemPackage

/// A program of the bundle's author at a point of the container's life: `hooks` (runtime-spec,
/// config.md § POSIX-platform Hooks).
///
/// It reads the container's state from standard input, has exactly the environment that it names,
/// and an exit code other than 0 fails the operation.
package struct RunHook: SetupStep {
    /// Which list of hooks it stands in.
    package let kind: HookKind
    package let hook: RuntimeSpec.Hook
    /// What the hook reads from standard input, except for the process identifier.
    package let state: ContainerState

    package var explanation: Explanation {
        let arguments = hook.args.isEmpty ? [hook.path] : [hook.path] + hook.args.dropFirst()
        return Explanation(
            shell: "\(arguments.joined(separator: " ")) < state.json",
            why: "the bundle wants this program to run: \(kind.moment)",
            spec: "hooks.\(kind.rawValue)")
    }

    package func run(in context: inout SetupContext) throws(Problem) {
        var state = state
        state.processID = context.initProcessID ?? getpid()
        // Who watches a hook that hangs may want to end it.
        try run(with: state, endsWithCaller: context.stepTeller != nil)
    }

    /// Runs the hook outside of a plan: `poststart`, `poststop`.
    package func run(with state: ContainerState) throws(Problem) {
        try run(with: state, endsWithCaller: false)
    }

    private func run(with state: ContainerState, endsWithCaller: Bool) throws(Problem) {
        var program = ExternalProgram(
            path: FilePath(hook.path), arguments: hook.args.isEmpty ? [hook.path] : hook.args,
            environment: hook.env)
        program.endsWithCaller = endsWithCaller
        let timeout = hook.timeout.map { CInt(clamping: min($0, .max / 1000) * 1000) }
        let result = try explaining("cannot run the \(kind.rawValue) hook \(hook.path)") {
            () throws(SystemCallError) in
            try program.run(input: state.json(), timeoutInMilliseconds: timeout)
        }
        guard result.status != .exited(0) else { return }
        throw Problem(
            kind: .invalid, what: "the \(kind.rawValue) hook \(hook.path) failed",
            why: Self.reason(result, timeoutInSeconds: hook.timeout),
            fix: "run it by hand with the container's state on standard input")
    }

    private static func reason(
        _ result: ExternalProgram.Result, timeoutInSeconds: Int?
    ) -> String {
        let text = result.text.isEmpty ? "" : ": \(result.text)"
        switch result.status {
        case .exited(let code)?: return "it exited with \(code)\(text)"
        case .killed(let signal)?: return "\(signal.name) ended it\(text)"
        case nil: return "it ran longer than its timeout of \(timeoutInSeconds ?? 0) s\(text)"
        }
    }
}

/// The six lists of hooks.
package enum HookKind: String, Sendable, CaseIterable {
    case prestart, createRuntime, createContainer, startContainer, poststart, poststop

    /// When the hooks run.
    var moment: String {
        switch self {
        case .prestart: "once the namespaces exist, in the runtime's (deprecated)"
        case .createRuntime: "once the namespaces exist, in the runtime's"
        case .createContainer: "in the container's namespaces, before its root is entered"
        case .startContainer: "inside the container, before the program"
        case .poststart: "after the program has started"
        case .poststop: "after the container is gone"
        }
    }

    /// The hooks of this kind.
    package func hooks(of spec: RuntimeSpec) -> [RuntimeSpec.Hook] {
        guard let hooks = spec.hooks else { return [] }
        return switch self {
        case .prestart: hooks.prestart
        case .createRuntime: hooks.createRuntime
        case .createContainer: hooks.createContainer
        case .startContainer: hooks.startContainer
        case .poststart: hooks.poststart
        case .poststop: hooks.poststop
        }
    }
}
