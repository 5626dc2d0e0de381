import Testing

@testable import RegistryServer

@Suite struct PageTests {
    private let list = ["A", "a", "b", "c"]

    @Test func `pages follow each other`() {
        let first = Page(of: list, 2, after: nil)
        #expect(first.entries == ["A", "a"])
        #expect(first.next == "a")
        let second = Page(of: list, 2, after: first.next)
        #expect(second.entries == ["b", "c"])
        #expect(second.next == nil)
    }

    @Test func `the last entry need not exist, and of none there is no next page`() {
        #expect(Page(of: list, 10, after: "aa").entries == ["b", "c"])
        #expect(Page(of: list, 10, after: "z").entries.isEmpty)
        let none = Page(of: list, 0, after: nil)
        #expect(none.entries.isEmpty)
        #expect(none.next == nil)
    }
}
