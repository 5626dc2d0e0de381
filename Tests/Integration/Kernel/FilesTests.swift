import Linux
import SystemPackage
import Testing

@Suite struct FilesTests {
    @Test func `a replaced file is whole and nothing else is left`() throws {
        try withTemporaryDirectory { place in
            let file = place.appending("state.json")
            for text in ["one", "two"] {
                try File.replace(
                    file, with: Array(text.utf8), permissions: .ownerReadWrite,
                    lasting: .powerLoss)
                #expect(try File.readText(file) == text)
            }
            #expect(try Directory.list(place).map(\.name.string) == ["state.json"])
        }
    }

    @Test func `a file that cannot be replaced stays and leaves no temporary one`() throws {
        try withTemporaryDirectory { place in
            let file = place.appending("directory")
            try Directory.makeAll(file.appending("inside"), permissions: .directoryDefault)
            #expect(throws: SystemCallError.self) {
                try File.replace(
                    file, with: [1], permissions: .ownerReadWrite, lasting: .processExit)
            }
            #expect(try Directory.list(place).map(\.name.string) == ["directory"])
        }
    }

    @Test func `a file system that takes no directories refuses them at once`() {
        #expect(throws: SystemCallError.self) {
            try Directory.makeAll("/proc/nothing/below", permissions: .directoryDefault)
        }
    }

    @Test func `a lock keeps others out until it goes`() throws {
        try withTemporaryDirectory { place in
            let path = place.appending("lock")
            do {
                let lock = try FileLock(path, .exclusive)
                let isFree = isHeld(try FileLock.ifFree(path, .exclusive))
                #expect(!isFree)
                _ = consume lock
            }
            let isFree = isHeld(try FileLock.ifFree(path, .exclusive))
            #expect(isFree)
        }
    }

    @Test func `names beyond a page of entries are all listed`() throws {
        try withTemporaryDirectory { place in
            for number in 0..<2000 {
                try File.create(
                    place.appending("a-name-of-some-length-\(number)"), content: [],
                    permissions: .ownerReadWrite)
            }
            #expect(Set(try Directory.list(place).map(\.name)).count == 2000)
        }
    }

    @Test func `a socket's path may be longer than an address`() throws {
        try withTemporaryDirectory { place in
            let deep = place.appending(String(repeating: "d", count: 120))
            try Directory.make(deep, permissions: .directoryDefault)
            let path = deep.appending("s.sock")
            let listener = try UnixSocket.listen(at: path, .packets, backlog: 1)
            let client = try UnixSocket.connect(to: path, .packets)
            let server = try listener.accept()
            let pipe = try Pipe()
            try client.send(Array("hello".utf8), descriptors: [pipe.writing.rawValue])
            var message = try server.receiveMessage(upToBytes: 100)
            #expect(message.bytes == Array("hello".utf8))
            let descriptor = message.descriptor.take()
            switch consume descriptor {
            case .some(let passed): try passed.writeAll("through")
            case .none: Issue.record("no descriptor came")
            }
            #expect(try pipe.reading.read(upToBytes: 7) == Array("through".utf8))
            #expect(try server.peer().user == client.peer().user)
        }
    }

    @Test func `epoll tells which descriptor is ready`() throws {
        let first = try Pipe()
        let second = try Pipe()
        let epoll = try Epoll()
        try epoll.add(first.reading, .readable, token: 1)
        try epoll.add(second.reading, .readable, token: 2)
        #expect(try epoll.wait(milliseconds: 0).isEmpty)
        try second.writing.writeAll("x")
        let events = try epoll.wait(milliseconds: nil)
        #expect(events.map(\.token) == [2])
        #expect(events.first?.events == .readable)
        let poll = try Poll.wait(
            for: [first.reading.rawValue, second.reading.rawValue], .readable, milliseconds: 0)
        #expect(poll == [[], .readable])
    }

    @Test func `a timer goes off once`() throws {
        let timer = try TimerDescriptor()
        #expect(try timer.expirations() == 0)
        try timer.set(milliseconds: 1)
        _ = try Poll.wait(for: [timer.descriptor.rawValue], .readable, milliseconds: nil)
        #expect(try timer.expirations() == 1)
    }

    @Test func `a pseudoterminal echoes what is typed, unless raw`() throws {
        let pty = try PseudoTerminal(
            adopting: OwnedFD.open("/dev/ptmx", [.readWrite, .noControllingTerminal]))
        let terminal = try pty.openTerminal()
        try WindowSize(rows: 33, columns: 99).apply(to: pty.primary.rawValue)
        #expect(
            try WindowSize(of: terminal.rawValue) == WindowSize(rows: 33, columns: 99))
        try terminal.writeAll("a\n")
        #expect(try pty.primary.read(upToBytes: 10) == Array("a\r\n".utf8))
        try TerminalSettings(of: terminal.rawValue).raw().apply(to: terminal.rawValue)
        try terminal.writeAll("a\n")
        #expect(try pty.primary.read(upToBytes: 10) == Array("a\n".utf8))
        #expect(Terminal.isTerminal(terminal.rawValue))
    }

    @Test(.enabled(if: isRoot)) func `a new network namespace gets its loopback up`() throws {
        try withPrivateMounts { place in
            try Namespaces.unshare([.newNetwork])
            try Mount.mount("sysfs", at: place, type: "sysfs", [], data: "")
            let flags = place.appending("class/net/lo/flags")
            #expect(try File.readText(flags) == "0x8\n")
            try RouteSocket().setUp(interface: "lo")
            #expect(try File.readText(flags) == "0x9\n")
            #expect(throws: SystemCallError.self) {
                try RouteSocket().setUp(interface: "nothing")
            }
        }
    }
}

/// Whether a lock was taken.
private func isHeld(_ lock: consuming FileLock?) -> Bool {
    switch lock {
    case .some: true
    case .none: false
    }
}

/// Lends a directory of its own and removes it with all that is in it.
func withTemporaryDirectory(_ body: (FilePath) throws -> Void) throws {
    let place = FilePath("/tmp/kade-test.\(Random.hexadecimal(bytes: 8))")
    try Directory.make(place, permissions: .ownerReadWriteExecute)
    defer { try? Directory.removeTree(place) }  // best effort: what is left is only in /tmp
    try body(place)
}
