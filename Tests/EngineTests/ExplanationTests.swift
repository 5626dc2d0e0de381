import Linux
import Testing

@testable import Engine

/// The words of `explain`, made from what the kernel's files say.
@Suite struct ExplanationTests {
    @Test(arguments: [
        ("         0          0 4294967295\n", "everybody is who they are"),
        ("         0     100000      65536\n", "(0 to 65535 are 100000 to 165535 outside)"),
        ("0 1000 1\n1 100000 10\n", "0 1000 1 (0 is 1000 outside); 1 100000 10"),
        ("", "nobody"),
    ])
    func `maps of users are told in words`(text: String, words: String) {
        #expect(IDMapText.words(text).contains(words))
    }

    @Test func `a limit names its flag with the value that was given`() {
        var request = ResourceRequest()
        request.memoryInBytes = 64
        request.nanoCPUs = 1_500_000_000
        func origin(_ name: String) -> String {
            ResourceFlag.origin(of: "linux.resources.\(name)", request)
        }
        #expect(origin("memory.limit") == "--memory 64 (linux.resources.memory.limit)")
        #expect(origin("memory.swap").hasPrefix("default with --memory"))
        #expect(origin("cpu.quota") == "--cpus 1.5 (linux.resources.cpu.quota)")
        #expect(origin("unified.memory.high") == "linux.resources.unified.memory.high")
    }

    @Test func `every capability has words of its own`() {
        #expect(Set(Capability.allCases.map(\.power)).count == Capability.allCases.count)
    }

    @Test func `a page has every section but the steps`() {
        #expect(ExplainedTopic.page.count == ExplainedTopic.allCases.count - 1)
        #expect(!ExplainedTopic.page.contains(.steps))
    }
}
