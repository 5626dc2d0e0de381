import SystemPackage

/// A process and all that descend from it, as long as their parents live.
///
/// Those of a pid namespace whose first process this is are all among them: orphans become its
/// children.
///
/// - Parameter root: the process.
/// - Returns: their numbers in this process's pid namespace, in no order.
/// - Throws: when `/proc` cannot be read.
package func processTree(below root: CInt) throws(SystemCallError) -> [CInt] {
    var children: [CInt: [CInt]] = [:]
    for entry in try Directory.list("/proc") {
        guard let id = CInt(entry.name.string), let status = try ProcessStatus(of: id) else {
            continue
        }
        children[status.parentID, default: []].append(id)
    }
    var found = [root]
    var next = 0
    while next < found.count {
        found += children[found[next]] ?? []
        next += 1
    }
    return found
}
