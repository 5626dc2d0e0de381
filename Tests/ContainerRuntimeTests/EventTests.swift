import Diagnostics
import OCI
import Testing

@testable import ContainerRuntime

@Suite struct EventTests {
    @Test func `an event is Docker's JSON and comes back as it was`() throws {
        let event = Event(
            kind: .container, action: .die, id: "abc",
            attributes: ["name": "web", "exitCode": "1"],
            nanosecondsSinceEpoch: 1_700_000_000_000_000_005)
        #expect(
            event.jsonString()
                == #"{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":"#
                + #"{"exitCode":"1","name":"web"}},"scope":"local","time":1700000000,"#
                + #""timeNano":1700000000000000005}"#)
        #expect(try Event(json: event.json(), named: "event") == event)
    }

    @Test(arguments: [
        "{}", #"{"Type":"planet","Action":"x","Actor":{"ID":"y"},"timeNano":1}"#,
        #"{"Type":"container","Action":"x","Actor":{},"timeNano":1}"#,
    ])
    func `what is no event is refused`(text: String) {
        #expect(throws: Problem.self) { try Event(json: Array(text.utf8), named: "event") }
    }

    @Test func `actions with more behind a colon are written as Docker does`() {
        #expect(Event.Action.execCreate(["ls", "-l"]).rawValue == "exec_create: ls -l")
        #expect(Event.Action.healthStatus("healthy").rawValue == "health_status: healthy")
    }
}
