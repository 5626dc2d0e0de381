import Diagnostics
import Testing

@testable import Engine

@Suite struct UpdateTests {
    private func updated(
        _ container: (inout ContainerRequest) -> Void, _ change: (inout ContainerUpdate) -> Void
    ) throws -> ContainerRequest {
        var request = ContainerRequest(image: "debian")
        container(&request)
        var update = ContainerUpdate()
        change(&update)
        return try request.updated(by: update)
    }

    @Test func `what is not given stays`() throws {
        let request = try updated {
            $0.resources.cpuShares = 512
            $0.resources.pidsLimit = 10
            $0.restartPolicy = .always
        } _: {
            $0.resources.pidsLimit = 20
        }
        #expect(request.resources.cpuShares == 512)
        #expect(request.resources.pidsLimit == 20)
        #expect(request.restartPolicy == .always)
    }

    @Test func `swap that was the double of the memory does not follow it`() throws {
        let request = try updated {
            $0.resources.memoryInBytes = 100 << 20
        } _: {
            $0.resources.memoryInBytes = 150 << 20
        }
        #expect(request.resources.memoryAndSwapInBytes == 200 << 20)
    }

    @Test func `memory above the swap that is set needs the swap at the same time`() throws {
        #expect(throws: Problem.self) {
            try updated {
                $0.resources.memoryInBytes = 100 << 20
            } _: {
                $0.resources.memoryInBytes = 300 << 20
            }
        }
        let request = try updated {
            $0.resources.memoryInBytes = 100 << 20
        } _: {
            $0.resources.memoryInBytes = 300 << 20
            $0.resources.memoryAndSwapInBytes = -1
        }
        #expect(request.resources.memoryAndSwapInBytes == -1)
    }

    @Test func `--cpus and a quota exclude each other`() {
        #expect(throws: Problem.self) {
            try updated {
                $0.resources.cpuQuotaInMicroseconds = 50_000
            } _: {
                $0.resources.nanoCPUs = 1_000_000_000
            }
        }
        #expect(throws: Problem.self) {
            try updated {
                $0.resources.nanoCPUs = 1_000_000_000
            } _: {
                $0.resources.cpuPeriodInMicroseconds = 50_000
            }
        }
    }

    @Test func `a container that is removed after its end is never restarted`() throws {
        #expect(throws: Problem.self) {
            try updated {
                $0.isRemovedAfterExit = true
            } _: {
                $0.restartPolicy = .always
            }
        }
        let kept = try updated {
            $0.isRemovedAfterExit = true
        } _: {
            $0.restartPolicy = .no
        }
        #expect(kept.restartPolicy == .no)
    }
}
