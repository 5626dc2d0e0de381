import Linux
import Testing

@testable import Engine

@Suite struct SubordinateIDsTests {
    @Test func `lines of other users, and lines that are none, are left out`() {
        let text = "ann:100000:65536\nbob:200000:1000\n\n1000:300000:10\nann:x:1\nann:5:0\nann:1\n"
        let ids = SubordinateIDs(parsing: text, of: ["ann", "1000"])
        #expect(ids.ranges == [100_000..<165_536, 300_000..<300_010])
    }

    @Test func `a range beyond the last ID is left out`() {
        #expect(SubordinateIDs(parsing: "ann:4294967000:1000", of: ["ann"]).ranges == [])
    }

    @Test func `the user is root, and the ranges follow from 1 on`() {
        let ids = SubordinateIDs(parsing: "ann:100000:65536\nann:300000:10", of: ["ann"])
        #expect(
            ids.map(own: 1000).text == "0 1000 1\n1 100000 65536\n65537 300000 10\n")
        #expect(SubordinateIDs(parsing: "", of: ["ann"]).map(own: 1000).text == "0 1000 1\n")
    }
}
