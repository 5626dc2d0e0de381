import Testing

@testable import Networking

@Suite struct AddressTests {
    @Test(arguments: ["0.0.0.0", "172.17.0.2", "255.255.255.255"])
    func `an IPv4 address is read and written`(text: String) {
        #expect(IPv4Address(text)?.description == text)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "+1.2.3.4", "a.b.c.d"])
    func `what is no IPv4 address is refused`(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("fd00::", "fd00::"), ("2001:DB8::0:1", "2001:db8::1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("::ffff:1.2.3.4", "::ffff:102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `an IPv6 address has one canonical text`(text: String, canonical: String) {
        #expect(IPv6Address(text)?.description == canonical)
    }

    @Test(arguments: [
        "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "12345::", "::g", "1:2:3:4:5:6:7:8:9",
    ])
    func `what is no IPv6 address is refused`(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test func `a subnet knows its addresses`() throws {
        let subnet = try #require(Subnet("10.1.2.77/28"))
        #expect("\(subnet)" == "10.1.2.64/28")
        #expect("\(subnet.last)" == "10.1.2.79")
        #expect("\(subnet.mask)" == "255.255.255.240")
        #expect(subnet.usable == 0x0a01_0241...0x0a01_024e)
        #expect(subnet.contains(try #require(IPAddress("10.1.2.79"))))
        #expect(!subnet.contains(try #require(IPAddress("10.1.2.80"))))
        #expect(!subnet.contains(try #require(IPAddress("::10.1.2.79"))))
    }

    @Test func `the whole of IPv6 is a subnet, too`() throws {
        let all = try #require(Subnet("::/0"))
        #expect("\(all.last)" == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        #expect("\(all.mask)" == "::")
    }

    @Test(arguments: ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "x/8", "::/129"])
    func `what is no subnet is refused`(text: String) {
        #expect(Subnet(text) == nil)
    }

    @Test func `the hardware address follows from the address`() throws {
        let address = try #require(IPv4Address("172.17.0.2"))
        #expect("\(MACAddress(for: address))" == "02:42:ac:11:00:02")
        #expect(MACAddress("01:00:00:00:00:00") == nil)
        #expect(MACAddress("02-42-ac-11-00-02") == MACAddress(for: address))
    }

    @Test func `pools give the first subnet that nothing overlaps`() throws {
        #expect("\(try AddressPools.free(besides: []))" == "172.17.0.0/16")
        let taken = ["172.17.3.0/24", "172.16.0.0/12"].compactMap { Subnet($0) }
        #expect("\(try AddressPools.free(besides: [taken[0]]))" == "172.18.0.0/16")
        #expect("\(try AddressPools.free(besides: taken))" == "192.168.0.0/20")
        let all = taken + ["192.168.0.0/16"].compactMap { Subnet($0) }
        #expect(throws: (any Error).self) { try AddressPools.free(besides: all) }
    }

    @Test func `a unique local subnet is one of fd00`() {
        let subnet = AddressPools.uniqueLocal(random: [1, 2, 3, 4, 5, 6, 7])
        #expect("\(subnet)" == "fd01:203:405:607::/64")
    }

    @Test func `the lowest free address is given`() throws {
        let subnet = try #require(Subnet("10.0.0.0/30"))
        let gateway = try #require(IPAddress("10.0.0.1"))
        let pool = AddressPool(subnet: subnet, range: nil, reserved: [gateway])
        let first = try #require(pool.firstFree(besides: []))
        #expect("\(first)" == "10.0.0.2")
        #expect(pool.firstFree(besides: [first]) == nil)
        #expect(pool.canGive(first))
        #expect(!pool.canGive(gateway))
        #expect(!pool.canGive(try #require(IPAddress("10.0.0.3"))))
    }

    @Test func `a range confines what is given`() throws {
        let subnet = try #require(Subnet("10.0.0.0/16"))
        let range = try #require(Subnet("10.0.5.0/30"))
        let pool = AddressPool(subnet: subnet, range: range, reserved: [])
        var taken: Set<IPAddress> = []
        while let next = pool.firstFree(besides: taken) { taken.insert(next) }
        #expect(taken.map { "\($0)" }.sorted() == ["10.0.5.0", "10.0.5.1", "10.0.5.2", "10.0.5.3"])
    }
}
