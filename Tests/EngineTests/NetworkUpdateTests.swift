import Diagnostics
import Networking
import OCI
import Testing

@testable import Engine

/// What a change makes of a network's name servers.
@Suite struct NetworkUpdateTests {
    private func network(
        _ name: String = "front", _ driver: NetworkDriver = .bridge, servers: [String] = []
    ) throws -> NetworkRecord {
        var definition = NetworkDefinition(driver: driver)
        definition.nameServers = try servers.map { try #require(IPAddress($0)) }
        return NetworkRecord(id: "0", name: name, created: .now, definition: definition)
    }

    private func change(add: [String] = [], drop: [String] = []) throws -> NetworkUpdate {
        var change = NetworkUpdate()
        change.addedServers = try add.map { try #require(IPAddress($0)) }
        change.droppedServers = try drop.map { try #require(IPAddress($0)) }
        return change
    }

    @Test(
        arguments: [
            ([], ["192.0.2.1", "fd00::1"], [], ["192.0.2.1", "fd00::1"]),
            (["192.0.2.1"], ["192.0.2.1", "192.0.2.2"], [], ["192.0.2.1", "192.0.2.2"]),
            (["192.0.2.1", "192.0.2.2"], [], ["192.0.2.1"], ["192.0.2.2"]),
            (
                ["192.0.2.1", "192.0.2.2"], ["192.0.2.1"], ["192.0.2.1"],
                ["192.0.2.2", "192.0.2.1"]
            ),
            (["192.0.2.1"], [], ["192.0.2.1"], []),
        ] as [([String], [String], [String], [String])])
    func `servers are dropped first, and new ones come after the others`(
        old: [String], add: [String], drop: [String], new: [String]
    ) throws {
        let updated = try network(servers: old).updated(by: change(add: add, drop: drop))
        #expect(updated.definition.nameServers.map { "\($0)" } == new)
        let read = try NetworkDefinition(.object(updated.definition.json), named: "front")
        #expect(read == updated.definition)
    }

    @Test(
        arguments: [
            ("front", NetworkDriver.bridge, [], ["192.0.2.1"], Problem.Kind.notFound),
            ("front", .bridge, ["127.0.0.53"], [], .invalid),
            ("front", .bridge, ["::"], [], .invalid),
            ("front", .cni, ["192.0.2.1"], [], .unsupported),
            ("bridge", .bridge, ["192.0.2.1"], [], .unsupported),
            ("none", .null, ["192.0.2.1"], [], .unsupported),
        ] as [(String, NetworkDriver, [String], [String], Problem.Kind)])
    func `what cannot be is refused`(
        name: String, driver: NetworkDriver, add: [String], drop: [String], kind: Problem.Kind
    ) throws {
        let network = try network(name, driver)
        let change = try change(add: add, drop: drop)
        do throws(Problem) {
            let updated = try network.updated(by: change)
            Issue.record("\(updated)")
        } catch {
            #expect(error.kind == kind && error.fix != nil)
        }
    }
}
