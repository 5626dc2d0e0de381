/// What became of a check, as its process tells by its exit code.
package struct HealthOutcome: Sendable, Equatable {
    /// Whether the check succeeded.
    package var hasSucceeded: Bool
    /// The container's status; nil where nothing was found, since the container is paused or the
    /// check itself went wrong.
    package var status: HealthState.Status?
    /// Whether it was another one before.
    package var isNew: Bool

    package init(hasSucceeded: Bool, status: HealthState.Status?, isNew: Bool) {
        self.hasSucceeded = hasSucceeded
        self.status = status
        self.isNew = isNew
    }

    /// Reads what ``exitCode`` wrote; any other code is a check that went wrong.
    package init(exitCode: Int32) {
        let isKnown = exitCode & ~0b1111 == 0b100_0000
        status = isKnown ? Self.statuses[Int(exitCode & 0b11)] : nil
        isNew = isKnown && exitCode & 0b100 != 0
        hasSucceeded = isKnown && exitCode & 0b1000 != 0
    }

    /// The two low bits are the status, the next whether it is new, the next the success.
    package var exitCode: Int32 {
        let index = Self.statuses.firstIndex(of: status) ?? 3
        return 0b100_0000 | Int32(index) | (isNew ? 0b100 : 0) | (hasSucceeded ? 0b1000 : 0)
    }

    private static let statuses: [HealthState.Status?] = [.starting, .healthy, .unhealthy, nil]
}
