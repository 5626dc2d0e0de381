import Foundation
import Testing

/// `proxies` of Docker's `config.json`, in containers and builds.
@Suite(.enabled(if: isRoot)) struct DockerConfigurationTests {
    private let folder: TemporaryFolder
    private let kade: Kade

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            #"{"proxies": {"default": {"httpProxy": "http://p:1", "noProxy": "n"}}}"#,
            to: "docker/config.json")
        kade = try Kade.withBusybox(environment: ["DOCKER_CONFIG": folder.at("docker")])
    }

    @Test func `containers get the proxies, and a flag goes before the file`() throws {
        let shown = try kade.check(
            "run", "--rm", "-e", "HTTP_PROXY=own", "busybox", "sh", "-c",
            "echo $HTTP_PROXY $http_proxy $NO_PROXY $no_proxy ${ftp_proxy-none}")
        #expect(shown == "own http://p:1 n n none")
    }

    @Test func `builds get them without keeping them`() throws {
        try folder.write(
            "FROM busybox\nRUN echo $http_proxy $NO_PROXY > /seen\n", to: "context/Dockerfile")
        try kade.check("build", "-t", "made", folder.at("context"))
        #expect(
            try kade.check("run", "--rm", "-e", "http_proxy=", "made", "cat", "/seen")
                == "http://p:1 n")
        let image = try kade.check("image", "inspect", "made")
        #expect(!image.contains("p:1"))
        let own = try kade.check(
            "build", "-q", "--no-cache", "--build-arg", "http_proxy=own", "-t", "own",
            folder.at("context"))
        #expect(!own.isEmpty)
        #expect(try kade.check("run", "--rm", "own", "cat", "/seen") == "own n")
    }

    @Test func `a file that cannot be read is told of, and keeps nothing from working`() throws {
        try folder.write("{", to: "docker/config.json")
        let run = try kade("run", "--rm", "busybox", "true")
        #expect(run.exitCode == 0)
        #expect(run.errors.contains("WARNING: the proxies of"), "\(run)")
    }
}
