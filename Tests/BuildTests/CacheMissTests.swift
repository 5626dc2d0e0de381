import Storage
import Testing

@testable import Build

/// Why the cache had no result.
@Suite struct CacheMissTests {
    @Test func `what changed is named, what lies below first`() {
        let before = StepInputs(["file a": "1", "file b": "1", StepInput.parent: "x"])
        let now = StepInputs(["file a": "2", "file c": "1", StepInput.parent: "y"])
        #expect(
            CacheMiss.reason(now, before: before)
                == "what lies below changed, file a changed, file b is gone, file c is new")
        #expect(CacheMiss.reason(now, before: nil) == "it was not built here before")
        // What is empty is not written down with the last build's.
        let empty = StepInputs(["file a": "1", "file b": "1", StepInput.parent: "x", "user": ""])
        #expect(CacheMiss.reason(empty, before: before) == "its result is no longer in the cache")
        #expect(CacheMiss.reason(now, before: now) == "its result is no longer in the cache")
    }

    @Test func `a key depends on names and values, and not on how they are put together`() {
        let one = CacheKey.key(of: StepInputs(["a": "b c", "d": ""]))
        #expect(one != CacheKey.key(of: StepInputs(["a": "b", "c d": ""])))
        #expect(one == CacheKey.key(of: StepInputs(["d": "", "a": "b c"])))
    }

    @Test(arguments: [
        ("644", 0o755, false, 0o644), ("u=rwX,go=rX", 0o600, false, 0o644),
        ("u=rwX,go=rX", 0o700, true, 0o755), ("a+x", 0o644, false, 0o755),
        ("go-rwx", 0o777, false, 0o700), ("+t", 0o777, true, 0o1777),
    ])
    func `a mode is a number or words`(
        text: String, before: UInt32, isDirectory: Bool, after: UInt32
    ) throws {
        let change = try #require(FileModeChange(text))
        #expect(change.applied(to: before, isDirectory: isDirectory) == after)
    }

    @Test(arguments: ["9", "77777", "u", "x=r", ""])
    func `a wrong mode is none`(text: String) { #expect(FileModeChange(text) == nil) }
}
