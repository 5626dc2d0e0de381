/// The environment of a container's process in Docker's order: the defaults, what image and user
/// say (a later value replaces an earlier one in its place), and HOME when nobody set it.
func processEnvironment(
    _ process: ProcessRequest, hostname: String, home: String
) -> [String] {
    var list = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME=\(hostname)",
    ]
    if process.hasTerminal { list.append("TERM=xterm") }
    list = overlaidEnvironment(list, with: process.environment)
    if !list.contains(where: { $0.hasPrefix("HOME=") }) { list.append("HOME=\(home)") }
    return list
}

/// Sets variables of `changes` in `base`; a change without `=` removes its variable.
func overlaidEnvironment(_ base: [String], with changes: [String]) -> [String] {
    var list = base
    for change in changes {
        let name = change.prefix { $0 != "=" }
        let index = list.firstIndex { $0.prefix { $0 != "=" } == name }
        if name.utf8.count == change.utf8.count {
            if let index { list.remove(at: index) }
        } else if let index {
            list[index] = change
        } else {
            list.append(change)
        }
    }
    return list
}
