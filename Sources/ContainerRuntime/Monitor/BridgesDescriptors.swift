package import SystemPackage

/// The descriptors by which the monitors of an ordinary user's containers keep the user's bridges.
///
/// Their numbers follow each other, so that a command finds the bridges at any monitor when the
/// process that holds them was killed: by the second one, whose file it knows.
package struct BridgesDescriptors {
    /// The network namespace that the bridges are in.
    package let namespace: CInt

    package init(namespace: CInt) {
        self.namespace = namespace
    }

    /// A shared lock on a file of the run root: who waits for the exclusive one learns when nobody
    /// uses the bridges any more.
    package var use: CInt { namespace + 1 }
    package var numbers: [CInt] { [namespace, use] }

    /// The namespace's file, for as long as the process lives.
    package var path: FilePath { FilePath("/proc/self/fd/\(namespace)") }

    /// The number of the namespace, of which a process has these; it is told by that of the lock.
    package static func namespace(besideUse use: CInt) -> CInt { use - 1 }
}
