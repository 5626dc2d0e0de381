package import Diagnostics

/// How many bytes an archive may have when it is decompressed.
///
/// A few MB can decompress to more than any disk holds. The usual limit is above every honest
/// layer; `KADE_LAYER_LIMIT` changes it.
package struct ArchiveLimit: Sendable, Equatable {
    package let bytes: Int64

    package init(bytes: Int64) { self.bytes = bytes }

    /// 128 GiB.
    package static let usual = ArchiveLimit(bytes: 128 << 30)
    /// For what was unpacked before.
    package static let none = ArchiveLimit(bytes: .max)

    /// The environment variable that sets it: bytes, or with k, m, g or t KiB to TiB.
    package static let variable = "KADE_LAYER_LIMIT"

    /// What the environment says, or the usual limit.
    ///
    /// - Throws: `.invalid` when the variable is no size.
    package init(environment: (String) -> String?) throws(Problem) {
        guard let text = environment(Self.variable), !text.isEmpty else {
            self = .usual
            return
        }
        let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
        let unit = text.lowercased().last.flatMap { units[$0] }
        let number = Int64(unit == nil ? text : String(text.dropLast())) ?? 0
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard number > 0, !isTooLarge else {
            throw Problem(
                kind: .invalid, what: "cannot use \(Self.variable)=\(text)",
                why: "it is no size above 0", fix: "give one such as 64g")
        }
        self.bytes = bytes
    }
}
