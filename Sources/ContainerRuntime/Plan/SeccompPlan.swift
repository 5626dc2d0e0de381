import Diagnostics
import Linux
import OCI
import SystemPackage

/// When the system call filter is loaded: `linux.seccomp`.
///
/// Without `no_new_privs` the kernel wants CAP_SYS_ADMIN for it, so that it comes before the
/// program's identity. With it, it comes last, so that it need not allow what a setup needs; but a
/// filter with a listener is loaded while the runtime, which hands the listener on, is still there.
struct SeccompPlan {
    /// In init, before the program's identity.
    var early: [any SetupStep] = []
    /// In init, with the program's identity, before the runtime hears that it is ready.
    var late: [any SetupStep] = []
    /// In init, as the very last thing.
    var atLaunch: [any SetupStep] = []
    /// In the runtime, while it waits for init.
    var forwarding: [any SetupStep] = []

    /// - Parameters:
    ///   - seccomp: the profile; nil is no filter.
    ///   - process: the program.
    ///   - state: what the agent behind `listenerPath` is told of the container.
    /// - Throws: for a profile that contradicts itself.
    init(
        _ seccomp: RuntimeSpec.Seccomp?, process: RuntimeSpec.Process,
        state: @autoclosure () -> ContainerState
    ) throws(Problem) {
        guard let seccomp else { return }
        let filter = try SeccompFilter(compiling: seccomp)
        var steps: [any SetupStep] = [LoadSeccompFilter(filter: filter)]
        if filter.hasListener, let path = seccomp.listenerPath {
            steps += [SendSeccompListener(), Await(rendezvous: .listened)]
            forwarding = [
                ForwardSeccompListener(
                    agent: FilePath(path), metadata: seccomp.listenerMetadata, state: state()),
                Reach(rendezvous: .listened),
            ]
        }
        if !process.noNewPrivileges {
            early = steps
        } else if filter.hasListener {
            late = steps
        } else {
            atLaunch = steps
        }
    }
}

/// Gives the filter's listener to the runtime, whose mount namespace has the agent's socket.
struct SendSeccompListener: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "# SCM_RIGHTS of the seccomp listener",
            why: "the agent's socket is outside of the container",
            spec: "linux.seccomp.listenerPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let listener = context.seccompListener.take() else {
            throw Problem(
                kind: .bug, what: "cannot send the seccomp listener",
                why: "the kernel gave none for the filter")
        }
        try context.send(.seccompListener, with: listener)
    }
}

/// Gives the filter's listener and the container's state to the agent: `linux.seccomp.listenerPath`
/// (runtime-spec, config-linux.md § The Container Process State).
struct ForwardSeccompListener: SetupStep {
    let agent: FilePath
    let metadata: String?
    let state: ContainerState

    var explanation: Explanation {
        Explanation(
            shell: "# SCM_RIGHTS of the seccomp listener to \(agent)",
            why: "the agent answers the system calls that the profile notifies",
            spec: "linux.seccomp.listenerPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try context.waitForSeccompListener()
        guard let listener = context.seccompListener.take() else { return }
        let message = description(process: context.initProcessID ?? 0)
        let raw = listener.rawValue
        try explaining(
            "cannot give the seccomp listener to \(agent)", fix: "start the agent first"
        ) { () throws(SystemCallError) in
            try UnixSocket.connect(to: agent, .stream).send(message, descriptors: [raw])
        }
    }

    /// The `ContainerProcessState`.
    private func description(process: CInt) -> [UInt8] {
        var state = state
        state.processID = process
        var json = JSONWriter(.compact)
        json.beginObject()
        json.member("ociVersion", state.ociVersion)
        json.key("fds")
        json.beginArray()
        json.write("seccompFd")
        json.endArray()
        json.member("pid", process)
        json.optional("metadata", metadata)
        json.key("state")
        state.write(to: &json)
        json.endObject()
        return json.bytes
    }
}
