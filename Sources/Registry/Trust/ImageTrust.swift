package import Diagnostics
import Linux
package import SystemPackage

/// The machine's rules about which images are let in, and where their signatures are.
package struct ImageTrust: Sendable {
    /// The policy; nil where the machine has none, which lets everything in.
    package var policy: SignaturePolicy?
    /// Where signatures are kept.
    var places: SignaturePlaces
    /// Where gpg is looked for.
    var searchPath: String

    /// Reads the policy and what belongs to it.
    ///
    /// - Parameters:
    ///   - policyFile: the policy to use (`--signature-policy`); else the user's, else the system's.
    ///   - environment: looks a variable up.
    ///   - isRoot: whether the user is root.
    /// - Throws: `.invalid` for a file with a mistake; `.notFound` when the named one is not there.
    package init(
        policyFile: FilePath?, environment: (String) -> String?, isRoot: Bool
    ) throws(Problem) {
        let home = environment("HOME").flatMap { $0.isEmpty ? nil : FilePath($0) }
        let usual = [
            home?.appending(".config/containers/policy.json"), "/etc/containers/policy.json",
        ].compactMap { $0 }
        for file in policyFile.map({ [$0] }) ?? usual {
            guard let bytes = try CredentialStore.read(file) else { continue }
            policy = try SignaturePolicy(json: bytes, named: file.string)
            break
        }
        if let policyFile, policy == nil {
            throw Problem(
                kind: .notFound, what: "cannot read the policy \(policyFile)",
                why: "there is no such file")
        }
        places = try SignaturePlaces(environment: environment, isRoot: isRoot)
        searchPath = environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// Refuses an archive or layout that the policy does not let in.
    ///
    /// What is in a file is known only when it is read: it must be welcome in either form.
    ///
    /// - Throws: `.denied`.
    package func admit(archive: FilePath) throws(Problem) {
        guard let policy else { return }
        // What does not exist is an error of whoever reads it.
        let isDirectory = (try? FileStatus(of: archive).kind == .directory) ?? false
        let transports = isDirectory ? ["oci"] : ["docker-archive", "oci-archive"]
        for transport in transports {
            try policy.admit(transport: transport, path: archive.lexicallyNormalized().string)
        }
    }

    /// Refuses an image of Docker's daemon that the policy does not let in.
    ///
    /// - Parameter name: a reference, or a whole ID with its algorithm.
    /// - Throws: `.denied`; `.invalid` for what is neither.
    package func admit(daemonImage name: String) throws(Problem) {
        try policy?.admit(daemonImage: name)
    }
}
