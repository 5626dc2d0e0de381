import ContainerRuntime
import Diagnostics
import OCI
import Testing

@testable import Engine

@Suite struct HealthRequestTests {
    private func request(_ change: (inout HealthRequest) -> Void) -> HealthRequest {
        var request = HealthRequest()
        change(&request)
        return request
    }

    @Test func `Docker's defaults fill in what nobody said`() throws {
        let check = try request { $0.test = ["CMD", "true"] }.check()
        #expect(
            check
                == HealthCheck(
                    test: .command(["true"]), intervalInMilliseconds: 30_000,
                    timeoutInMilliseconds: 30_000, startPeriodInMilliseconds: 0,
                    startIntervalInMilliseconds: 5000, retries: 3, onFailure: .none))
    }

    @Test func `a shell's command, a URL and a port are checks too`() throws {
        #expect(
            try request { $0.test = ["CMD-SHELL", "a b"] }.check()?.test
                == .command(["/bin/sh", "-c", "a b"]))
        let url = try #require(HealthURL("http://localhost:80/x"))
        #expect(try request { $0.test = ["HTTP", url.text] }.check()?.test == .http(url))
        #expect(try request { $0.test = ["TCP", "5432"] }.check()?.test == .tcp(port: 5432))
        #expect(try request { $0.test = ["NONE"] }.check() == nil)
        #expect(try HealthRequest().check() == nil)
    }

    @Test func `an image's values count where the user gave none`() {
        let image = ImageConfiguration.Healthcheck(
            test: ["CMD", "image"], interval: 1_000_000, retries: 7)
        let merged = request { $0.retries = 2 }.merged(with: image)
        #expect(merged.test == ["CMD", "image"])
        #expect(merged.intervalInNanoseconds == 1_000_000)
        #expect(merged.retries == 2)
        #expect(request { $0.test = ["CMD", "own"] }.merged(with: image).test == ["CMD", "own"])
    }

    @Test func `it comes back from the database as it was`() {
        let health = request {
            $0.test = ["TCP", "80"]
            $0.timeoutInNanoseconds = 5_000_000
            $0.onFailure = "restart"
        }
        #expect(HealthRequest(health.json) == health)
    }

    @Test(arguments: [
        ["TCP", "0"], ["TCP", "x"], ["HTTP", "https://localhost/"], ["MAGIC"],
    ])
    func `what cannot be checked is refused`(test: [String]) {
        #expect(throws: Problem.self) { try request { $0.test = test }.validate() }
    }

    @Test func `times below a millisecond, negative retries and unknown actions are refused`() {
        #expect(throws: Problem.self) {
            try request { $0.intervalInNanoseconds = 999_999 }.validate()
        }
        #expect(throws: Problem.self) { try request { $0.retries = -1 }.validate() }
        #expect(throws: Problem.self) { try request { $0.onFailure = "explode" }.validate() }
    }
}
