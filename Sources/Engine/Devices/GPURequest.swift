import Diagnostics

/// One `--gpus`: devices of the class `gpu` of a CDI specification.
package struct GPURequest: Sendable, Equatable {
    /// `nvidia`, `amd` or another vendor's word; nil takes what the machine has.
    package var driver: String?
    /// How many; −1 is all.
    package var count: Int
    /// The names of devices, instead of a number.
    package var devices: [String] = []

    package init(count: Int) {
        self.count = count
    }
}

extension GPURequest {
    /// The names of the devices that a request means.
    ///
    /// - Parameter kinds: by kind, the devices of the class `gpu` that the machine has.
    /// - Returns: `vendor.com/gpu=name` for each.
    /// - Throws: in Docker's words, that the machine has none.
    func names(among kinds: [String: [String]]) throws(Problem) -> [String] {
        guard let kind = kind(among: kinds.keys.sorted()) else {
            throw Problem(
                kind: .notFound,
                what: "could not select device driver \"\(driver ?? "")\" with capabilities: "
                    + "[[gpu]]",
                why: "no CDI specification in /etc/cdi or /var/run/cdi describes such GPUs",
                fix: "for NVIDIA's: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
        }
        guard devices.isEmpty else { return devices.map { "\(kind)=\($0)" } }
        let known = kinds[kind] ?? []
        if count < 0, known.contains("all") { return ["\(kind)=all"] }
        let numbers = known.compactMap { Int($0) }.sorted()
        let wanted = count < 0 ? numbers.count : count
        guard wanted <= numbers.count, wanted > 0 else {
            throw Problem(
                kind: .notFound, what: "cannot give the container \(wanted) GPUs",
                why: "\(kind) has \(numbers.count) with a number: \(known.joined(separator: ", "))",
                fix: "ask for fewer, or name them: --gpus device=NAME")
        }
        return numbers.prefix(wanted).map { "\(kind)=\($0)" }
    }

    /// The vendor's kind: that of the driver, else the first of the usual ones, else the only one.
    private func kind(among kinds: [String]) -> String? {
        if let driver {
            return kinds.first { $0 == "\(driver).com/gpu" || $0 == "\(driver)/gpu" }
        }
        for vendor in ["nvidia.com", "amd.com", "intel.com"] where kinds.contains("\(vendor)/gpu") {
            return "\(vendor)/gpu"
        }
        return kinds.count == 1 ? kinds[0] : nil
    }
}
