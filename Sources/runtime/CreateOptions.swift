import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// What `create` and `run` share: their options, and how they make a container.
struct CreateOptions {
    let id: String
    let bundle: Bundle
    private let parsed: ParsedArguments
    private let usesPivotRoot: Bool
    private let makesKeyring: Bool
    private let preservedDescriptors: Int
    /// `--steps`: where the times of the steps go.
    private let stepFile: FilePath?
    private let notifyDirectory: FilePath?

    private static let names: [OptionName] =
        Handover.names + [
            .value("bundle", "b"), .flag("no-pivot"), .flag("no-new-keyring"),
            .value("preserve-fds"), .flag("plan"), .value("steps"),
        ]

    /// - Parameters:
    ///   - arguments: the command's.
    ///   - command: its name.
    ///   - flags: what it has beyond the shared options.
    ///   - root: where the container's state goes.
    /// - Throws: ``Problem`` for wrong arguments or a bundle that is none.
    init(
        _ arguments: [String], of command: String, flags: [OptionName], in root: RuntimeRoot
    ) throws(Problem) {
        parsed = try ParsedArguments(
            arguments, options: Self.names + flags, stopsAtOperand: false)
        id = try parsed.container(of: command)
        try RuntimeRoot.check(id)
        usesPivotRoot = try !parsed.has("no-pivot")
        makesKeyring = try !parsed.has("no-new-keyring")
        stepFile = parsed.value("steps").map { FilePath($0) }
        let loaded = try Bundle.load(FilePath(parsed.value("bundle") ?? "."))
        notifyDirectory = NotifySocket.directory(for: id, in: root)
        bundle = Self.withServiceManager(loaded, notifyDirectory)
        let listeners = try Self.listenerCount()
        preservedDescriptors = try listeners + PreservedDescriptors.count(parsed, after: listeners)
    }

    /// Whether a flag of the command's own is set.
    func has(_ flag: String) throws(Problem) -> Bool { try parsed.has(flag) }

    /// Prints the plan and nothing else, where `--plan` asks for that.
    func printsPlan(_ global: GlobalOptions, starts: Bool) throws(Problem) -> Bool {
        guard try parsed.has("plan") else { return false }
        print(try request(global, starts: starts).plan().text, terminator: "")
        return true
    }

    /// Protects the program's own file, and reaches whom the container is handed over to.
    func prepare(isDetached: Bool) throws(Problem) -> Handover {
        try SelfProtection.ensure(closingFrom: 3 + preservedDescriptors, keeping: [])
        return try Handover.prepare(
            parsed, isDetached: isDetached, hasTerminal: bundle.spec.process?.terminal ?? false)
    }

    /// Makes the container and hands it over; where that fails nothing is left of it.
    ///
    /// - Parameters:
    ///   - handover: to whom.
    ///   - global: where the container's state and the warnings go.
    ///   - starts: whether its program is executed at once.
    ///   - notify: then gets the socket to which it says that it is ready.
    /// - Returns: the container, with its terminal where that is for the runtime to relay.
    /// - Throws: the ``Problem`` that ended it.
    func create(
        _ handover: borrowing Handover, _ global: GlobalOptions, starts: Bool,
        notify: inout NotifySocket?
    ) throws(Problem) -> CreatedContainer {
        var request = request(global, starts: starts)
        request.startsAtOnce = starts && notifyDirectory == nil && handover.isForNobody
        var container = try Create.run(request)
        do throws(Problem) {
            let terminal = container.consoleMaster.take()
            container.consoleMaster = try handover.deliver(
                container.process, as: "standard", terminal: terminal)
            if starts {
                notify = try NotifySocket.listen(for: id, in: global.root)
                try container.start()
            }
            try write(container.stepRecords())
        } catch {
            throw container.takeBack(after: error)
        }
        for warning in container.warnings { global.log.warn(warning) }
        return container
    }

    private func request(_ global: GlobalOptions, starts: Bool) -> Create.Request {
        var request = Create.Request(
            id: id, bundle: bundle, root: global.root, isStartedElsewhere: !starts)
        request.usesSystemd = global.usesSystemd
        request.mayLackCgroup = global.isRootless
        request.usesPivotRoot = usesPivotRoot
        request.makesKeyring = makesKeyring
        request.preservedDescriptors = preservedDescriptors
        request.recordsSteps = stepFile != nil
        request.notifyDirectory = notifyDirectory
        return request
    }

    /// Writes the steps' times, a line of JSON each.
    private func write(_ records: [StepRecord]) throws(Problem) {
        guard let stepFile else { return }
        try explaining("cannot write \(stepFile)") { () throws(SystemCallError) in
            try File.create(
                stepFile, content: records.flatMap(\.jsonLine), permissions: .ownerReadWrite)
        }
    }

    /// How many sockets a service manager passes on (sd_listen_fds(3)).
    private static func listenerCount() throws(Problem) -> Int {
        guard let text = getenv("LISTEN_FDS").map({ String(cString: $0) }) else { return 0 }
        guard let count = Int(text) else {
            throw Problem(
                kind: .invalid, what: "cannot pass sockets on",
                why: "LISTEN_FDS is \"\(text)\", which is no number")
        }
        return try ParsedArguments.checkDescriptorCount(count, of: "LISTEN_FDS")
    }

    /// The bundle with what a service manager passes on: `LISTEN_FDS` and `LISTEN_FDNAMES` in the
    /// program's environment, and the socket that the program reports to.
    private static func withServiceManager(
        _ bundle: Bundle, _ notifyDirectory: FilePath?
    ) -> Bundle {
        guard getenv("LISTEN_FDS") != nil || notifyDirectory != nil else { return bundle }
        var spec = bundle.spec
        if getenv("LISTEN_FDS") != nil {
            for name in ["LISTEN_FDS", "LISTEN_FDNAMES"] {
                guard let value = getenv(name) else { continue }
                spec.process?.env.append("\(name)=\(String(cString: value))")
            }
        }
        if let notifyDirectory { NotifySocket.prepare(&spec, notifyDirectory) }
        return Bundle(path: bundle.path, spec: spec, configuration: bundle.configuration)
    }
}

/// `--preserve-fds`: how many descriptors beyond the standard streams the program gets.
enum PreservedDescriptors {
    /// - Parameters:
    ///   - parsed: the command's arguments.
    ///   - listeners: how many sockets come before them.
    /// - Returns: the number.
    /// - Throws: when a descriptor is not open: the program would find another file in its place.
    static func count(_ parsed: ParsedArguments, after listeners: Int) throws(Problem) -> Int {
        let count = try parsed.preservedDescriptors()
        for index in 0..<count where fcntl(CInt(3 + listeners + index), F_GETFD) == -1 {
            throw Problem(
                kind: .invalid, what: "cannot pass descriptor \(3 + listeners + index) on",
                why: "--preserve-fds asks for \(count), and this one is not open",
                fix: "ask for fewer, or open it")
        }
        return count
    }

    /// `--preserve-fd` of `exec`: descriptors that the program gets under their own numbers, with
    /// commas between them.
    static func list(_ text: String?) throws(Problem) -> [CInt] {
        guard let text else { return [] }
        var numbers: [CInt] = []
        for part in text.split(separator: ",") {
            guard let number = CInt(part), number > 2, fcntl(number, F_GETFD) != -1 else {
                throw Problem(
                    kind: .invalid, what: "cannot pass descriptor \(part) on",
                    why: "--preserve-fd asks for it, and it is not open", fix: "open it")
            }
            numbers.append(number)
        }
        return numbers
    }
}
