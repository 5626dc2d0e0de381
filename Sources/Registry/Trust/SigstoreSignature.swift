import Diagnostics
import OCI

/// A signature as cosign makes it, with what vouches for it.
struct SigstoreSignature: Sendable {
    var content: Content
    var signature: [UInt8]
    /// The signer's certificate in DER form, where somebody gave one.
    var certificate: [UInt8]?
    /// Certificates in DER form that may lead from it to an authority.
    var chain: [[UInt8]] = []
    /// What logs say of it, or why that cannot be read; it may not matter.
    var logEntries: [Result<LogEntry, Problem>] = []
    /// Answers of authorities for times (RFC 3161), each in DER form.
    var timestamps: [[UInt8]] = []

    /// What is signed.
    enum Content: Sendable {
        /// A text of containers-signature(5).
        case text([UInt8])
        /// A payload of a type, in an envelope (DSSE, protocol.md).
        case envelope(payload: [UInt8], type: String)
        /// The image's manifest.
        case manifest([UInt8])
    }

    /// The bytes that are signed.
    var message: [UInt8] {
        switch content {
        case .text(let bytes), .manifest(let bytes): bytes
        case .envelope(let payload, let type):
            Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
        }
    }
}

extension SigstoreSignature {
    /// Reads what cosign writes beside a text that it signs.
    ///
    /// - Throws: `.denied` when it is not whole.
    init(payload: [UInt8], annotations: [String: String]) throws(Problem) {
        guard let text = annotations["dev.cosignproject.cosign/signature"],
            let signature = Base64.decode(text)
        else { throw Problem.untrusted("there is no signature beside the text") }
        self.init(content: .text(payload), signature: signature)
        if let text = annotations["dev.sigstore.cosign/certificate"] {
            let blocks = PEMText.blocks("CERTIFICATE", in: Array(text.utf8))
            guard let blocks, blocks.count == 1 else {
                throw Problem.untrusted("its certificate is not one in PEM form")
            }
            certificate = blocks[0]
        }
        if let text = annotations["dev.sigstore.cosign/chain"] {
            guard let blocks = PEMText.blocks("CERTIFICATE", in: Array(text.utf8)) else {
                throw Problem.untrusted("its certificates are not in PEM form")
            }
            chain = blocks
        }
        if let text = annotations["dev.sigstore.cosign/bundle"] {
            logEntries = [
                Result { () throws(Problem) in try LogEntry(annotation: text) }
            ]
        }
    }
}
