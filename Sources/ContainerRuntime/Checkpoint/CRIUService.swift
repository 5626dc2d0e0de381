import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A CRIU that works for this process: `criu swrk`, over its RPC socket (criu.org/RPC).
struct CRIUService: ~Copyable {
    /// CRIU itself, a child of this process.
    let process: ChildProcess
    private let socket: OwnedFD

    /// What the rest of a request tells of its course.
    struct Notification: ~Copyable {
        let script: String
        let process: CInt?
        /// What came with it: the master of a terminal.
        var descriptor: OwnedFD?
    }

    private init(process: consuming ChildProcess, socket: consuming OwnedFD) {
        self.process = process
        self.socket = socket
    }

    /// Starts CRIU.
    ///
    /// - Parameters:
    ///   - program: its path; nil looks in the usual places.
    ///   - descriptors: what it finds as descriptors 4, 5 and so on.
    /// - Returns: a CRIU that waits for one request.
    /// - Throws: when it is not installed.
    static func start(
        _ program: FilePath?, descriptors: [CInt]
    ) throws(Problem) -> CRIUService {
        let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let found = lookUpProgram(program?.string ?? "criu", searchPath: searchPath)
        guard case .found(let path) = found else {
            throw Problem(
                kind: .unsupported, what: "cannot checkpoint or restore a container",
                why: "it takes CRIU, and there is no program \(program?.string ?? "criu")",
                fix: "install it (Debian: apt install criu), or name it with --criu")
        }
        return try explaining("cannot start \(path)") { () throws(SystemCallError) in
            let pair = try SocketPair(.packets)
            let process = try startWorker(
                path, arguments: ["criu", "swrk", "3"], environment: ["PATH=\(searchPath)"],
                standardError: nil, descriptors: [pair.second.rawValue] + descriptors)
            return CRIUService(process: process, socket: pair.keepFirst())
        }
    }

    /// The installed version as one number: 31701 is 3.17.1.
    static func version(of program: FilePath?) throws(Problem) -> Int64 {
        let service = try start(program, descriptors: [])
        let response = try service.request(.version, nil) { _ in }
        return response.version ?? 0
    }

    /// Whether CRIU and this kernel can restore pages later, or track changes of memory.
    static func has(
        _ feature: KeyPath<CRIUResponse, Bool>, _ program: FilePath?
    ) throws(Problem) -> Bool {
        let service = try start(program, descriptors: [])
        return try service.request(.featureCheck, nil) { _ in }[keyPath: feature]
    }

    /// Sends the request and answers notifications until it is served; then CRIU ends.
    ///
    /// - Parameters:
    ///   - kind: the request.
    ///   - options: its options.
    ///   - notify: what each notification needs done.
    /// - Returns: the answer, which is a success.
    /// - Throws: CRIU's error, or that of `notify`.
    consuming func request(
        _ kind: CRIURequestKind, _ options: CRIUOptions?,
        _ notify: (inout Notification) throws(Problem) -> Void
    ) throws(Problem) -> CRIUResponse {
        var message = ProtocolBufferWriter()
        message.add(1, kind.rawValue)
        if let options { message.add(2, options.message) }
        if kind == .featureCheck {
            var features = ProtocolBufferWriter()
            features.add(1, true)
            features.add(2, true)
            message.add(5, features)
        }
        try send(message)
        while true {
            let response = try receive(notify)
            guard let response else { continue }
            // Before CRIU is waited for, its socket closes: it may wait for another request.
            try explaining("cannot end the talk with CRIU") { () throws(SystemCallError) in
                try socket.shutDownWriting()
                _ = try process.wait()
            }
            return response
        }
    }

    /// Takes one message; nil for a notification, which is answered.
    private borrowing func receive(
        _ notify: (inout Notification) throws(Problem) -> Void
    ) throws(Problem) -> CRIUResponse? {
        var received = try explaining("cannot read what CRIU says") {
            () throws(SystemCallError) in try socket.receiveMessage(upToBytes: 40_960)
        }
        guard !received.bytes.isEmpty else {
            throw Problem(
                kind: .unavailable, what: "CRIU ended without an answer",
                why: "it does not work on this kernel, or was killed",
                fix: "look at what it says of itself: criu check")
        }
        let response = CRIUResponse(received.bytes)
        guard response.isSuccess else {
            let number = response.errorNumber
            let text = number == 0 ? "it gives no reason" : String(cString: strerror(number))
            throw Problem(
                kind: .unavailable, what: "CRIU failed", why: response.errorMessage ?? text,
                fix: "look at its log for the cause")
        }
        guard response.kind == CRIURequestKind.notify.rawValue else { return response }
        var notification = Notification(
            script: response.script ?? "", process: response.process,
            descriptor: received.descriptor.take())
        try notify(&notification)
        var answer = ProtocolBufferWriter()
        answer.add(1, CRIURequestKind.notify.rawValue)
        answer.add(3, true)  // notify_success
        try send(answer)
        return nil
    }

    private borrowing func send(_ message: ProtocolBufferWriter) throws(Problem) {
        try explaining("cannot reach CRIU") { () throws(SystemCallError) in
            _ = try socket.send(message.bytes)
        }
    }
}

extension Problem {
    /// A failure of CRIU with the last error of its log.
    func quoting(_ log: FilePath) -> Problem {
        var problem = self
        // Best effort: without a log CRIU's own words are all there is.
        let lines = (try? File.readText(log))?.split(separator: "\n") ?? []
        let errors = lines.filter { $0.split(separator: " ").contains("Error") }.suffix(3)
        guard !errors.isEmpty else { return problem }
        problem.why += " (\(errors.joined(separator: "; ")))"
        problem.fix = "look at the log: \(log)"
        return problem
    }
}
