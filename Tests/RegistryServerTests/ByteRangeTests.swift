import Testing

@testable import RegistryServer

@Suite struct ByteRangeTests {
    @Test(arguments: [
        (nil, ByteRange.whole), ("bytes=0-0", .part(0..<1)), ("bytes=5-9", .part(5..<10)),
        ("bytes=5-", .part(5..<100)), ("bytes=-10", .part(90..<100)), ("Bytes=1-2", .part(1..<3)),
        ("bytes=-1000", .part(0..<100)), ("bytes=90-1000", .part(90..<100)),
        ("bytes=100-", .unsatisfiable), ("bytes=100-200", .unsatisfiable),
        ("bytes=9-5", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        // What cannot be understood is passed over (RFC 9110 § 14.2).
        ("bytes=0-1,4-5", .whole), ("bytes=a-b", .whole), ("bytes=-", .whole),
        ("bytes=1-2-3", .whole), ("lines=1-2", .whole), ("bytes=99999999999999999999-", .whole),
    ])
    func `a range is a part of what is there`(header: String?, range: ByteRange) {
        #expect(ByteRange(header, sizeInBytes: 100) == range)
    }

    @Test func `nothing has no part`() {
        #expect(ByteRange("bytes=0-", sizeInBytes: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-5", sizeInBytes: 0) == .unsatisfiable)
    }

    @Test func `a chunk's range is two numbers, both of them in it`() {
        #expect(ChunkRange("0-9")?.sizeInBytes == 10)
        #expect(ChunkRange("10-10")?.first == 10)
        for text in ["", "-", "0-", "-9", "9-0", "a-b", "0-9/10", "bytes 0-9", "+1-2", "0 - 9"] {
            #expect(ChunkRange(text) == nil, "\(text)")
        }
    }
}
