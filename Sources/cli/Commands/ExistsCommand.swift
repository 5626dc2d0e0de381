import Diagnostics
import Engine

/// A kind of object that has names.
protocol NamedKind {
    /// What one is called: "volume".
    static var noun: String { get }
    static var operandKind: OperandKind { get }
    /// Throws `.notFound` where there is none of the name.
    static func find(_ name: String, in engine: Engine) throws(Problem)
}

/// `kade KIND exists`: tells by its exit code whether there is an object of a name.
struct ExistsCommand<Kind: NamedKind>: Command {
    var name = ""

    static var grammar: Grammar<ExistsCommand<Kind>> {
        Grammar(
            name: "exists", synopsis: Kind.noun.uppercased(),
            summary: "Exit with 0 if there is such a \(Kind.noun), and with 1 if there is none",
            operands: .exactly(1), operandKind: Kind.operandKind, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        do throws(Problem) {
            try Kind.find(name, in: session.engine())
            return .success
        } catch  where error.kind == .notFound {
            return .failure
        }
    }
}

/// Containers, for ``ExistsCommand``.
enum ContainerKind: NamedKind {
    static let noun = "container"
    static let operandKind = OperandKind.containers

    static func find(_ name: String, in engine: Engine) throws(Problem) {
        _ = try engine.containers.summary(of: name)
    }
}

/// Volumes, for ``ExistsCommand``.
enum VolumeKind: NamedKind {
    static let noun = "volume"
    static let operandKind = OperandKind.volumes

    static func find(_ name: String, in engine: Engine) throws(Problem) {
        _ = try engine.volumes.inspect(name)
    }
}

/// Networks, for ``ExistsCommand``.
enum NetworkKind: NamedKind {
    static let noun = "network"
    static let operandKind = OperandKind.none

    static func find(_ name: String, in engine: Engine) throws(Problem) {
        _ = try engine.networks.inspect(name)
    }
}

/// Secrets, for ``ExistsCommand``.
enum SecretKind: NamedKind {
    static let noun = "secret"
    static let operandKind = OperandKind.secrets

    static func find(_ name: String, in engine: Engine) throws(Problem) {
        _ = try engine.secrets.inspect(name)
    }
}

/// Images, for ``ExistsCommand``.
enum ImageKind: NamedKind {
    static let noun = "image"
    static let operandKind = OperandKind.images

    static func find(_ name: String, in engine: Engine) throws(Problem) {
        guard try engine.images.contains(name, platform: nil) else {
            throw Problem(
                kind: .notFound, what: "cannot find image \(name)", why: "it is not in the store",
                fix: "kade pull \(name)")
        }
    }
}

/// Lists of images, for ``ExistsCommand``.
enum ManifestKind: NamedKind {
    static let noun = "manifest"
    static let operandKind = OperandKind.images

    static func find(_ name: String, in engine: Engine) throws(Problem) {
        guard try engine.manifests.contains(name) else {
            throw Problem(
                kind: .notFound, what: "No such manifest: \(name)",
                why: "no list of the store has this name",
                fix: "make it with: kade manifest create \(name) IMAGE")
        }
    }
}
