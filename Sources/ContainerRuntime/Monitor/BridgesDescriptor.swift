package import SystemPackage

/// The descriptors by which the monitors of an ordinary user's containers keep the user's bridges.
///
/// Their numbers are fixed, so that a command finds the bridges at any monitor when the process that
/// holds them was killed.
package enum BridgesDescriptor {
    /// The network namespace that the bridges are in.
    package static let namespace: CInt = 4
    /// A shared lock on a file of the run root: who waits for the exclusive one learns when nobody
    /// uses the bridges any more.
    package static let use: CInt = 5

    /// The namespace's file, for as long as the process lives.
    package static let path = FilePath("/proc/self/fd/\(namespace)")
}
