import Diagnostics
import OCI
import Storage

/// Decides by the policy whether an image of a registry may come in.
struct ImageAdmission: Sendable {
    let trust: ImageTrust
    /// The name that the user asked for.
    let reference: ImageReference
    /// The manifest of the one image.
    let manifest: ManifestDocument
    let client: RegistryClient
    let settings: RegistrySettings
    /// What cannot be done otherwise, for the error.
    let purpose: String

    /// Refuses the image unless every requirement of its rule holds.
    ///
    /// - Throws: `.denied` that says which signatures there are and why none will do.
    func check() async throws {
        guard let policy = trust.policy, !policy.allowsEverything(from: reference) else { return }
        let rule = policy.rule(for: reference)
        for requirement in rule.requirements {
            let why: String?
            switch requirement {
            case .insecureAcceptAnything: why = nil
            case .reject: why = "rejects it"
            case .unsupported(let what): why = "wants \(what), which Kade cannot check"
            case .signedBy(let keys, let identity):
                why = try await mistake(signedBy: keys, identity)
            case .sigstoreSigned(let rule): why = try await mistake(sigstoreSigned: rule)
            }
            if let why { throw policy.denied(purpose, rule, why) }
        }
    }

    /// Why no signature of simple signing holds; nil when one does.
    private func mistake(
        signedBy keys: [SignaturePolicy.TrustedKeys], _ identity: SignedIdentity
    ) async throws -> String? {
        let lookaside = SignatureLookaside(
            place: trust.places.place(of: reference), repository: reference.path,
            manifest: manifest.digest, settings: settings, purpose: purpose)
        let verification = GPGVerification(keys: keys, searchPath: trust.searchPath)
        var failures: [String] = []
        for signature in try await lookaside.signatures() {
            let why: String? = try await blocking {
                do throws(Problem) {
                    let text = try verification.content(of: signature)
                    return refusal(identity, try SignedStatement(json: text, .simpleSigning))
                } catch {
                    return error.why
                }
            }
            guard let why else { return nil }
            failures.append(why)
        }
        return Self.summary(failures)
    }

    /// Why no signature as of cosign holds; nil when one does.
    private func mistake(sigstoreSigned rule: SigstoreRule) async throws -> String? {
        let verification = try SigstoreVerification(rule)
        guard trust.places.place(of: reference).usesAttachments != false else {
            return "wants a signature, and registries.d says use-sigstore-attachments: false"
        }
        var failures: [String] = []
        for signature in try await client.attachedSignatures(of: manifest, purpose: purpose) {
            do throws(Problem) {
                let statement = try await verification.statement(of: try signature.get())
                guard let why = refusal(rule.identity, statement) else { return nil }
                failures.append(why)
            } catch {
                failures.append(error.why)
            }
        }
        return Self.summary(failures)
    }

    /// Why a signature does not hold for this image; nil when it does.
    private func refusal(_ identity: SignedIdentity, _ statement: SignedStatement) -> String? {
        guard statement.digest == manifest.digest else {
            return "it is about \(statement.digest), not \(manifest.digest)"
        }
        guard identity.accepts(signed: statement.reference, for: reference) else {
            return statement.reference.map { "it is about \($0), not \(reference)" }
                ?? "it names no image, which only the identity matchRepository accepts"
        }
        return nil
    }

    private static func summary(_ failures: [String]) -> String {
        guard !failures.isEmpty else { return "wants a signature, and there is none" }
        let list = failures.enumerated().map { "signature \($0.offset + 1): \($0.element)" }
        return "accepts none of the signatures: " + list.joined(separator: "; ")
    }
}
