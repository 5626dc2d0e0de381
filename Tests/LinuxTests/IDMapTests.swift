import Linux
import Testing

@Suite struct IDMapTests {
    let map = IDMap([
        .init(inside: 0, outside: 100_000, count: 1000), .init(inside: 1000, outside: 7, count: 1),
    ])

    @Test func `the kernel's text has one range a line`() {
        #expect(map.text == "0 100000 1000\n1000 7 1\n")
        #expect(IDMap(parsing: map.text) == map)
    }

    @Test func `the kernel pads what it shows`() {
        let text = "         0          0 4294967295\n"
        #expect(IDMap(parsing: text).isIdentity)
        #expect(IDMap.isIdentity(text))
        #expect(IDMap.isIdentity("0 0 4294967295\n"))
        #expect(!IDMap.isIdentity("         0       1000          1\n"))
        #expect(!IDMap.isIdentity(""))
    }

    @Test(arguments: [
        (0 as UInt32, 100_000 as UInt32?), (999, 100_999), (1000, 7), (1001, nil),
        (UInt32.max, nil),
    ])
    func `an inside ID is someone outside, or nobody`(inside: UInt32, outside: UInt32?) {
        #expect(map.outside(inside) == outside)
    }
}
