import Networking
import OCI
import Testing

@testable import Engine

/// What of a container's request makes a clone.
@Suite struct CloneRequestTests {
    private func merged(_ request: ContainerRequest) -> ContainerRequest {
        var image = ImageConfiguration.Defaults()
        image.entrypoint = ["/entry"]
        image.cmd = ["serve"]
        image.env = ["PATH=/bin", "COLOUR=red", "SIZE=1"]
        return request.merged(with: image)
    }

    @Test func `what the image says is in it once`() {
        var request = ContainerRequest(image: "app")
        request.process.environment = ["COLOUR=blue"]
        request.process.removedVariables = ["SIZE"]
        request.mounts = [.anonymousVolume(at: "/data")]
        let first = merged(request)
        let second = merged(first.forClone(onNetworks: []))
        #expect(second.process.environment == first.process.environment)
        #expect(second.process.entrypoint == first.process.entrypoint)
        #expect(second.command == first.command)
        #expect(second.mounts == first.mounts)
    }

    @Test func `an entry point that was cleared stays so`() {
        var request = ContainerRequest(image: "app")
        request.process.entrypoint = []
        request.command = ["own"]
        let second = merged(merged(request).forClone(onNetworks: []))
        #expect(second.process.entrypoint == nil && second.command == ["own"])
    }

    @Test func `its addresses are others, and what was the first container's alone is gone`() {
        var request = ContainerRequest(image: "app")
        request.network.attachments = [NetworkAttachment(network: "front")]
        request.process.descriptors = [3]
        var place = NetworkAttachment(network: "front")
        place.ipv4 = IPv4Address("10.9.0.7")
        place.aliases = ["shop"]
        let clone = request.forClone(onNetworks: [place])
        place.ipv4 = nil
        #expect(clone.network.attachments == [place])
        #expect(clone.process.descriptors.isEmpty)
        request.network.isDefault = true
        #expect(request.forClone(onNetworks: [place]).network.attachments == nil)
        request.network.isDefault = false
        #expect(request.forClone(onNetworks: []).network.attachments == [])
    }
}
