import Diagnostics

/// A step that only says what the container has to live without.
struct WarnStep: SetupStep {
    /// The warning.
    let text: String
    /// The field that asks for it.
    let spec: String

    var explanation: Explanation {
        Explanation(shell: ":", why: text, spec: spec)
    }

    func run(in context: inout SetupContext) { context.warn(text) }
}
