import Diagnostics

/// `image sign`, which Podman has: signatures are made by other programs.
struct SignImageCommand: Command {
    static var grammar: Grammar<SignImageCommand> {
        Grammar(
            name: "sign", synopsis: "IMAGE [IMAGE...]", summary: "Sign an image (refused)",
            operands: .atLeast(0), operandKind: .images, assign: { _, _ in })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        throw Problem(
            kind: .unsupported, what: "cannot sign images",
            why: "this version of Kade verifies signatures and makes none",
            fix: "cosign sign, or skopeo copy --sign-by")
    }
}

/// `image trust`, which Podman has: the policy is a file.
struct TrustImageCommand: Command {
    static var grammar: Grammar<TrustImageCommand> {
        Grammar(
            name: "trust", synopsis: "set|show [REGISTRY]", summary: "Manage trust (refused)",
            operands: .atLeast(0), operandKind: .none, assign: { _, _ in })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        throw Problem(
            kind: .unsupported, what: "cannot show or change the trust policy",
            why: "this version of Kade obeys policy.json and does not edit it",
            fix:
                "edit /etc/containers/policy.json (containers-policy.json(5)), or podman image trust"
        )
    }
}

/// `image scp`, which Podman has: an archive goes through ssh as well.
struct CopyImageCommand: Command {
    static var grammar: Grammar<CopyImageCommand> {
        Grammar(
            name: "scp", synopsis: "IMAGE [HOST::]", summary: "Copy an image to a host (refused)",
            operands: .atLeast(0), operandKind: .images, assign: { _, _ in })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        throw Problem(
            kind: .unsupported, what: "cannot copy images to other machines",
            why: "this version of Kade opens no connection of ssh by itself",
            fix: "kade save IMAGE | ssh HOST kade load")
    }
}
