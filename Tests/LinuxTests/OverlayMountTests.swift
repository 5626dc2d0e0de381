import SystemPackage
import Testing

@testable import Linux

@Suite struct OverlayMountTests {
    @Test func `the option string names the uppermost layer first`() {
        let mount = OverlayMount(lower: ["/top", "/bottom"], upper: "/u", work: "/w")
        #expect(
            mount.optionString(lower: mount.lower.map(\.string), data: [])
                == "lowerdir=/top:/bottom,upperdir=/u,workdir=/w")
    }

    @Test func `data-only layers follow, each after two colons`() {
        let mount = OverlayMount(lower: ["/a", "/b"], upper: nil, work: nil)
        #expect(
            mount.optionString(lower: ["/a", "/b"], data: ["/x", "/y"])
                == "lowerdir=/a:/b::/x::/y")
    }

    @Test func `separators in a path lose their meaning`() {
        #expect(OverlayMount.escaped(#"/a:b,c\d"#) == #"/a\:b\,c\\d"#)
    }

    @Test func `marks and syncs are options`() {
        let mount = OverlayMount(
            lower: ["/l"], upper: nil, work: nil, usesUserAttributes: true, isVolatile: true)
        #expect(mount.optionString(lower: ["/l"], data: []) == "lowerdir=/l,userxattr,volatile")
    }
}
