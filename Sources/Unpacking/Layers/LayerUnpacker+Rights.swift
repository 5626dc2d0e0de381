import Diagnostics
import Linux
import Storage
import SystemPackage

// What a layer has that not everyone may make: owners, and devices.
extension LayerUnpacker {
    /// Whether a member is left out: the kernel lets nobody make devices in a user namespace, and
    /// a container could not open them (`nodev`).
    func isLeftOut(_ entry: TarEntry) -> Bool { isInUserNamespace && entry.isDevice }

    /// What the kernel's refusal means for a member.
    ///
    /// The usual reason in a user namespace is an owner that it has no place for, which
    /// `chown(2)` calls an invalid argument.
    func problem(
        _ refusal: SystemCallError, of entry: TarEntry, what: String
    ) -> Problem {
        guard refusal.errno == .invalidArgument, isInUserNamespace, needsOwner(entry) else {
            return Problem(refusal, what: what)
        }
        return Problem(
            kind: .unsupported, what: what,
            why: "it belongs to user \(entry.owner) and group \(entry.group), and this user has no "
                + "such IDs to give",
            fix: "have more IDs in /etc/subuid and /etc/subgid (usermod --add-subuids, "
                + "--add-subgids), and the programs newuidmap and newgidmap",
            cause: refusal)
    }

    func needsOwner(_ entry: TarEntry) -> Bool {
        isRoot && (entry.owner != owner || entry.group != group)
    }
}

extension TarEntry {
    /// Makes the owner, a user inside of a namespace, whoever that is outside; who has no place
    /// there becomes its root.
    mutating func giveOwner(by maps: UserMaps) {
        let inside = OwnerIDs(user: owner, group: group)
        guard let outside = maps.outside(inside) ?? maps.root else { return }
        (owner, group) = (outside.user, outside.group)
    }

    /// Whether it is a device, which takes CAP_MKNOD.
    var isDevice: Bool { kind == .characterDevice || kind == .blockDevice }
}
