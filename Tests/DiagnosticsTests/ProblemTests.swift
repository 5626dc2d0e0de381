import Diagnostics
import Testing

@Suite struct ProblemTests {
    @Test func `a problem reads as what, then why`() {
        let problem = Problem(
            kind: .conflict, what: "cannot name the container web", why: "4f2a has that name")
        #expect(problem.description == "cannot name the container web: 4f2a has that name")
    }
}
