import Diagnostics
import Synchronization
import Testing

@testable import Engine

/// The steps of a pull, as they are made of what `kade-server` tells.
@Suite struct PullStepsTests {
    /// The steps that were heard, with their ends.
    private final class Heard: Sendable {
        private let records = Mutex<[StepRecord]>([])

        var steps: [StepRecord] { records.withLock { $0 } }

        var watch: StepWatch {
            StepWatch(
                begin: { _ in },
                hear: { event in
                    self.records.withLock { records in
                        switch event {
                        case .begun(let record): records.append(record)
                        case .ended(let record):
                            records.removeAll {
                                $0.startInMicroseconds == record.startInMicroseconds
                            }
                            records.append(record)
                        }
                    }
                }, wait: { nil })
        }
    }

    private let digest = "sha256:" + String(repeating: "a", count: 64)

    private func shells(
        of reference: String, _ events: [TransferEvent]
    ) throws -> [String] {
        let heard = Heard()
        var steps = try PullSteps(of: TransferRequest(reference), telling: heard.watch)
        for event in events { steps.take(event, atMicroseconds: nil) }
        return heard.steps.map(\.explanation.shell)
    }

    @Test func `commands lead where the registry was found`() throws {
        let place = RegistryPlace(address: "http://[::1]:5000/v2/team/app")
        #expect(
            try shells(
                of: "[::1]:5000/team/app:1",
                [
                    .place(place, .all), .resolved(reference: "", digest: digest),
                    .layer(digest: digest, status: "done", current: 9, total: 9),
                ]) == [
                    "curl 'http://[::1]:5000/v2/team/app/manifests/1'",
                    "curl -L 'http://[::1]:5000/v2/team/app/blobs/\(digest)' | tar -x",
                ])
    }

    @Test func `a mirror is asked as one, and the registry after it`() throws {
        let mirror = RegistryPlace(
            address: "https://mirror.example/v2/library/debian", query: "ns=docker.io")
        let registry = RegistryPlace(
            address: "https://registry-1.docker.io/v2/library/debian")
        #expect(
            try shells(
                of: "debian",
                [
                    .place(mirror, .all), .place(registry, .all),
                    .resolved(reference: "", digest: digest),
                    .document(kind: "manifest", digest: digest, status: "done", sizeInBytes: 3),
                ]) == [
                    "curl 'https://mirror.example/v2/library/debian/manifests/latest?ns=docker.io'",
                    "curl https://registry-1.docker.io/v2/library/debian/manifests/latest",
                    "curl -L https://registry-1.docker.io/v2/library/debian/manifests/\(digest)",
                ])
    }

    @Test func `who knows the tags alone is asked for nothing else`() throws {
        let mirror = RegistryPlace(address: "https://mirror.example/v2/app")
        let resolver = RegistryPlace(address: "https://r.example/v2/app")
        #expect(
            try shells(
                of: "r.example/app:1",
                [
                    .place(mirror, .content), .place(resolver, .names),
                    .resolved(reference: "", digest: digest),
                    .layer(digest: digest, status: "done", current: 9, total: 9),
                ]) == [
                    "curl https://r.example/v2/app/manifests/1",
                    "curl -L https://mirror.example/v2/app/blobs/\(digest) | tar -x",
                ])
    }

    @Test func `a pull that fails before it asks anybody has its step`() throws {
        let heard = Heard()
        var steps = try PullSteps(of: TransferRequest("[::1]/app:1"), telling: heard.watch)
        steps.fail(Problem(kind: .denied, what: "cannot pull", why: "it is blocked"))
        #expect(heard.steps.map(\.explanation.shell) == ["curl 'http://[::1]/v2/app/manifests/1'"])
        #expect(heard.steps.map(\.outcome) == [.failed("it is blocked")])
    }
}
