import Diagnostics
import Linux
import SystemPackage

/// A network device of the host that becomes the container's: `linux.netDevices` (runtime-spec 1.3,
/// config-linux.md § Network Devices).
///
/// It keeps its attributes and the addresses that someone configured for good and for the whole
/// world, and is switched on. It is not taken back: with the last process of the namespace the
/// kernel gives a physical device to the host again and ends a virtual one.
struct MoveNetworkDevice: SetupStep {
    /// The host's name.
    let name: String
    /// The name inside; "%d" in it is the lowest free number.
    let newName: String

    var explanation: Explanation {
        Explanation(
            shell: "ip link set \(name) netns $pid name \(newName); "
                + "nsenter -t $pid -n ip link set \(newName) up",
            why: "the container has this network device of the host", spec: "linux.netDevices")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let place = FilePath("/proc/\(context.initProcessID ?? 0)/ns/net")
        let outside = try explaining(what) { () throws(SystemCallError) in try RouteSocket() }
        let namespace = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.open(place, .readOnly)
        }
        let inside = try socket(in: namespace)
        let devices = try explaining(what) { () throws(SystemCallError) in
            try outside.devices()
        }
        guard let device = devices.first(where: { $0.name == name }) else {
            throw Problem(
                kind: .notFound, what: what, why: "the host has no network device \(name)",
                fix: "look at what there is: ip link")
        }
        let others = try explaining(what) { () throws(SystemCallError) in try inside.devices() }
        guard !others.contains(where: { $0.name == newName }) else {
            throw Problem(
                kind: .conflict, what: what, why: "the container has a device \(newName) already",
                fix: "choose another linux.netDevices name, or one with %d")
        }
        try explaining(what, fix: "see whether the device may be moved at all: ip -d link") {
            () throws(SystemCallError) in
            let addresses = try outside.addresses(of: device).filter(\.isPermanentAndGlobal)
            try outside.move(device, to: namespace, as: newName)
            guard let moved = try inside.devices().first(where: { !others.contains($0) }) else {
                throw SystemCallError(
                    call: "rtnetlink", subject: newName, errno: .noSuchAddressOrDevice)
            }
            for address in addresses { try inside.add(address, to: moved) }
            try inside.setUp(moved)
        }
    }

    /// Makes a socket in a namespace: it stays there when the runtime has come back.
    private func socket(in namespace: borrowing OwnedFD) throws(Problem) -> RouteSocket {
        try explaining(what, fix: "it takes CAP_SYS_ADMIN over the network namespace") {
            () throws(SystemCallError) in
            let home = try OwnedFD.open("/proc/self/ns/net", .readOnly)
            try Namespaces.enter(namespace, .network)
            do throws(SystemCallError) {
                let socket = try RouteSocket()
                try Namespaces.enter(home, .network)
                return socket
            } catch {
                try? Namespaces.enter(home, .network)  // the first error is the one to tell
                throw error
            }
        }
    }

    private var what: String { "cannot move the network device \(name) into the container" }
}
