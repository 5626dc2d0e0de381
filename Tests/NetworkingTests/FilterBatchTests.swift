import Linux
import Testing

@testable import Networking

@Suite struct FilterBatchTests {
    /// Bytes as hexadecimal text, four bytes a word.
    private static func hex(_ bytes: [UInt8]) -> [String] {
        stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<min(start + 4, bytes.count)].map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        }
    }

    /// What `nft --debug=mnl add table inet kade` sends, but for the batch's numbers.
    @Test func `a batch begins, does, and ends`() {
        var batch = FilterBatch.ofKade
        batch.addTable()
        #expect(
            Self.hex(batch.bytes) == [
                "14000000", "10000100", "00000000", "00000000", "0000000a",  // begin
                "20000000", "000a0504", "01000000", "00000000", "01000000",  // NFT_MSG_NEWTABLE
                "09000100", "6b616465", "00000000",  // kade
                "14000000", "11000100", "02000000", "00000000", "0000000a",  // end
            ])
    }

    /// The attributes that `nft add element inet kade anyports4 { tcp . 8080 : 172.17.0.2 . 80 }`
    /// sends, but for the number of a set of the same batch.
    @Test func `an element is a key of padded fields, and its value`() throws {
        var batch = FilterBatch.ofKade
        let port = PublishedPort(
            transport: .tcp, hostAddress: .v4(.unspecified), hostPort: 8080,
            address: try #require(IPAddress("172.17.0.2")), port: 80)
        batch.add([port])
        let expected = [
            "58000000", "0c0a0506", "01000000", "00000000", "01000000",  // NFT_MSG_NEWSETELEM
            "09000100", "6b616465", "00000000",  // kade
            "0e000200", "616e7970", "6f727473", "34000000",  // anyports4
            "28000380", "24000180", "10000180",  // elements, the element, its key
            "0c000100", "06000000", "1f900000",  // tcp . 8080
            "10000280", "0c000100", "ac110002", "00500000",  // 172.17.0.2 . 80
        ]
        #expect(Self.hex(batch.bytes).dropFirst(5).dropLast(5).elementsEqual(expected))
        #expect(port.nftElement == "anyports4 '{ tcp . 8080 : 172.17.0.2 . 80 }'")
    }

    @Test func `a subnet is a range whose end lies outside`() throws {
        let subnet = try #require(Subnet("10.0.0.0/8"))
        let elements = FilterElement.range(subnet)
        #expect(elements.count == 2)
        let all = try #require(Subnet("128.0.0.0/1"))
        #expect(FilterElement.range(all).count == 1)
        #expect(FilterElement.range(try #require(Subnet("::/0"))).count == 1)
    }

    @Test func `many elements are sent in parts`() {
        let ports = (1...1000).map { number in
            PublishedPort(
                transport: .udp, hostAddress: .v6(.unspecified), hostPort: UInt16(number),
                address: .v6(.loopback), port: 1)
        }
        var batch = FilterBatch.ofKade
        batch.add(ports)
        var reader = NetlinkReader(batch.bytes)
        var lengths = 0
        while let message = reader.next() { lengths += message.type == 0x0a0c ? 1 : 0 }
        #expect(lengths == 5)
    }
}
