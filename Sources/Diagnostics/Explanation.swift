/// What a step does, in words for a person who wants to see under the hood.
package struct Explanation: Sendable, Equatable {
    /// The command that one could have typed instead: "mount -t proc proc /proc".
    package var shell: String
    /// One sentence that says what the step is for.
    package var why: String
    /// The field of the specification or the flag that asks for it: "linux.resources.memory".
    package var spec: String

    package init(shell: String, why: String, spec: String) {
        self.shell = shell
        self.why = why
        self.spec = spec
    }
}
