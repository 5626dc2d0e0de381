import Linux
import SystemPackage

/// What the kernel remembers of who talks to whom (`nf_conntrack`), by messages to it.
///
/// It keeps to where a caller's first datagram went. A caller that goes on would never reach the
/// container that a port of UDP was published for meanwhile, nor the one that has it now.
enum ConnectionTracking {
    /// Forgets who talks to ports of UDP.
    ///
    /// - Throws: the kernel's refusal; one that tracks nothing, or cannot be asked, has nothing to
    ///   forget.
    static func forget(_ ports: [PublishedPort]) throws(SystemCallError) {
        let datagrams = ports.filter { $0.transport == .udp }
        guard !datagrams.isEmpty else { return }
        let socket = try NetlinkSocket(.netfilter)
        for port in datagrams {
            let entries: [NetlinkReader.Message]
            do throws(SystemCallError) {
                entries = try socket.dump(question(port), "look for callers of \(port.hostPort)")
            } catch  where error.errno == .invalidArgument || error.errno == .notSupported {
                return
            }
            for entry in entries where isAbout(port, entry) {
                do throws(SystemCallError) {
                    try socket.request(removal(of: entry, port), "forget a caller")
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue  // it has ended meanwhile
                }
            }
        }
    }

    /// `IPCTNL_MSG_CT_GET` of what was first sent to the port.
    static func question(_ port: PublishedPort) -> NetlinkMessage {
        var message = begin(1, port)
        message.appendNested(type: Attribute.original) { message in
            message.appendNested(type: 2) { message in  // CTA_TUPLE_PROTO
                message.appendAttribute(type: 1, number: port.transport.number)
                message.appendAttribute(type: 3, number: port.hostPort.bigEndian)
            }
        }
        message.appendNested(type: 25) { message in  // CTA_FILTER
            // CTA_FILTER_F_CTA_PROTO_NUM, CTA_FILTER_F_CTA_PROTO_DST_PORT
            message.appendAttribute(type: 1, number: UInt32(0x28))
            message.appendAttribute(type: 2, number: UInt32(0))
        }
        return message
    }

    /// `IPCTNL_MSG_CT_DELETE` of an entry.
    private static func removal(
        of entry: NetlinkReader.Message, _ port: PublishedPort
    ) -> NetlinkMessage {
        var message = begin(2, port)
        let attributes = entry.attributes(after: 4)
        for type in [Attribute.original, Attribute.id] {
            guard let content = attributes[type] else { continue }
            let nested: UInt16 = type == Attribute.original ? 0x8000 : 0
            message.appendAttribute(type: type | nested, bytes: content)
        }
        return message
    }

    /// Older kernels do not choose by the question.
    private static func isAbout(_ port: PublishedPort, _ entry: NetlinkReader.Message) -> Bool {
        let tuple = content(of: entry.attributes(after: 4)[Attribute.original])
        let transport = content(of: tuple[2])
        let address = content(of: tuple[1])[port.hostAddress.version == .v4 ? 2 : 4]
        return transport[1] == [port.transport.number]
            && transport[3] == [
                UInt8(port.hostPort >> 8), UInt8(truncatingIfNeeded: port.hostPort),
            ]
            && (port.hostAddress.isUnspecified || address == port.hostAddress.bytes)
    }

    private static func content(of nested: [UInt8]?) -> [UInt16: [UInt8]] {
        var all: [UInt16: [UInt8]] = [:]
        for attribute in NetlinkReader.attributes(in: (nested ?? [])[...]) {
            all[attribute.type] = attribute.content
        }
        return all
    }

    /// `struct nfgenmsg` of the subsystem `NFNL_SUBSYS_CTNETLINK`.
    private static func begin(_ type: UInt16, _ port: PublishedPort) -> NetlinkMessage {
        var message = NetlinkMessage(type: 1 << 8 | type, flags: .request)
        message.append(port.hostAddress.version.family)
        message.append(UInt8(0))  // NFNETLINK_V0
        message.append(UInt16(0))
        return message
    }

    private enum Attribute {
        /// `CTA_TUPLE_ORIG`.
        static let original: UInt16 = 1
        /// `CTA_ID`.
        static let id: UInt16 = 12
    }
}
