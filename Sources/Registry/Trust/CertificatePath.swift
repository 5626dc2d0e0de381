import Diagnostics
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a certificate has to be of: a chain that leads to an authority, all of it for one purpose.
struct CertificatePath {
    /// What the certificate is for: signing code, or times.
    let purpose: ExtendedKeyUsage.Usage
    /// The host that it has to be of; nil where it need be of none.
    let hostname: String?

    /// Refuses a certificate that does not lead to an authority.
    ///
    /// - Parameters:
    ///   - certificate: the certificate.
    ///   - roots: where its chain has to end.
    ///   - others: certificates that may lead there.
    ///   - seconds: when all of them must have been valid, since 1970; nil is now.
    /// - Throws: `.denied`.
    func check(
        _ certificate: Certificate, roots: [Certificate], others: [Certificate], at seconds: Int64?
    ) async throws(Problem) {
        let time = seconds.map { Date(timeIntervalSince1970: Double($0)) }
        var verifier = Verifier(rootCertificates: CertificateStore(roots)) {
            if let time {
                RFC5280Policy(fixedExpiryValidationTime: time)
            } else {
                RFC5280Policy()
            }
            PurposePolicy(purpose: purpose)
            if let hostname { ServerIdentityPolicy(serverHostname: hostname, serverIP: nil) }
        }
        let result = await verifier.validate(
            leaf: certificate, intermediates: CertificateStore(others))
        guard case .couldNotValidate(let failures) = result else { return }
        let why = failures.map { ": \($0.policyFailureReason)" }.first ?? ""
        let what = purpose == .timeStamping ? "timestamp" : "certificate"
        throw Problem.untrusted("its \(what) is of no trusted authority\(why)")
    }
}

/// All certificates of a chain must be for the purpose.
///
/// That holds where they say what they are for, and those of authorities must be for signing
/// certificates (RFC 5280, 4.2.1.3 and 4.2.1.12). Whoever signs times has to say so (RFC 3161, 2.3).
private struct PurposePolicy: VerifierPolicy {
    let purpose: ExtendedKeyUsage.Usage
    /// Names in the certificate are compared afterwards.
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
    ]

    func chainMeetsPolicyRequirements(
        chain: UnverifiedCertificateChain
    ) -> PolicyEvaluationResult {
        let isForTimes = purpose == .timeStamping
        let why = "it is not for signing \(isForTimes ? "times" : "code")"
        do {
            for (number, certificate) in chain.enumerated() {
                let purposes = try certificate.extensions.extendedKeyUsage
                let mustSay = isForTimes && number == 0
                guard purposes != nil || !mustSay else { return .failsToMeetPolicy(reason: why) }
                if let purposes, !purposes.contains(purpose), mustSay || !purposes.contains(.any) {
                    return .failsToMeetPolicy(reason: why)
                }
                if number > 0, let usage = try certificate.extensions.keyUsage,
                    !usage.keyCertSign
                {
                    return .failsToMeetPolicy(reason: "it is of somebody who is no authority")
                }
            }
            return .meetsPolicy
        } catch {
            return .failsToMeetPolicy(reason: "what it is for cannot be read")
        }
    }
}
