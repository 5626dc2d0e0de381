import Glibc
import Linux
import OCI
import SystemPackage
import Testing

@testable import Networking

/// Who is who, from files like those that monitors write.
@Suite struct NameTableTests {
    /// A directory of names of one network, where this process is every monitor.
    private final class Names {
        let root: FilePath
        var directory: NameDirectory { NameDirectory(root: root) }

        init() throws {
            root = FilePath("/tmp/kade-names-" + Random.hexadecimal(bytes: 8))
            try Directory.make(root, permissions: .ownerReadWriteExecute)
        }

        deinit { try? Directory.removeTree(root) }

        func publish(
            _ names: [String], _ addresses: [String], as container: String, isAlive: Bool = true
        ) throws {
            let start = try #require(try processStartTime(getpid()))
            try directory.publish(
                NameRecord(
                    names: names, addresses: addresses.compactMap { IPAddress($0) },
                    monitor: getpid(), monitorStartTime: isAlive ? start : start + 1),
                of: container, on: "n1")
        }

        func table(
            aliases: [String: String] = [:], servers: [String] = [], asksHost: Bool = true,
            keepsSingleWords: Bool = false
        ) throws -> NameTable {
            var link = ContainerLink(
                network: "n1", name: "eth0",
                attachment: .bridge("kd", hostName: "veth", isIsolated: false), mac: nil, mtu: 1500,
                addresses: [try #require(InterfaceAddress("10.9.0.9/24"))], gateways: [],
                directRoutes: [], isPublished: true)
            link.networkName = "Front"
            link.names = ["me"]
            link.aliases = aliases
            var setup = NetworkSetup(links: [link], ports: [])
            setup.names = NameConfiguration(
                directory: root.string, servers: servers, asksHost: asksHost,
                keepsSingleWords: keepsSingleWords)
            let again = try NetworkSetup(setup.json.json(), named: "network.json")
            #expect(again == setup)
            return NameTable(again, in: directory)
        }
    }

    private func ask(
        _ table: inout NameTable, _ name: String, _ type: UInt16 = 1
    ) throws -> NameTable.Resolution {
        let query = try NameQueryTests.query(NameQueryTests.question(name, type: type))
        return table.resolve(query) { "nameserver 192.0.2.1\nnameserver fe80::1%lo\n" }
    }

    private func addresses(_ texts: String...) -> NameTable.Resolution {
        .records(texts.compactMap { IPAddress($0) }.map { .address($0) })
    }

    @Test func `names and aliases have addresses of both versions`() throws {
        let names = try Names()
        try names.publish(["Web", "w"], ["10.9.0.2", "fd00::2"], as: "c1")
        var table = try names.table(aliases: ["db": "web"])
        #expect(try ask(&table, "web") == addresses("10.9.0.2"))
        #expect(try ask(&table, "WEB", 28) == addresses("fd00::2"))
        #expect(try ask(&table, "w.front", 255) != addresses())
        #expect(try ask(&table, "db") == addresses("10.9.0.2"))
        // There is the name, but no such record.
        #expect(try ask(&table, "web", 15) == addresses())
        #expect(try ask(&table, "2.0.9.10.in-addr.arpa", 12) == .records([.pointer("web.Front")]))
        #expect(try ask(&table, "3.0.9.10.in-addr.arpa", 12) == .noSuchName)
    }

    @Test func `an address family that is not there is no error`() throws {
        let names = try Names()
        try names.publish(["web"], ["10.9.0.2"], as: "c1")
        var table = try names.table()
        #expect(try ask(&table, "web", 28) == .records([]))
    }

    @Test func `several containers of one alias are all there, each first once`() throws {
        let names = try Names()
        for number in 2...4 { try names.publish(["w"], ["10.9.0.\(number)"], as: "c\(number)") }
        var table = try names.table()
        var first: Set<NameResponse.Record> = []
        for _ in 0..<200 {
            guard case .records(let records) = try ask(&table, "w") else { continue }
            #expect(Set(records).count == 3)
            first.insert(try #require(records.first))
        }
        #expect(first.count == 3)
    }

    @Test func `changes are seen at once, and what a killed monitor left is not`() throws {
        let names = try Names()
        var table = try names.table(asksHost: false)
        #expect(try ask(&table, "web") == .noSuchName)
        try names.publish(["web"], ["10.9.0.2"], as: "c1")
        #expect(try ask(&table, "web") == addresses("10.9.0.2"))
        try names.publish(["other"], ["10.9.0.2"], as: "c1")
        #expect(try ask(&table, "web") == .noSuchName)
        #expect(try ask(&table, "other") == addresses("10.9.0.2"))
        try names.directory.withdraw("c1", from: "n1")
        #expect(try ask(&table, "other") == .noSuchName)
        try names.publish(["web"], ["10.9.0.2"], as: "c1", isAlive: false)
        #expect(try ask(&table, "web") == .noSuchName)
        try File.create(
            names.root.appending("n1/c2"), content: Array("{".utf8), permissions: .ownerReadWrite)
        #expect(try ask(&table, "web") == .noSuchName)
    }

    @Test func `others are asked about other names`() throws {
        let names = try Names()
        var table = try names.table()
        let host = ["192.0.2.1", "fe80::1%lo"].compactMap { NameUpstream($0, isInside: false) }
        #expect(try ask(&table, "example.org") == .others(host))
        #expect(try ask(&table, "word") == .others(host))
        #expect(try ask(&table, "1.2.0.192.in-addr.arpa", 12) == .others(host))
        table = try names.table(keepsSingleWords: true)
        #expect(try ask(&table, "word") == .noSuchName)
        #expect(try ask(&table, "word", 15) == .others(host))
        table = try names.table(servers: ["9.9.9.9"], asksHost: false)
        let own = [NameUpstream("9.9.9.9", isInside: true)].compactMap(\.self)
        #expect(try ask(&table, "example.org") == .others(own))
        table = try names.table(asksHost: false)
        #expect(try ask(&table, "example.org") == .noSuchName)
    }
}
