package import Diagnostics
import Linux
import SystemPackage

/// An element of Kade's table that concerns a container, and whether the kernel has it.
package struct AppliedElement: Sendable, Equatable {
    /// In the words of nft: "bridges { kade0 }".
    package let text: String
    package let why: String
    package let isThere: Bool
}

extension KadeTable {
    /// Asks the kernel for what concerns a container on a bridge.
    ///
    /// - Parameters:
    ///   - bridge: its bridge.
    ///   - addresses: its own addresses there.
    /// - Returns: the elements, those too that the kernel lacks.
    /// - Throws: when the kernel cannot be asked.
    package static func elements(
        of bridge: FilteredBridge, _ addresses: [InterfaceAddress]
    ) throws(Problem) -> [AppliedElement] {
        let name = FilterField.interfaceName(bridge.name)
        var wanted: [(SetName, [FilterField], String, String)] = [
            (
                .bridges, [name], bridge.name,
                "what comes from the bridge may go out, and nothing else may come in unasked"
            ),
            (
                .same, [name, name], "\(bridge.name) . \(bridge.name)",
                "neighbours reach each other"
            ),
        ]
        if bridge.isInternal {
            wanted.append((.internals, [name], bridge.name, "nothing leaves it (--internal)"))
        }
        if bridge.isRouted {
            wanted.append((.routed, [name], bridge.name, "all ports can be reached from outside"))
        }
        if bridge.isMasqueraded, !bridge.isInternal {
            for address in addresses.map(\.address) {
                wanted.append(
                    (
                        address.version.masqueradeSet, [.address(address)],
                        "\(bridge.subnets.first { $0.version == address.version }.map { "\($0)" } ?? "\(address)")",
                        "what leaves the machine gets one of the machine's addresses"
                    ))
            }
        }
        let what = "cannot ask for the elements of inet \(name)"
        let socket = try explaining(what) { () throws(SystemCallError) in
            try NetlinkSocket(.netfilter)
        }
        var elements: [AppliedElement] = []
        for (set, key, text, why) in wanted {
            let isThere = try explaining(what) { () throws(SystemCallError) in
                try has(FilterElement(key, value: nil), in: set, over: socket)
            }
            elements.append(
                AppliedElement(text: "\(set.rawValue) { \(text) }", why: why, isThere: isThere))
        }
        return elements
    }

    /// Whether a set has a key, or a range that it lies in.
    private static func has(
        _ element: FilterElement, in set: SetName, over socket: borrowing NetlinkSocket
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try socket.ask(element.question(in: set), "look for it in \(set.rawValue)")
            return true
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        }
    }
}

extension FilterElement {
    /// Asks whether a set has its key (`NFT_MSG_GETSETELEM`).
    func question(in set: KadeTable.SetName) -> NetlinkMessage {
        var message = NetlinkMessage(type: FilterBatch.subsystem << 8 | 13, flags: .request)
        message.append(FilterBatch.family)
        message.append(UInt8(0))
        message.append(UInt16(0))
        message.appendAttribute(type: 1, text: KadeTable.name)
        message.appendAttribute(type: 2, text: set.rawValue)
        message.appendNested(type: 3) { message in
            message.appendNested(type: 1) { writeKey(to: &$0) }
        }
        return message
    }
}
