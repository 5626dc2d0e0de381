package import Diagnostics

/// One action of a container's setup: it explains itself, runs, and does nothing else.
///
/// Steps are values that a pure planner makes from the spec and ``HostFacts``. Nothing happens
/// until ``run(in:)``; `--plan` and the tests only read the ``explanation``.
package protocol SetupStep: Sendable {
    /// The step in words; built only when someone looks.
    var explanation: Explanation { get }

    /// Does the step's work in the process whose phase it belongs to.
    ///
    /// What the specification lets a container live without is ``SetupContext/warn(_:)``, not an
    /// error. A step that leaves something behind outside of the container's own namespaces
    /// registers how it is undone (``SetupContext/undo(_:_:)``).
    func run(in context: inout SetupContext) throws(Problem)
}

/// When a step runs, and in which process.
///
/// ```
/// runtime   prepare ─ clone3 ─┬─ attend ──── hooks ───────── (create returns) ── start
///                             │    ⇅            ⇅                                  ⇅
/// init                        └─ settle ──────────── enter ─ (waits on exec.fifo) ─ launch ─ execve
/// ```
package enum SetupPhase: String, Sendable, CaseIterable {
    /// In the runtime, before the container's first process exists: cgroups v2 and their limits.
    case prepare
    /// In the runtime, beside the new process: cgroups v1 and its place in them, id maps,
    /// `oom_score_adj`, resource limits.
    case attend
    /// In init: joined namespaces, mounts and devices below the bundle's rootfs.
    case settle
    /// In the runtime, while init waits with its mounts made: `prestart`, `createRuntime`.
    case hooks
    /// In init: `createContainer` hooks, `pivot_root`, masked paths, identity, capabilities,
    /// seccomp.
    case enter
    /// In init, after `start`: `startContainer` hooks; then `execve(2)`.
    case launch
}
