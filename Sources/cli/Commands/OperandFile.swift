import Diagnostics
import Linux
import SystemPackage

/// A file that a command reads: an operand that names it, or `-` for standard input.
enum OperandFile {
    /// Opens it.
    ///
    /// - Parameters:
    ///   - operand: the operand.
    ///   - what: what cannot be done without it.
    /// - Returns: the file.
    /// - Throws: why it cannot be opened.
    static func open(_ operand: String, what: String) throws(Problem) -> OwnedFD {
        do throws(SystemCallError) {
            return operand == "-"
                ? try OwnedFD.standardInput() : try OwnedFD.open(FilePath(operand), .readOnly)
        } catch {
            throw Problem(
                kind: Problem.Kind(error.errno), what: what, why: "\(error.errno)",
                fix: error.fixOfNamedFile, cause: error)
        }
    }
}
