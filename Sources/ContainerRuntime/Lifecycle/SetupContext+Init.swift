import Diagnostics
import Linux

extension SetupContext {
    /// Takes note of the process that the setup is for, a child of this one or a sibling.
    mutating func adopt(_ id: CInt) {
        initProcessID = id
        let isSibling = leavesInitToParent
        undo("end process \(id)") { () throws(Problem) in
            try explaining("cannot end process \(id)") { () throws(SystemCallError) in
                isSibling ? try killAndAwait(sibling: id) : try killAndReap(child: id)
            }
        }
    }

    /// Hears from the process that joined namespaces for good which process it made.
    ///
    /// Where init is left to this process's parent, that process's exit status is too:
    /// ``helperProcessID``.
    mutating func initMade(by middle: consuming ChildProcess) throws(Problem) -> ChildProcess {
        let message = try receive()
        if leavesInitToParent { helperProcessID = middle.id }
        try explaining("cannot reap the process that joined the namespaces") {
            () throws(SystemCallError) in
            if !leavesInitToParent { _ = try middle.wait() }
        }
        switch message {
        case .process(let id)?:
            if let descriptor = initDescriptor.take() {
                return ChildProcess(id: id, descriptor: descriptor)
            }
            return try explaining("cannot hold process \(id)") { () throws(SystemCallError) in
                try ChildProcess(opening: id)
            }
        case .failed(_, let problem)?: throw problem
        default:
            throw Problem(
                kind: .unavailable, what: "cannot make the container's first process",
                why: "the process that joined the namespaces ended")
        }
    }
}

/// The two ends of the handshake socket, until each is with its owner.
struct HandshakeEnds: ~Copyable {
    var runtime: OwnedFD?
    var initProcess: OwnedFD?

    init() throws(Problem) {
        let pair = try explaining("cannot make the handshake socket") {
            () throws(SystemCallError) in try SocketPair(.packets)
        }
        self = pair.split { HandshakeEnds(runtime: $0, initProcess: $1) }
    }

    private init(runtime: consuming OwnedFD, initProcess: consuming OwnedFD) {
        self.runtime = consume runtime
        self.initProcess = consume initProcess
    }
}
