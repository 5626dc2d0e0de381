import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerService {
    /// Checks a running container's health at once, as its monitor does, and waits for the result.
    ///
    /// - Returns: whether the check succeeded.
    /// - Throws: `.conflict` for a container that does not run or has no health check.
    package func checkHealth(of name: String) throws(Problem) -> Bool {
        let record = try context.record(of: name)
        guard try record.request.health.check() != nil else {
            throw Problem(
                kind: .conflict, what: "cannot check the health of \(name)",
                why: "container \(record.id) has no defined healthcheck",
                fix: "create it with --health-cmd, --health-http or --health-tcp")
        }
        guard case .running = try context.settledStatus(of: record, restarting: true).state else {
            throw Problem(
                kind: .conflict, what: "cannot check the health of \(name)",
                why: "container \(record.id) is not running", fix: "kade start \(name)")
        }
        if let plan = context.plan {
            plan.note(
                .checkHealth(context.configuration.monitorSocket(of: record.id)), by: .engine)
            return true
        }
        let session = try ContainerSession(
            connectingTo: context.configuration.monitorSocket(of: record.id),
            containerID: record.id)
        try session.send(ClientMessage.checkHealth)
        while let event = try session.receive() {
            switch event {
            case .checked(let code): return code == 0
            case .failed(let problem): throw problem
            case .started, .output, .error, .exited, .networkChanged: continue
            }
        }
        throw Problem(
            kind: .conflict, what: "cannot check the health of \(name)",
            why: "the container ended meanwhile")
    }
}

extension EngineContext {
    /// What the monitor has noted of a container's health; nil for one without a health check.
    func health(of record: ContainerRecord) throws(Problem) -> HealthState? {
        guard let test = record.request.health.test.first, test != "NONE" else { return nil }
        let path = configuration.bundle(of: record.id).health
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return HealthState()  // it was never started
        } catch {
            throw Problem(what: "cannot read \(path)", refusal: error)
        }
        // A power failure may have left the file and not its content.
        return (try? HealthState(json: bytes, named: path.string)) ?? HealthState()
    }
}
