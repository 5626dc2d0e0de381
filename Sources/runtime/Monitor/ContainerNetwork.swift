import ContainerRuntime
import Diagnostics
import Linux
import Networking
import SystemPackage

/// The networks of the monitor's container: `network.json`, and what the kernel has of it.
///
/// They are set up before the first start, and stay as they are over restarts.
final class ContainerNetwork {
    private var sandbox: NetworkSandbox?
    private var setup: NetworkSetup?
    /// Answers for names; nil where the container has no network with any.
    private(set) var names: NameService?
    /// What others find the container by while it runs.
    private var published: PublishedNames?

    private let file: FilePath
    /// The file of the user namespace that owns the network namespace; nil for the monitor's own.
    private let owner: FilePath?
    /// The file of the network namespace of an ordinary user's bridges; nil without.
    private let bridges: FilePath?

    /// Reads what the engine wrote; nil where that is nothing.
    ///
    /// - Parameters:
    ///   - bundle: the container's bundle.
    ///   - sandbox: the namespace, where it was made already.
    ///   - owner: the file of the user namespace that owns the namespace; nil for the monitor's own.
    ///   - bridges: the file of the network namespace of an ordinary user's bridges; nil without.
    /// - Throws: what keeps the file from being read.
    init?(
        bundle: FilePath, _ sandbox: NetworkSandbox?, ownedBy owner: FilePath?,
        bridgesIn bridges: FilePath?
    ) throws(Problem) {
        file = bundle.appending("network.json")
        self.owner = owner
        self.bridges = bridges
        guard File.exists(file) else { return nil }
        setup = try Self.read(file)
        self.sandbox = sandbox
    }

    private static func read(_ file: FilePath) throws(Problem) -> NetworkSetup {
        let bytes = try explaining("cannot read \(file)") { () throws(SystemCallError) in
            try File.read(file)
        }
        return try NetworkSetup(bytes, named: file.string)
    }

    /// The ports of the host that lead to the container.
    var ports: [PublishedPort] { (sandbox?.ports ?? []) + (sandbox?.pluginPorts ?? []) }

    /// Connects the container to its networks, unless that was done.
    ///
    /// - Parameter teller: what tells of the steps as they are made; nil where nobody looks.
    /// - Throws: what could not be done.
    func setUp(telling teller: StepTeller?) throws(Problem) {
        guard let setup else {
            try sandbox?.revive()
            return
        }
        let sandbox: NetworkSandbox
        if let made = self.sandbox {
            sandbox = made
        } else {
            sandbox = try NetworkSandbox(ownedBy: owner, bridgesIn: bridges)
        }
        self.sandbox = sandbox
        sandbox.tellSteps(teller?.hear)
        defer { sandbox.tellSteps(nil) }
        try sandbox.setUp(setup)
        try sandbox.completeFiles()
        try prepareNames(setup, in: sandbox)
        self.setup = nil
    }

    private func prepareNames(_ setup: NetworkSetup, in sandbox: NetworkSandbox) throws(Problem) {
        guard setup.names != nil, names == nil else { return }
        names = try NameService(in: sandbox, file: file)
    }

    /// Lets others find the container by its names, from now until ``withdrawNames()``.
    func publishNames(of container: String) throws(Problem) {
        guard names != nil else { return }
        let published = try PublishedNames(of: container)
        self.published = published
        try published.change(to: Self.read(file))
    }

    /// Nobody finds the container by its names any more.
    func withdrawNames() throws(Problem) {
        try published?.change(to: NetworkSetup(links: [], ports: []))
        published = nil
    }

    /// Makes the networks what the engine has written meanwhile.
    func change() throws(Problem) {
        let new = try Self.read(file)
        // What was never set up begins with that.
        guard let sandbox, setup == nil else {
            setup = new
            return
        }
        try sandbox.change(to: new)
        try prepareNames(new, in: sandbox)
        try published?.change(to: new)
    }

    /// The network namespace's file, for as long as this process lives; nil without one.
    var path: FilePath? { sandbox?.path }

    /// What was done since this was last asked.
    func takeSteps() -> [StepRecord] { sandbox?.takeSteps() ?? [] }

    /// Gives the ports back, and lets the namespace go.
    ///
    /// - Returns: what could not be taken away.
    func leave() -> [Problem] {
        var problems: [Problem] = []
        do throws(Problem) {
            try withdrawNames()
            try names?.end()
        } catch {
            problems.append(error)
        }
        names = nil
        problems += sandbox?.tearDown() ?? []
        sandbox = nil
        return problems
    }
}
