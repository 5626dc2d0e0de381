import CLinux
import Glibc

/// How a file is opened: the flags of `open(2)`.
///
/// `O_CLOEXEC` is not among them: every open in this module has it.
package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: CInt
    package init(rawValue: CInt) { self.rawValue = rawValue }

    /// `O_RDONLY`: for reading, which is the absence of the two others.
    package static let readOnly: OpenFlags = []
    /// `O_WRONLY`: for writing.
    package static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    /// `O_RDWR`: for both.
    package static let readWrite = OpenFlags(rawValue: O_RDWR)
    /// `O_CREAT`: makes the file where there is none.
    package static let create = OpenFlags(rawValue: O_CREAT)
    /// `O_EXCL`: with ``create``, fails where there is one.
    package static let exclusive = OpenFlags(rawValue: O_EXCL)
    /// `O_TRUNC`: empties the file.
    package static let truncate = OpenFlags(rawValue: O_TRUNC)
    /// `O_APPEND`: every write goes to the end.
    package static let append = OpenFlags(rawValue: O_APPEND)
    /// `O_NONBLOCK`: no call on the descriptor waits.
    package static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
    /// `O_NOCTTY`: a terminal does not become the controlling one.
    package static let noControllingTerminal = OpenFlags(rawValue: O_NOCTTY)
    /// `O_DIRECTORY`: fails unless it is a directory.
    package static let directory = OpenFlags(rawValue: clinux_O_DIRECTORY)
    /// `O_NOFOLLOW`: fails if the last component is a symbolic link.
    package static let noFollow = OpenFlags(rawValue: clinux_O_NOFOLLOW)
    /// `O_PATH`: a handle on the place in the tree, without opening the file itself.
    package static let path = OpenFlags(rawValue: clinux_O_PATH)
    /// `O_TMPFILE`: a file without a name in the given directory.
    package static let temporaryFile = OpenFlags(rawValue: clinux_O_TMPFILE)
    /// `O_DIRECT`: past the page cache.
    package static let direct = OpenFlags(rawValue: clinux_O_DIRECT)
}
