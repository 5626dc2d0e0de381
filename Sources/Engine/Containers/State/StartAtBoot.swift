extension ContainerStatus {
    /// Whether the container starts when the machine has: what its restart policy says to its last
    /// run.
    ///
    /// As in Docker `always` starts also what a user stopped, `unless-stopped` does not, and
    /// `on-failure` starts what failed, unless its restarts are used up; a container that was never
    /// started stays so. A run that a user ended has not failed, whatever its exit code: here
    /// Docker thinks otherwise.
    var startsAtBoot: Bool {
        guard let lifecycle else { return false }
        return switch record.request.restartPolicy {
        case .no: false
        case .always: true
        case .unlessStopped: !lifecycle.wasStoppedByUser
        case .onFailure(let maximum):
            !lifecycle.wasStoppedByUser && state.exitCode != 0
                && (maximum == 0 || lifecycle.restartCount < maximum)
        }
    }
}
