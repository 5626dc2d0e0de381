/// One instruction of a stage, read but not expanded.
package enum Instruction: Sendable, Equatable {
    case argument([ArgumentDeclaration])
    case command(CommandLineForm)
    /// COPY, and ADD.
    case copy(CopyInstruction)
    case entrypoint(CommandLineForm)
    case environment([NamedValue])
    case expose([String])
    case healthcheck(HealthcheckInstruction)
    case label([NamedValue])
    case maintainer(String)
    /// What is stored for builds on top of the image.
    case onBuild(String)
    case run(RunInstruction)
    case shell([String])
    case stopSignal(String)
    case user(String)
    case volume([String])
    case workingDirectory(String)
}

/// A command: a list of words in JSON, or a text for the shell.
package enum CommandLineForm: Sendable, Equatable {
    case exec([String])
    case shell(String)
}

/// `name=value` of ENV and LABEL.
package struct NamedValue: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One argument of ARG, with its default where it has one.
package struct ArgumentDeclaration: Sendable, Equatable {
    package var name: String
    package var value: String?

    package init(_ name: String, _ value: String?) {
        self.name = name
        self.value = value
    }
}

/// RUN.
package struct RunInstruction: Sendable, Equatable {
    package var command: CommandLineForm
    package var heredocs: [Heredoc] = []
    /// `--mount`, each still to be expanded.
    package var mounts: [String] = []
    package var network: String?
    package var security: String?

    package init(_ command: CommandLineForm) { self.command = command }
}

/// COPY or ADD.
package struct CopyInstruction: Sendable, Equatable {
    package var isAdd = false
    package var sources: [Source]
    package var destination: String
    package var from: String?
    package var owner: String?
    package var mode: String?
    package var isLinked = false
    package var keepsParents = false
    package var excluded: [String] = []
    package var checksum: String?
    package var keepsGitDirectory = false
    /// `ADD --unpack`: nil unpacks archives of the context and not downloaded ones.
    package var unpacks: Bool?

    package init(sources: [Source], destination: String) {
        self.sources = sources
        self.destination = destination
    }

    /// What is copied.
    package enum Source: Sendable, Equatable {
        case path(String)
        case inline(Heredoc)
    }
}

/// HEALTHCHECK: NONE, or a command and when it runs; times are in nanoseconds.
package struct HealthcheckInstruction: Sendable, Equatable {
    /// nil is NONE.
    package var command: CommandLineForm?
    package var interval: Int64?
    package var timeout: Int64?
    package var startPeriod: Int64?
    package var startInterval: Int64?
    package var retries: Int?

    package init(command: CommandLineForm?) { self.command = command }
}

/// An instruction and where it stands.
package struct PlacedInstruction: Sendable, Equatable {
    package var instruction: Instruction
    package var source: SourceText
    /// The instruction's text as history shows it: the word in capitals, lines joined.
    package var text: String
    /// The comments right above it.
    package var comments: [String] = []

    package init(instruction: Instruction, source: SourceText, text: String) {
        self.instruction = instruction
        self.source = source
        self.text = text
    }
}
