import Diagnostics
import Testing

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("runn", "run"), ("rn", "run"), ("nur", nil), ("urn", "run"), ("netwrok", "network"),
        ("COPY", nil), ("inspekt", "inspect"), ("x", nil), ("", nil), ("xyzzy", nil),
    ])
    func `the word that few slips lead to is meant`(typed: String, meant: String?) {
        #expect(
            Suggestion.nearest(to: typed, among: ["run", "network", "inspect", "restart"]) == meant)
    }

    @Test func `of several the nearest is meant`() {
        #expect(Suggestion.nearest(to: "starts", among: ["stats", "start", "status"]) == "stats")
        #expect(Suggestion.nearest(to: "start", among: ["stats", "start"]) == "start")
    }
}
