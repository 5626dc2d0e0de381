import Diagnostics
import Foundation
import OCI
import SystemPackage
import Testing

@testable import Engine

@Suite struct OwnerSwapTests {
    /// "inside:outside:count" of each range.
    private func text(_ mappings: [RuntimeSpec.IDMapping]) -> [String] {
        mappings.map { "\($0.containerID):\($0.hostID):\($0.size)" }
    }

    @Test func `two numbers change places and all others stay`() {
        let swap = OwnerSwap(users: .init(host: 1000, container: 33), groups: nil)
        #expect(
            text(swap.uidMappings) == [
                "0:0:33", "33:1000:1", "34:34:966", "1000:33:1", "1001:1001:4294966294",
            ])
        #expect(text(swap.gidMappings) == ["0:0:4294967295"])
    }

    @Test func `numbers at an end or side by side leave no empty range`() {
        #expect(
            text(OwnerSwap(users: .init(host: 0, container: 1), groups: nil).uidMappings) == [
                "0:1:1", "1:0:1", "2:2:4294967293",
            ])
        #expect(
            text(
                OwnerSwap(users: .init(host: 4_294_967_294, container: 0), groups: nil).uidMappings)
                == ["0:4294967294:1", "1:1:4294967293", "4294967294:0:1"])
    }

    struct Case: Sendable {
        var owner: String
        var user: UInt32?
        var group: UInt32?
    }

    @Test(arguments: [
        Case(owner: "1000", user: 1000, group: 1001), Case(owner: "ann", user: 1000, group: 1001),
        Case(owner: "7", user: 7), Case(owner: "7:8", user: 7, group: 8),
        Case(owner: "7:staff", user: 7, group: 1001), Case(owner: "auto", user: 5, group: 6),
    ])
    func `an owner is a user of the image`(example: Case) throws {
        let lookup = UserLookup(
            passwd: "ann:x:1000:1001::/home/ann:/bin/sh\n", group: "staff:x:1001:\n")
        let users = ContainerUsers(
            lookup: lookup,
            process: ContainerUser(uid: 5, gid: 6, additionalGroups: [6], home: "/"),
            files: UserFiles(passwd: "", group: ""), maps: nil)
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(
            "kade-owner-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }  // best effort
        let swap = try users.swap(example.owner, ofSource: FilePath(place.path))
        let (uid, gid) = (geteuid(), getegid())
        let exchanged = example.user.flatMap { OwnerSwap.Pair(host: uid, container: $0) }
        let groups = example.group.flatMap { OwnerSwap.Pair(host: gid, container: $0) }
        #expect(swap == OwnerSwap(users: exchanged, groups: groups))
        #expect(throws: Problem.self) {
            try users.swap("nobody-there", ofSource: FilePath(place.path))
        }
    }
}
