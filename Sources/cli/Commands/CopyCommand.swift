import Diagnostics
import Engine
import Linux

/// `kade cp`: copies files between a container and this machine.
struct CopyCommand: Command {
    var keepsOwners = false
    var followsLink = false
    var isQuiet = false
    var paths: [String] = []

    static let canPlan = true

    static var grammar: Grammar<CopyCommand> {
        Grammar(
            name: "cp",
            synopsis: "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n"
                + "       kade cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
            summary: "Copy files/folders between a container and the local filesystem",
            discussion: """
                Use '-' as the source to read a tar archive from stdin and extract it to a directory
                destination in a container. Use '-' as the destination to stream a tar archive of a
                container source to stdout. The container may run or not, and its volumes and other
                mounts are there as it sees them.
                """,
            flags: [
                .switch(
                    "archive", "a", "Archive mode (copy all uid/gid information)", \.keepsOwners),
                .switch(
                    "follow-link", "L", "Always follow symbol link in SRC_PATH", \.followsLink),
                .switch(
                    "quiet", "q",
                    "Suppress progress output during copy. Progress output is automatically"
                        + " suppressed if no terminal is attached", \.isQuiet),
            ], operands: .exactly(2), operandKind: .containers, assign: { $0.paths = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let source = CopyOperand(paths[0])
        let target = CopyOperand(paths[1])
        let containers = try session.engine().containers
        switch (source.container, target.container) {
        case (let container?, nil):
            let request = request(container, source.path)
            guard target.path != "-" else {
                try ArchiveOutput.write(to: session.plan == nil ? nil : "/dev/null", "cp") {
                    output throws(Problem) in
                    try containers.archive(request, to: output)
                }
                return .success
            }
            let size = try containers.copyOut(request, to: target.path)
            try tell(size, target.path, session)
        case (nil, let container?):
            let request = request(container, target.path)
            guard source.path != "-" else {
                try containers.unpack(0, request)
                return .success
            }
            let size = try containers.copyIn(request, from: source.path)
            try tell(size, "\(container):\(target.path)", session)
        case (.some, .some):
            throw Problem(
                kind: .unsupported, what: "cannot copy",
                why: "copying between containers is not supported",
                fix: "kade cp \(paths[0]) - | kade cp - \(paths[1])")
        case (nil, nil):
            throw Problem(
                kind: .invalid, what: "cannot copy",
                why: "must specify at least one container source",
                fix: "write the container's path as CONTAINER:PATH")
        }
        return .success
    }

    private func request(_ container: String, _ path: String) -> CopyRequest {
        var request = CopyRequest(container: container, path: path)
        request.keepsOwners = keepsOwners
        request.followsLink = followsLink
        return request
    }

    private func tell(_ size: Int64, _ target: String, _ session: Session) throws(Problem) {
        guard !isQuiet, session.plan == nil else { return }
        let text = HumanUnits.size(size, digits: 3)
        try session.error.writeLine("Successfully copied \(text) to \(target)")
    }
}

/// One side of `cp`: `CONTAINER:PATH`, a path of this machine, or `-`.
struct CopyOperand: Equatable {
    /// nil for this machine.
    var container: String?
    var path: String

    /// Reads an operand; what begins with a slash or a dot is this machine's, as in Docker.
    init(_ text: String) {
        path = text
        guard !text.hasPrefix("/"), !text.hasPrefix("."),
            let colon = text.firstIndex(of: ":"), colon > text.startIndex
        else { return }
        container = String(text[..<colon])
        path = String(text[text.index(after: colon)...])
    }
}
