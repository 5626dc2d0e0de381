import OCI
import Testing

@testable import ContainerRuntime

@Suite struct SeccompSummaryTests {
    @Test func `the first rule without conditions decides`() {
        let summary = SeccompSummary(
            of: .init(
                defaultAction: .errno,
                syscalls: [
                    .init(names: ["read", "mount"], action: .allow),
                    .init(names: ["mount"], action: .killProcess),
                    .init(
                        names: ["personality"], action: .allow,
                        args: [.init(index: 0, value: 8, op: .equal)]),
                    .init(names: ["no_such_call"], action: .allow),
                ]), on: .x86_64)
        #expect(summary.calls[.always(.allow)] == ["mount", "read"])
        #expect(summary.calls[.depends] == ["personality"])
        #expect(summary.calls[.always(.errno)]?.contains("chroot") == true)
        // mount is 165: what comes later is unknown to the profile.
        #expect(summary.calls[.unknown]?.contains("openat2") == true)
        #expect(summary.calls[.always(.errno)]?.contains("write") == true)
    }
}
