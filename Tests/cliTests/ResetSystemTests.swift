import Diagnostics
import Testing

@testable import cli

@Suite struct ResetSystemTests {
    private let refusal = Problem(
        kind: .conflict, what: "cannot remove 2", why: "it is in use", fix: "end what uses it")

    @Test func `what cannot be removed keeps nothing else from it`() {
        var tried: [Int] = []
        let problems = ResetSystemCommand.attempt { () throws(Problem) -> [Int] in
            [1, 2, 3]
        } each: { number throws(Problem) in
            tried.append(number)
            guard number != 2 else { throw refusal }
        }
        #expect(tried == [1, 2, 3])
        #expect(problems.map(\.what) == [refusal.what])
    }

    @Test func `what cannot be listed is told`() {
        var tried = 0
        let problems = ResetSystemCommand.attempt { () throws(Problem) -> [Int] in
            throw refusal
        } each: { number throws(Problem) in
            tried += number
        }
        #expect(tried == 0)
        #expect(problems.map(\.what) == [refusal.what])
    }
}
