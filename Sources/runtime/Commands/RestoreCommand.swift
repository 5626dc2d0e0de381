import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// `kade-runtime restore`: makes a container again from what `checkpoint` kept.
enum RestoreCommand {
    private static let names: [OptionName] =
        CRIUArguments.names + Handover.names + [
            .value("bundle", "b"), .flag("detach", "d"), .flag("no-subreaper"), .flag("no-pivot"),
            .value("lsm-profile"), .value("lsm-mount-context"),
        ]

    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: names, stopsAtOperand: false)
        let id = try parsed.container(of: "restore")
        try RuntimeRoot.check(id)
        guard try !parsed.has("no-pivot") else {
            throw Problem(
                kind: .unsupported, what: "--no-pivot", why: "CRIU enters the root file system",
                fix: "leave it out")
        }
        let bundle = try Bundle.load(FilePath(parsed.value("bundle") ?? "."))
        var request = Restore.Request(
            id: id, bundle: bundle, root: global.root,
            criu: try CRIUArguments.settings(parsed, global))
        request.mayLackCgroup = global.isRootless
        request.securityProfile = parsed.value("lsm-profile")
        request.mountContext = parsed.value("lsm-mount-context")
        let isDetached = try parsed.has("detach")
        let handover = try Handover.prepare(
            parsed, isDetached: isDetached, hasTerminal: bundle.spec.process?.terminal ?? false)
        let foreground =
            isDetached ? nil : try Foreground(reapsOrphans: !parsed.has("no-subreaper"))
        var container = try Restore.run(request)
        do throws(Problem) {
            let terminal = container.consoleMaster.take()
            container.consoleMaster = try handover.deliver(
                container.process, as: "standard", terminal: terminal)
        } catch {
            throw container.takeBack(after: error)
        }
        for warning in container.warnings { global.log.warn(warning) }
        guard let foreground else { return 0 }
        let terminal = container.consoleMaster.take()
        let status = try foreground.wait(
            for: container.process, terminal: terminal, notify: nil,
            until: Deadline(inMilliseconds: nil))
        for warning in try container.remove() { global.log.warn("\(warning)") }
        return status.code
    }
}
