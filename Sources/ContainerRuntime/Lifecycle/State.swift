package import Diagnostics
import Glibc
package import Linux
import OCI
import SystemPackage

/// What a container is doing: `state`.
package enum State {
    /// The state with runc's additions.
    package static func run(_ id: String, in root: RuntimeRoot) throws(Problem) -> ContainerState {
        let directory = try root.container(id)
        let state = try directory.loadState()
        return try detailed(state, in: directory)
    }

    /// The states of all containers of a root.
    package struct List: Sendable {
        package var states: [ContainerState] = []
        /// Why some containers are not among them.
        package var problems: [Problem] = []
    }

    /// The states of all containers, for `list`; one that vanishes meanwhile is left out.
    package static func all(in root: RuntimeRoot) throws(Problem) -> List {
        var list = List()
        for id in try root.identifiers() {
            do throws(Problem) {
                list.states.append(try run(id, in: root))
            } catch  where error.kind == .notFound {
                continue
            } catch {
                list.problems.append(error)  // one damaged container hides no other one
            }
        }
        return list
    }

    private static func detailed(
        _ state: RuntimeState, in directory: ContainerDirectory
    ) throws(Problem) -> ContainerState {
        var described = ContainerState(
            of: state, status: try status(of: state, in: directory, asksFreezer: true))
        described.details = ContainerState.Details(
            rootfs: state.rootfs, created: state.created, owner: userName(state.owner))
        return described
    }

    /// Where the container is in its life, from what the kernel knows of init.
    ///
    /// - Parameters:
    ///   - state: what is known of the container.
    ///   - directory: where that is kept.
    ///   - asksFreezer: whether a frozen container is told from a running one.
    /// - Returns: the state.
    /// - Throws: ``Problem`` when the kernel does not tell.
    package static func status(
        of state: RuntimeState, in directory: ContainerDirectory, asksFreezer: Bool
    ) throws(Problem) -> ContainerState.Status {
        guard let pid = state.initProcessID else { return .creating }
        let startTime = try explaining("cannot ask about process \(pid)") {
            () throws(SystemCallError) in try processStartTime(pid)
        }
        guard let startTime, startTime == state.initStartTime else { return .stopped }
        if asksFreezer, try isPaused(state, cgroup(of: state)) { return .paused }
        return File.exists(directory.fifo) ? .created : .running
    }

    /// Whether a container that lives is frozen.
    static func isPaused(_ state: RuntimeState, _ cgroup: Cgroup?) throws(Problem) -> Bool {
        guard let cgroup else { return false }
        return try explaining("cannot ask whether \(state.id) is paused") {
            () throws(SystemCallError) in try cgroup.isFrozen()
        }
    }

    /// The container's cgroup, or nil when it has none.
    package static func cgroup(of state: RuntimeState) throws(Problem) -> Cgroup? {
        guard state.cgroupPath != nil else { return nil }
        let layout = try explaining("cannot find the cgroup hierarchies") {
            () throws(SystemCallError) in try CgroupLayout.detect()
        }
        return cgroup(of: state, on: layout)
    }

    /// The same where the machine's hierarchies are known.
    static func cgroup(of state: RuntimeState, on layout: CgroupLayout) -> Cgroup? {
        state.cgroupPath.map { Cgroup(layout: layout, path: $0) }
    }

    /// A user's name from `/etc/passwd`, or "#" and the number, as runc prints it.
    private static func userName(_ id: UInt32) -> String {
        let text: String
        do throws(SystemCallError) {
            text = try File.readText("/etc/passwd")
        } catch {
            return "#\(id)"
        }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, UInt32(fields[2]) == id { return String(fields[0]) }
        }
        return "#\(id)"
    }
}
