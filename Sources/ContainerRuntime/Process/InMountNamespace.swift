package import Diagnostics
import Linux
package import SystemPackage

/// Does something in another mount namespace, and comes back.
///
/// The calling process has one thread; its working directory is the root afterwards.
///
/// - Parameters:
///   - path: the namespace, such as `/proc/PID/ns/mnt`.
///   - body: what is done there.
/// - Returns: what `body` returned.
/// - Throws: what `body` throws, or what keeps the process from going or from coming back.
package func inMountNamespace<Value: ~Copyable>(
    _ path: FilePath, _ body: () throws(Problem) -> Value
) throws(Problem) -> Value {
    let own = try explaining("cannot enter the mount namespace \(path)") {
        () throws(SystemCallError) in
        let own = try OwnedFD.open("/proc/self/ns/mnt", .readOnly)
        try Namespaces.enter(try OwnedFD.open(path, .readOnly), .mount)
        return own
    }
    let value: Value
    do throws(Problem) {
        value = try body()
    } catch {
        try comeBack(to: own, from: path)
        throw error
    }
    try comeBack(to: own, from: path)
    return value
}

private func comeBack(to own: borrowing OwnedFD, from path: FilePath) throws(Problem) {
    do throws(SystemCallError) {
        try Namespaces.enter(own, .mount)
    } catch {
        throw Problem(what: "cannot come back from the mount namespace \(path)", refusal: error)
    }
}
