import Diagnostics
import Engine

/// `kade manifest add`: puts an image into a list that is there.
struct AddToManifestCommand: Command {
    var architecture: String?
    var os: String?
    var osFeatures: [String] = []
    var osVersion: String?
    var variant: String?
    var verifiesServer = true
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<AddToManifestCommand> {
        Grammar(
            name: "add", synopsis: "[OPTIONS] MANIFEST_LIST IMAGE",
            summary: "Add an image to a manifest list",
            flags: [
                .text("arch", nil, "string", "Set architecture", \.architecture),
                .text("os", nil, "string", "Set operating system", \.os),
                .list("os-features", nil, "list", "Set operating system feature", \.osFeatures),
                .text("os-version", nil, "string", "Set operating system version", \.osVersion),
                .text("variant", nil, "string", "Set architecture variant", \.variant),
                .switch(
                    "tls-verify", nil,
                    "The registry has to speak https and show a certificate (default true)",
                    \.verifiesServer),
                .unsupported(
                    "all", nil, nil, why: "name the images of the other list by their digests"),
                .unsupported(
                    "annotation", nil, "list", why: "Kade's lists have no annotations of images"),
                .unsupported("authfile", nil, "path", why: "log in first: kade login"),
                .unsupported(
                    "cert-dir", nil, "path",
                    why: "registries' certificates are in /etc/containers/certs.d"),
                .unsupported("creds", nil, "string", why: "log in first: kade login"),
                .unsupported(
                    "features", nil, "list", why: "the image specification has no such field"),
            ], operands: .exactly(2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var change = ManifestService.PlatformChange()
        change.architecture = architecture
        change.os = os
        change.osFeatures = osFeatures.flatMap { $0.split(separator: ",").map(String.init) }
        change.osVersion = osVersion
        change.variant = variant
        let list = try session.engine().manifests.add(
            names[1], to: names[0], change, isInsecure: !verifiesServer)
        try session.output.writeLine(list)
        return .success
    }
}

/// `kade manifest remove`: takes an image out of a list.
struct RemoveFromManifestCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveFromManifestCommand> {
        Grammar(
            name: "remove", synopsis: "MANIFEST_LIST DIGEST|IMAGE",
            summary: "Remove an image from a manifest list",
            operands: .exactly(2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let list = try session.engine().manifests.remove(names[1], from: names[0])
        try session.output.writeLine(list)
        return .success
    }
}
