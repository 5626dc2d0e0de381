import ContainerRuntime
import Diagnostics
import OCI
import Testing

@testable import Engine

@Suite struct EventQueryTests {
    private func event(
        _ action: Event.Action = .start, kind: Event.Kind = .container, id: String = "abcdef",
        _ attributes: [String: String] = ["name": "web", "image": "debian:12", "stage": "test"],
        at time: Int64 = 50
    ) -> Event {
        Event(
            kind: kind, action: action, id: id, attributes: attributes,
            nanosecondsSinceEpoch: time)
    }

    private func query(_ filters: (String, String)...) throws -> EventQuery {
        var query = EventQuery()
        for (key, value) in filters { try query.addFilter(key, value) }
        return query
    }

    @Test(arguments: [
        ("type", "container", true), ("type", "image", false), ("event", "start", true),
        ("event", "star", false), ("container", "web", true), ("container", "abc", true),
        ("container", "db", false), ("image", "debian", true), ("image", "debian:12", true),
        ("image", "deb", false), ("label", "stage", true), ("label", "stage=test", true),
        ("label", "stage=live", false), ("scope", "local", true), ("scope", "swarm", false),
    ])
    func `a filter chooses as Docker's does`(key: String, value: String, isWanted: Bool) throws {
        #expect(try query((key, value)).wants(event()) == isWanted)
    }

    @Test func `values of a key are alternatives, labels and keys come together`() throws {
        #expect(try query(("event", "die"), ("event", "start")).wants(event()))
        #expect(try !query(("label", "stage"), ("label", "other")).wants(event()))
        #expect(try !query(("event", "start"), ("type", "image")).wants(event()))
    }

    @Test func `health_status finds all of its states`() throws {
        let healthy = event(.healthStatus("healthy"))
        #expect(try query(("event", "health_status")).wants(healthy))
        #expect(try query(("event", "health_status: healthy")).wants(healthy))
        #expect(try !query(("event", "health_status: sick")).wants(healthy))
    }

    @Test func `since and until are moments that count`() throws {
        var query = EventQuery()
        query.since = Timestamp(nanosecondsSinceEpoch: 50)
        query.until = Timestamp(nanosecondsSinceEpoch: 50)
        #expect(query.wants(event(at: 50)))
        #expect(!query.wants(event(at: 49)))
        #expect(!query.wants(event(at: 51)))
    }

    @Test func `a filter that Docker does not have is refused`() {
        #expect(throws: Problem.self) { try query(("colour", "red")) }
    }

    @Test func `behind half a line that a full disk left the next event is found`() {
        let whole = event().json()
        let broken = Array(whole.prefix(30)) + whole
        #expect(EventFollower.event(in: broken[...]) == event())
        #expect(EventFollower.event(in: whole.prefix(30)) == nil)
    }
}
