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
        let what = "cannot ask for the elements of inet \(name) about \(bridge.name)"
        let socket = try explaining(what) { () throws(SystemCallError) in
            try NetlinkSocket(.netfilter)
        }
        var elements: [AppliedElement] = []
        for part in bridge.parts {
            let isThere = try explaining(what) { () throws(SystemCallError) in
                try has(part.key(of: addresses.map(\.address)), in: part.set, over: socket)
            }
            elements.append(
                AppliedElement(
                    text: "\(part.set.rawValue) { \(part.text) }", why: part.why,
                    isThere: isThere))
        }
        return elements
    }

    /// Whether a set has a key, or a range that it lies in.
    private static func has(
        _ element: FilterElement, in set: SetName, over socket: borrowing NetlinkSocket
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try socket.ask(
                element.question(in: set), "look into the set inet \(name) \(set.rawValue)")
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
