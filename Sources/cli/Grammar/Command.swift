import Diagnostics

/// One command of `kade`: the flags and operands it accepts, and what it does.
protocol Command {
    init()
    /// What the command line of this command may look like.
    static var grammar: Grammar<Self> { get }
    /// Whether the command starts a container's program, whose failures have codes of their own.
    static var startsProgram: Bool { get }
    /// Whether the command has `--plan`.
    static var canPlan: Bool { get }
    /// Which flags find containers in the place of names; nil for none.
    static var selection: ContainerSelection? { get }
    /// Does the command's work and says with which code the program ends.
    mutating func run(in session: Session) throws(Problem) -> ExitCode
}

extension Command {
    static var startsProgram: Bool { false }
    static var canPlan: Bool { false }
    static var selection: ContainerSelection? { nil }
}

/// A command line of a command, whether it only asks what would be done, and the containers that its
/// flags find.
struct PlannableLine<C: Command> {
    var command = C()
    var isPlanned = false
    var selected = SelectedContainers()

    /// The command's grammar, with `--plan` and `--latest` where the command has them.
    static var grammar: Grammar<PlannableLine<C>> {
        let inner = C.grammar
        var flags: [Flag<PlannableLine<C>>] = inner.flags.map { $0.onLine() }
        if C.canPlan {
            flags.append(
                .switch("plan", nil, "Print what would be done, and do nothing", \.isPlanned))
        }
        if let selection = C.selection {
            flags += SelectedContainers.flags(for: selection).map { $0.lifted(to: \.selected) }
        }
        return Grammar<PlannableLine<C>>(
            name: inner.name, synopsis: inner.synopsis, summary: inner.summary,
            discussion: inner.discussion, flags: flags, operands: inner.operands,
            operandKind: inner.operandKind,
            endsFlagsAtFirstOperand: inner.endsFlagsAtFirstOperand,
            assign: { inner.assign(&$0.command, $1) })
    }
}

/// The flags and operands of one command.
struct Grammar<Target> {
    /// The command's word: "run".
    let name: String
    /// What follows it in the usage line: "[OPTIONS] IMAGE [COMMAND] [ARG...]".
    let synopsis: String
    /// One line: "Create and run a new container from an image".
    let summary: String
    /// More paragraphs for the manual page and `--help`; empty for most.
    var discussion = ""
    var flags: [Flag<Target>] = []
    var operands: OperandRule
    /// What the operands are, for completion.
    var operandKind = OperandKind.none
    /// Whether flags end at the first operand, so that a container's command keeps its own.
    var endsFlagsAtFirstOperand = false
    /// Where the operands go.
    var assign: (inout Target, [String]) -> Void = { _, _ in }
}

/// How many operands a command takes.
enum OperandRule: Equatable {
    case none
    case exactly(Int)
    case atLeast(Int)
    case atMost(Int)
    case between(Int, Int)

    /// Docker's sentence for a count that is wrong, or nil where it is right.
    func complaint(about count: Int) -> String? {
        switch self {
        case .none: count == 0 ? nil : "accepts no arguments"
        case .exactly(let wanted):
            count == wanted ? nil : "requires \(Self.counted(wanted))"
        case .atLeast(let least):
            count >= least ? nil : "requires at least \(Self.counted(least))"
        case .atMost(let most):
            count <= most ? nil : "requires at most \(Self.counted(most))"
        case .between(let least, let most):
            least <= count && count <= most
                ? nil : "requires at least \(least) and at most \(Self.counted(most))"
        }
    }

    private static func counted(_ count: Int) -> String {
        "\(count) argument\(count == 1 ? "" : "s")"
    }
}

/// What a command's operands name, so that a shell can complete them.
enum OperandKind: String {
    case none, containers, runningContainers, stoppedContainers, images, volumes, secrets, files
}

/// A command without its type: what help, completions and manual pages need.
struct CommandDescription {
    let name: String
    let synopsis: String
    let summary: String
    let discussion: String
    let flags: [FlagDescription]
    let operandKind: OperandKind
}

extension Command {
    /// The command's grammar as text for help, completions and manual pages.
    static var description: CommandDescription {
        let grammar = PlannableLine<Self>.grammar
        return CommandDescription(
            name: grammar.name, synopsis: grammar.synopsis, summary: grammar.summary,
            discussion: grammar.discussion, flags: grammar.flags.map(\.description),
            operandKind: grammar.operandKind)
    }
}

/// The code a program ends with.
struct ExitCode: Equatable {
    let rawValue: Int32

    static let success = ExitCode(rawValue: 0)
    static let failure = ExitCode(rawValue: 1)
    /// Docker's code for what goes wrong in the engine and not in the container.
    static let engineFailure = ExitCode(rawValue: 125)
}
