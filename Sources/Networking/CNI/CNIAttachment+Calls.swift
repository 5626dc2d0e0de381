package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// The operations of the protocol, over the whole chain of plugins (CNI 1.1, § Lifecycle & Ordering).
extension CNIAttachment {
    /// Whether all of its plugins are there, which is asked before the first one does something.
    package func checkPlugins() throws(Problem) {
        for type in network.types {
            _ = try CNIPlugin(
                type, in: path, "cannot connect the container to network \(network.name)")
        }
    }

    /// Connects the container: ADD, from the first plugin to the last.
    ///
    /// - Parameter namespace: the container's network namespace, which plugins can open.
    /// - Returns: the result.
    /// - Throws: what a plugin refuses; the caller has to call ``delete(namespace:after:)`` then.
    package func add(namespace: FilePath) throws(Problem) -> CNIResult {
        let what = "cannot connect the container to network \(network.name)"
        let held = try hold(what)
        defer { withExtendedLifetime(held) {} }
        var result: JSONValue?
        for plugin in network.plugins {
            result = try run(plugin, .add, namespace, previous: result, what)
        }
        guard let result else {
            throw Problem(
                kind: .unavailable, what: what,
                why: "the CNI plugin \(network.types.last ?? "") printed no result")
        }
        return CNIResult(result, interface: interface)
    }

    /// Disconnects the container, also one that was connected half-way: DEL, in reverse order.
    ///
    /// - Parameters:
    ///   - namespace: the container's network namespace; nil when it is gone.
    ///   - result: what ADD returned; nil when it did not come so far.
    ///   - goesOn: whether those before a plugin that refuses are called all the same, as they are
    ///     where nobody will ask again.
    /// - Throws: what plugins refuse.
    package func delete(
        namespace: FilePath?, after result: JSONValue?, pastRefusals goesOn: Bool
    ) throws(Problem) {
        let what = "cannot disconnect the container from network \(network.name)"
        let held = try hold(what)
        defer { withExtendedLifetime(held) {} }
        var refusals = Refusals()
        for plugin in network.plugins.reversed() {
            do throws(Problem) {
                _ = try run(plugin, .delete, namespace, previous: result, what)
            } catch {
                guard goesOn else { throw error }
                refusals.add(error)
            }
        }
        try refusals.check()
    }

    /// Keeps GC from running meanwhile, which runs alone (CNI 1.1, § Lifecycle & Ordering).
    private func hold(_ what: String) throws(Problem) -> FileLock? {
        guard let lock else { return nil }
        return try explaining(what) { () throws(SystemCallError) -> FileLock? in
            do throws(SystemCallError) {
                return try FileLock(lock, .shared)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil  // after a boot there is no run root yet, and nobody in it
            }
        }
    }

    /// Asks the plugins whether they can connect anybody now, before the first one does something:
    /// STATUS.
    package func checkStatus() throws(Problem) {
        guard network.hasStatus else { return }
        let what = "cannot connect the container to network \(network.name)"
        for plugin in network.plugins {
            _ = try CNIPlugin(plugin["type"]?.string ?? "", in: path, what).run(
                network.configuration(of: plugin),
                environment: CNINetwork.environment(.status, path: path), what)
        }
    }

    /// Whether CHECK may be asked for.
    package var isCheckable: Bool { network.speaks("0.4.0") && !network.forbidsCheck }

    /// Asks the plugins whether all is as ADD left it: CHECK.
    package func check(namespace: FilePath, after result: JSONValue) throws(Problem) {
        let what = "cannot use the container's place on network \(network.name)"
        for plugin in network.plugins {
            _ = try run(plugin, .check, namespace, previous: result, what)
        }
    }

    private func run(
        _ plugin: JSONObject, _ verb: CNIVerb, _ namespace: FilePath?, previous: JSONValue?,
        _ what: String
    ) throws(Problem) -> JSONValue? {
        try CNIPlugin(plugin["type"]?.string ?? "", in: path, what).run(
            configuration(of: plugin, previous: previous),
            environment: environment(verb, namespace: namespace?.string), what)
    }
}

/// What several plugins refuse, told as one.
struct Refusals {
    private var all: Problem?

    mutating func add(_ problem: Problem) {
        guard let first = all else {
            all = problem
            return
        }
        let next = first.what == problem.what ? problem.why : problem.description
        all?.why = "\(first.why); and \(next)"
    }

    /// Throws what was refused, if anything was.
    func check() throws(Problem) { if let all { throw all } }
}
