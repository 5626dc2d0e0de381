import Linux
import SystemPackage

/// Runs a test in a directory of its own, which is removed afterwards.
func withTemporaryDirectory(_ body: (FilePath) throws -> Void) throws {
    let directory = FilePath("/tmp/kade-unpacking-\(Random.hexadecimal(bytes: 8))")
    try Directory.make(directory, permissions: .ownerReadWriteExecute)
    defer {
        do {
            try Directory.removeTree(directory)
        } catch {
            print("cannot remove \(directory): \(error)")
        }
    }
    try body(directory)
}
