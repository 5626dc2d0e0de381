import Foundation
import OCI
import SystemPackage
import Testing

@testable import Engine

@Suite struct StartAtBootTests {
    @Test(
        arguments: [
            (.no, 255, 0, false, false), (.always, 0, 0, false, true), (.always, 0, 0, true, true),
            (.unlessStopped, 0, 0, false, true), (.unlessStopped, 255, 0, true, false),
            (.onFailure(maximumRetries: 0), 255, 9, false, true),
            (.onFailure(maximumRetries: 0), 0, 0, false, false),
            (.onFailure(maximumRetries: 0), 143, 0, true, false),
            (.onFailure(maximumRetries: 3), 1, 2, false, true),
            (.onFailure(maximumRetries: 3), 1, 3, false, false),
        ] as [(RestartPolicy, Int32, Int, Bool, Bool)])
    func `the restart policy decides from the last run`(
        policy: RestartPolicy, code: Int32, restarts: Int, isByUser: Bool, starts: Bool
    ) throws {
        var lifecycle = try Lifecycle(json: ["status": "exited"], named: "test")
        lifecycle.exitCode = code
        lifecycle.restartCount = restarts
        lifecycle.wasStoppedByUser = isByUser
        #expect(status(policy, lifecycle).startsAtBoot == starts)
    }

    @Test func `a container that was never started stays so`() {
        #expect(!status(.always, nil).startsAtBoot)
    }

    @Test func `a stop by a user survives the file`() throws {
        var lifecycle = try Lifecycle(json: ["status": "exited"], named: "test")
        lifecycle.wasStoppedByUser = true
        #expect(try Lifecycle(json: lifecycle.json, named: "test") == lifecycle)
    }

    @Test(arguments: [Data(), Data(count: 300)])
    func `a file that lost its content is a run that ended unseen`(content: Data) throws {
        let path = NSTemporaryDirectory() + "kade-lifecycle-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try content.write(to: URL(filePath: path))
        let lifecycle = try #require(try Lifecycle(at: FilePath(path)))
        #expect(lifecycle.status == .running)
        #expect(lifecycle.pid == 0)
        let age = try #require(lifecycle.startedAt).nanosecondsSinceEpoch
        #expect(abs(Timestamp.now.nanosecondsSinceEpoch - age) < 60_000_000_000)
    }

    private func status(_ policy: RestartPolicy, _ lifecycle: Lifecycle?) -> ContainerStatus {
        var request = ContainerRequest(image: "busybox")
        request.restartPolicy = policy
        let truth = ProcessTruth(isMonitorAlive: false, isFrozen: false)
        return ContainerStatus(
            record: ContainerRecord(
                id: "aa", name: "web", image: "busybox", imageID: "sha256:x", created: .now,
                request: request, layers: []),
            lifecycle: lifecycle, truth: truth,
            state: ContainerState(lifecycle: lifecycle, truth: truth))
    }
}
