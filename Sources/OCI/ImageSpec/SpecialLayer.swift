/// Why a layer is no archive that can be unpacked as it is, and what helps.
package struct SpecialLayer: Sendable, Equatable {
    package let why: String
    package let fix: String
}

extension Descriptor {
    /// Layers in forms that only a program of their own can read; nil for all others.
    package var specialLayer: SpecialLayer? {
        let type = mediaType.rawValue
        if type.hasSuffix("+encrypted") {
            return SpecialLayer(
                why: "it is encrypted (ocicrypt), and this version of Kade does not decrypt",
                fix: "skopeo copy --decryption-key KEY makes a copy that it can use")
        }
        if type.split(separator: ".").contains("nydus") || has("containerd.io/snapshot/nydus-") {
            return SpecialLayer(
                why: "it is in Nydus's format, which this version of Kade does not read",
                fix: "pull the image that it was made from")
        }
        if has("containerd.io/snapshot/overlaybd/") {
            return SpecialLayer(
                why: "it is a block device of overlaybd, which this version of Kade does not read",
                fix: "pull the image that it was made from")
        }
        return nil
    }

    private func has(_ annotation: String) -> Bool {
        annotations.keys.contains { $0.hasPrefix(annotation) }
    }
}
