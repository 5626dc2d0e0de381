import Diagnostics
import Linux

/// The options of the driver `local`, the only one: what `mount(2)` mounts in a volume's place.
///
/// They are Docker's: `type`, `device` and `o`, as mount(8) has them after `-t`, as its source and
/// after `-o`. A volume without options is a directory of the data root.
struct LocalVolumeOptions: Sendable, Equatable {
    /// The file system's type; `none` with a bind mount.
    var type: String
    /// What is mounted: a device, a directory, `server:/path`.
    var device: String
    /// The options of the mount, taken apart.
    var options: [String]

    /// Reads a volume's options; nil where there are none.
    ///
    /// - Parameters:
    ///   - values: by name.
    ///   - volume: the volume's name, for errors.
    /// - Throws: in Docker's words, what is unknown or missing.
    init?(_ values: [String: String], of volume: String) throws(Problem) {
        guard !values.isEmpty else { return nil }
        for name in values.keys.sorted() where !["type", "device", "o"].contains(name) {
            throw Self.problem(
                volume,
                name == "size"
                    ? "this version of Kade limits no volume's size"
                    : "invalid option: \"\(name)\"",
                fix: "options are type, device and o")
        }
        for (name, needed) in [
            ("device", ["type"]), ("o", ["device", "type"]), ("type", ["device"]),
        ] {
            guard values[name] != nil else { continue }
            for other in needed where values[other] == nil {
                throw Self.problem(
                    volume, "missing required option: \"\(other)\"",
                    fix: "for example -o type=tmpfs -o device=tmpfs -o o=size=64m")
            }
        }
        type = values["type"] ?? ""
        device = values["device"] ?? ""
        options = (values["o"] ?? "").split(separator: ",").map(String.init)
        guard !type.isEmpty, !device.isEmpty else {
            throw Self.problem(
                volume, "missing device in volume options", fix: "give type and device a value")
        }
        let mount = MountOptions(options)
        guard mount.propagation.isEmpty, mount.recursive.isEmpty, mount.ownerMapping == nil,
            !mount.copiesUp
        else {
            throw Self.problem(
                volume, "\"\(values["o"] ?? "")\" has options that are none of mount(8)",
                fix: "leave out propagation, recursive options, idmap and tmpcopyup")
        }
        try checkAddress(of: volume)
        guard !mount.isBind || device.hasPrefix("/") else {
            throw Self.problem(
                volume, "\"\(device)\" is not an absolute path", fix: "a bind mount needs one")
        }
    }

    /// Sees to the server's address, which the kernel wants of NFS and CIFS as a number.
    private mutating func checkAddress(of volume: String) throws(Problem) {
        guard type == "nfs" || type == "nfs4" || type == "cifs" || type == "smb3" else { return }
        func isAddress(_ text: Substring) -> Bool {
            text.contains { $0 == "." || $0 == ":" }
                && text.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
        }
        if let address = options.first(where: { $0.hasPrefix("addr=") }) {
            guard !isAddress(address.dropFirst(5)) else { return }
            throw Self.problem(
                volume, "\"\(address)\" is a name, and the kernel looks no names up",
                fix: "write the server's address, as addr=10.0.0.2")
        }
        let host =
            device.hasPrefix("//")
            ? device.dropFirst(2).prefix { $0 != "/" }
            : device.prefix { $0 != ":" }
        guard isAddress(host) else {
            throw Self.problem(
                volume, "the server's address is missing", fix: "write it as -o o=addr=10.0.0.2")
        }
        options.append("addr=\(host)")
    }

    /// Whether nothing can be written to it.
    var isReadOnly: Bool { MountOptions(options).flags.contains(.readOnly) }

    private static func problem(_ volume: String, _ why: String, fix: String) -> Problem {
        Problem(kind: .invalid, what: "create \(volume)", why: why, fix: fix)
    }
}

/// Names of volumes and of their driver.
package enum VolumeNames {
    /// Says what is wrong with a name, in Docker's words; nil where nothing is.
    package static func complaint(about name: String) -> String? {
        let bytes = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte)
        }
        guard bytes.count > 1 else {
            return "volume name is too short, names should be at least two alphanumeric characters"
        }
        let isName =
            isAlphanumeric(bytes[0])
            && bytes.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
        guard isName, bytes.count <= 255 else {
            return "\"\(name)\" includes invalid characters for a local volume name, only "
                + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed"
        }
        return nil
    }

    /// Refuses every driver but `local`.
    static func check(driver: String, of volume: String) throws(Problem) {
        guard driver.isEmpty || driver == "local" else {
            throw Problem(
                kind: .notFound, what: "create \(volume)",
                why: "error looking up volume plugin \(driver): plugin \"\(driver)\" not found",
                fix: "Kade has no plug-ins: use the driver local, whose options mount whatever the "
                    + "kernel can")
        }
    }
}
