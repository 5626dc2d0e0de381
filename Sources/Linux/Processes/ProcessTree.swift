import SystemPackage

/// Processes and all that descend from them, as long as their parents live.
///
/// Those of a pid namespace whose first process is given are all among them, but for who has
/// entered it: orphans become its children.
///
/// - Parameter roots: the processes.
/// - Returns: their numbers in this process's pid namespace, each once and in no order.
/// - Throws: when `/proc` cannot be read.
package func processTree(below roots: [CInt]) throws(SystemCallError) -> [CInt] {
    var children: [CInt: [CInt]] = [:]
    for id in try processIDs() {
        guard let status = try ProcessStatus(of: id) else { continue }
        children[status.parentID, default: []].append(id)
    }
    var found = roots
    var known = Set(roots)
    var next = 0
    while next < found.count {
        for child in children[found[next]] ?? [] where known.insert(child).inserted {
            found.append(child)
        }
        next += 1
    }
    return found
}

/// The processes that see the same mounts as one does, itself among them.
///
/// Who may not look at a process of others does not find it.
///
/// - Parameter process: the process.
/// - Returns: their numbers in this process's pid namespace; none when the process has ended.
/// - Throws: when `/proc` cannot be read.
package func processesInMountNamespace(of process: CInt) throws(SystemCallError) -> [CInt] {
    guard let namespace = try mountNamespace(of: process) else { return [] }
    var found: [CInt] = []
    for id in try processIDs() where try mountNamespace(of: id) == namespace { found.append(id) }
    return found
}

/// What the kernel calls a process's mount namespace; nil for one that has ended or is others'.
private func mountNamespace(of process: CInt) throws(SystemCallError) -> FilePath? {
    do throws(SystemCallError) {
        return try Link.target(of: FilePath("/proc/\(process)/ns/mnt"))
    } catch {
        switch error.errno {
        case .noSuchFileOrDirectory, .noSuchProcess, .permissionDenied: return nil
        default: throw error
        }
    }
}

private func processIDs() throws(SystemCallError) -> [CInt] {
    try Directory.list("/proc").compactMap { CInt($0.name.string) }
}
