import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The monitor's ends of a program's standard streams.
final class MonitorStreams {
    /// Where standard input goes; nil when it has ended, and with a terminal.
    private var input: OwnedFD?
    /// Standard output, or the terminal, which also takes input; nil once it has ended.
    private var output: OwnedFD?
    /// Standard error; nil with a terminal, and once it has ended.
    private var error: OwnedFD?
    let isTerminal: Bool
    /// Input that the program has not taken yet.
    private var waiting: [UInt8] = []
    private var endsAfterWaiting = false
    /// The program's ends, until the program has them.
    private var programInput: OwnedFD?
    private var programOutput: OwnedFD?
    private var programError: OwnedFD?

    /// Takes over the other side of a program's terminal.
    init(terminal: consuming OwnedFD?) throws(Problem) {
        output = consume terminal
        isTerminal = true
        try keepFromBlocking()
    }

    /// Makes pipes for a program without a terminal; without input that is `/dev/null`.
    init(hasInput: Bool) throws(Problem) {
        isTerminal = false
        try explaining("cannot make the pipes of the program") { () throws(SystemCallError) in
            try Pipe().split { reading, writing in
                output = consume reading
                programOutput = consume writing
            }
            try Pipe().split { reading, writing in
                error = consume reading
                programError = consume writing
            }
            guard hasInput else {
                programInput = try OwnedFD.open("/dev/null", .readOnly)
                return
            }
            try Pipe().split { reading, writing in
                programInput = consume reading
                input = consume writing
            }
        }
        try keepFromBlocking()
    }

    /// The program's ends, for the runtime to give to the program.
    var ofProgram: StandardStreams {
        StandardStreams(
            input: number(of: programInput), output: number(of: programOutput),
            error: number(of: programError))
    }

    /// Lets go of the program's ends, so that the program's end is the streams' end.
    func closeProgramSide() {
        programInput = nil
        programOutput = nil
        programError = nil
    }

    /// Whether input waits for the program to take some.
    var isInputCongested: Bool { !waiting.isEmpty }

    /// The descriptor that takes input; nil when input has ended.
    var inputNumber: CInt? {
        let number = isTerminal ? number(of: output) : number(of: input)
        return number < 0 ? nil : number
    }

    /// Gives the program input, as far as it takes it now; the rest waits.
    func write(_ bytes: [UInt8]) throws(SystemCallError) {
        guard inputNumber != nil, !endsAfterWaiting else { return }
        waiting += bytes
        try writeWaiting()
    }

    /// Gives the program what waits, as far as it takes it now.
    func writeWaiting() throws(SystemCallError) {
        while !waiting.isEmpty {
            let count = try writeOnce()
            guard count > 0 else { break }
            waiting.removeFirst(count)
        }
        if waiting.isEmpty, endsAfterWaiting { input = nil }
    }

    /// Ends standard input, after what waits.
    ///
    /// A terminal's stays: there the end is a key.
    func endInput() {
        guard !isTerminal else { return }
        endsAfterWaiting = true
        if waiting.isEmpty { input = nil }
    }

    /// Lets input go that nobody will read: the program has closed its end.
    func dropInput() {
        waiting.removeAll()
        input = nil
    }

    /// The descriptor of an output stream; nil once it has ended.
    func number(of stream: LogStream) -> CInt? {
        let number = stream == .output ? number(of: output) : number(of: error)
        return number < 0 ? nil : number
    }

    /// Reads what the program has written to a stream.
    ///
    /// - Returns: nil when there is nothing now or the stream has been closed, nothing at its end.
    func read(_ stream: LogStream) throws(Problem) -> [UInt8]? {
        do throws(SystemCallError) {
            return stream == .output ? try read(output) : try read(error)
        } catch  where error.errno == .wouldBlock {
            return nil
        } catch  where error.errno == .ioError && isTerminal {
            return []  // nobody has the terminal open any more (pty(7))
        } catch {
            throw Problem(what: "cannot read the output of the program", refusal: error)
        }
    }

    /// Closes an output stream that has ended.
    func close(_ stream: LogStream) {
        switch stream {
        case .output: output = nil
        case .error: error = nil
        }
    }

    private func read(_ descriptor: borrowing OwnedFD?) throws(SystemCallError) -> [UInt8]? {
        switch descriptor {
        case .none: nil
        case .some(let descriptor): try descriptor.read(upToBytes: monitorChunkInBytes)
        }
    }

    private func writeOnce() throws(SystemCallError) -> Int {
        do throws(SystemCallError) {
            return isTerminal ? try write(to: output) : try write(to: input)
        } catch  where error.errno == .wouldBlock {
            return 0
        }
    }

    private func write(to descriptor: borrowing OwnedFD?) throws(SystemCallError) -> Int {
        switch descriptor {
        case .none: waiting.count
        case .some(let descriptor):
            try waiting.withUnsafeBufferPointer { bytes throws(SystemCallError) in
                try descriptor.write(UnsafeRawBufferPointer(bytes))
            }
        }
    }

    private func number(of descriptor: borrowing OwnedFD?) -> CInt {
        switch descriptor {
        case .none: -1
        case .some(let descriptor): descriptor.rawValue
        }
    }

    private func keepFromBlocking() throws(Problem) {
        try explaining("cannot prepare the streams of the program") {
            () throws(SystemCallError) in
            try output?.setNonBlocking(true)
            try error?.setNonBlocking(true)
            try input?.setNonBlocking(true)
        }
    }
}
