import ContainerRuntime
import Linux

/// Descriptors of the command that started the container, which its program gets under their own
/// numbers (`--preserve-fds`).
final class PassedDescriptors {
    private(set) var numbers: [CInt]

    init(numbers: [CInt]) {
        self.numbers = numbers
    }

    /// Closes them here, so that the end of a pipe is seen when the program closes it.
    ///
    /// A program that may run again by itself gets them again, so that they stay open until then.
    func close(unlessRestartedBy configuration: MonitorConfiguration) {
        let restarts =
            configuration.restart != .no || configuration.health?.onFailure == .restart
        guard !restarts else { return }
        for number in numbers { _ = OwnedFD(adopting: number) }
        numbers = []
    }
}
