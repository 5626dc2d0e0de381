import Diagnostics
import Testing

@testable import Engine

/// Which networks an ordinary user may make.
@Suite struct UserNetworkTests {
    private func refusal(
        _ driver: NetworkDriver, _ options: [String: String]
    ) -> Problem? {
        var definition = NetworkDefinition(driver: driver)
        definition.options = options
        do throws(Problem) {
            try definition.checkOptionsOfUser(of: "own")
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        [:], [BridgeOption.connectsContainers: "false", BridgeOption.mtu: "1400"],
        [BridgeOption.masquerades: "true", BridgeOption.gatewayMode4: "nat"],
    ])
    func `bridges are the user's own`(options: [String: String]) {
        #expect(refusal(.bridge, options) == nil)
    }

    @Test(arguments: [NetworkDriver.macvlan, .ipvlan])
    func `devices of the machine are root's`(driver: NetworkDriver) throws {
        let problem = try #require(refusal(driver, ["parent": "eth0"]))
        #expect(problem.kind == .unsupported)
        #expect(problem.what == "cannot make network own of driver \(driver.rawValue)")
        #expect(problem.fix?.contains("driver bridge") == true)
    }

    @Test(arguments: [
        [BridgeOption.masquerades: "false"], [BridgeOption.gatewayMode4: "routed"],
        [BridgeOption.gatewayMode6: "nat-unprotected"],
    ])
    func `what routes in the machine is refused`(options: [String: String]) throws {
        let problem = try #require(refusal(.bridge, options))
        #expect(problem.what.contains(options.keys.first ?? "none"))
        #expect(problem.why.contains("pasta"))
    }
}
