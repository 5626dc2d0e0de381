/// Why a container ended, or does not start: `why`.
package struct ContainerVerdict: Sendable, Equatable {
    package var id: String
    package var name: String
    /// One line: its state in words.
    package var state: String
    /// The causes, the decisive one first; none for a container that nothing is wrong with.
    package var causes: [Cause]

    /// One thing that led to the end.
    package struct Cause: Sendable, Equatable {
        package var kind: Kind
        /// One sentence.
        package var what: String
        /// What shows it: numbers of the kernel's, recorded steps, outputs.
        package var evidence: [String]
        /// What a user can do about it.
        package var fix: String?

        init(_ kind: Kind, _ what: String, evidence: [String] = [], fix: String? = nil) {
            self.kind = kind
            self.what = what
            self.evidence = evidence
            self.fix = fix
        }
    }

    /// The kinds of causes, by the words of `--json`.
    package enum Kind: String, Sendable, CaseIterable {
        /// The program called exit(2).
        case exitCode
        /// A signal ended it.
        case signal
        case outOfMemory
        case seccomp
        /// The processor could not go on: a fault of the program.
        case fault
        /// A command of Kade asked for its end.
        case stopped
        /// It did not end in the time that a stop gave it.
        case patience
        case timeLimit
        case unhealthy
        /// The machine, or its monitor, went down.
        case lost
        /// Layers of its image did not arrive.
        case layers
        /// It could not be started.
        case start
        /// It would not start now.
        case wouldNotStart
        /// It was never started.
        case neverStarted
    }
}
