/// What an instruction does to a stage's files, with all variables expanded.
package enum StageStep: Sendable, Equatable {
    /// It changes only what the image says of itself.
    case metadata
    case run(RunStep)
    case copy(CopyStep)
    /// WORKDIR: the directory is made where it is missing.
    case workingDirectory(String)
}

/// A RUN that is ready to be run.
package struct RunStep: Sendable, Equatable {
    /// The program and its arguments.
    package var arguments: [String]
    /// `NAME=value`: the stage's ENV and the arguments that it has declared.
    package var environment: [String]
    /// Variables that RUN sees and that are no part of what it is: proxies.
    package var hiddenEnvironment: [String]
    package var user: String
    package var workingDirectory: String
    package var mounts: [RunMount]
    /// A file that the command finds in `/dev/pipes`: a here-document with a `#!` line.
    package var script: Script?
    package var network: RunNetwork
    package var security: RunSecurity

    /// A here-document that is a program itself.
    package struct Script: Sendable, Equatable {
        package var name: String
        package var content: String
    }
}

/// `RUN --network`.
package enum RunNetwork: String, Sendable {
    case none, host
    /// What the build's own `--network` says.
    case inherited = "default"
}

/// `RUN --security`.
package enum RunSecurity: String, Sendable {
    case sandbox
    /// As `run --privileged`.
    case insecure
}

/// A COPY or ADD that is ready to be done.
package struct CopyStep: Sendable, Equatable {
    package var isAdd: Bool
    package var sources: [Source]
    /// Absolute; a slash at its end means a directory.
    package var destination: String
    /// `--from`: nil is the build's context.
    package var from: String?
    package var owner: String?
    package var mode: String?
    package var isLinked: Bool
    package var keepsParents: Bool
    package var excluded: [String]
    package var checksum: String?
    package var keepsGitDirectory: Bool
    package var unpacks: Bool?

    /// What is copied.
    package enum Source: Sendable, Equatable {
        /// A path with wildcards, or a URL of ADD.
        case path(String)
        case inline(name: String, content: String)
    }
}
