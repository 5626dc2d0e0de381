import Foundation

/// A name server of the world outside, which tests ask through a container's.
///
/// It has `NAME.example` for every name, at 198.51.100.7, and says of `fails.example` that it
/// cannot tell. What it is asked over UDP for `large.example` is cut, and has 100 addresses over TCP.
struct NameServerStub {
    private let server: Tool.Running

    /// Listens on port 53 of an address.
    init(at address: String, in place: NetworkNamespace) throws {
        server = try place.start("python3", "-u", "-c", Self.program, address)
        let deadline = Date(timeIntervalSinceNow: 60)
        while !server.output.contains("ready") {
            guard server.process.isRunning, Date() < deadline else {
                throw Tool.Failure(description: "no name server: \(server.errors)")
            }
            usleep(2_000)
        }
    }

    /// What it was asked, a line each: `udp a.example`.
    var questions: [String] { server.output.split(separator: "\n").dropFirst().map(String.init) }

    func stop() { server.signal(SIGKILL) }

    private static let program = """
        import socket, struct, sys, threading
        def answer(query, transport):
            labels, index = [], 12
            while query[index]:
                labels.append(query[index + 1:index + 1 + query[index]].decode())
                index += 1 + query[index]
            name = '.'.join(labels)
            print(transport, name)
            question = query[12:index + 5]
            kind = struct.unpack('>H', query[index + 1:index + 3])[0]
            flags, count = 0x8180, 1 if kind == 1 else 0
            if name == 'fails.example':
                flags, count = 0x8182, 0
            elif not name.endswith('.example'):
                flags, count = 0x8183, 0
            elif name == 'large.example':
                flags, count = (0x8380, 0) if transport == 'udp' else (0x8180, 100)
            record = bytes([192, 12]) + struct.pack('>HHIH', 1, 1, 60, 4)
            head = query[:2] + struct.pack('>HHHHH', flags, 1, count, 0, 0)
            return head + question + b''.join(
                record + bytes([198, 51, 100, 7 + number]) for number in range(count))
        def connected(connection):
            size = struct.unpack('>H', connection.recv(2, socket.MSG_WAITALL))[0]
            reply = answer(connection.recv(size, socket.MSG_WAITALL), 'tcp')
            connection.sendall(struct.pack('>H', len(reply)) + reply)
            connection.close()
        def listen(server):
            while True:
                threading.Thread(target=connected, args=server.accept()[:1], daemon=True).start()
        family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        datagrams.bind((sys.argv[1], 53))
        server = socket.create_server((sys.argv[1], 53), family=family)
        threading.Thread(target=listen, args=(server,), daemon=True).start()
        print('ready')
        while True:
            query, sender = datagrams.recvfrom(4096)
            datagrams.sendto(answer(query, 'udp'), sender)
        """
}
