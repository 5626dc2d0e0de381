import CLinux
import Glibc

/// How a file is opened: the flags of `open(2)`.
///
/// `O_CLOEXEC` is not among them: every open in this module has it.
package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: CInt
    package init(rawValue: CInt) { self.rawValue = rawValue }

    /// All of them; the generic initializer would look up conformances at run time.
    package init(arrayLiteral flags: OpenFlags...) {
        var bits: CInt = 0
        for flag in flags { bits |= flag.rawValue }
        rawValue = bits
    }

    /// These flags and others, for the same reason.
    package func union(_ flags: OpenFlags) -> OpenFlags {
        OpenFlags(rawValue: rawValue | flags.rawValue)
    }

    /// A handle on a directory: `O_PATH` and `O_DIRECTORY`.
    package static var directoryHandle: OpenFlags { path.union(directory) }

    /// `O_RDONLY`: for reading, which is the absence of the two others.
    package static var readOnly: OpenFlags { OpenFlags(rawValue: O_RDONLY) }
    /// `O_WRONLY`: for writing.
    package static var writeOnly: OpenFlags { OpenFlags(rawValue: O_WRONLY) }
    /// `O_RDWR`: for both.
    package static var readWrite: OpenFlags { OpenFlags(rawValue: O_RDWR) }
    /// `O_CREAT`: makes the file where there is none.
    package static var create: OpenFlags { OpenFlags(rawValue: O_CREAT) }
    /// `O_EXCL`: with ``create``, fails where there is one.
    package static var exclusive: OpenFlags { OpenFlags(rawValue: O_EXCL) }
    /// `O_TRUNC`: empties the file.
    package static var truncate: OpenFlags { OpenFlags(rawValue: O_TRUNC) }
    /// `O_APPEND`: every write goes to the end.
    package static var append: OpenFlags { OpenFlags(rawValue: O_APPEND) }
    /// `O_NONBLOCK`: no call on the descriptor waits.
    package static var nonBlocking: OpenFlags { OpenFlags(rawValue: O_NONBLOCK) }
    /// `O_NOCTTY`: a terminal does not become the controlling one.
    package static var noControllingTerminal: OpenFlags { OpenFlags(rawValue: O_NOCTTY) }
    /// `O_DIRECTORY`: fails unless it is a directory.
    package static var directory: OpenFlags { OpenFlags(rawValue: clinux_O_DIRECTORY) }
    /// `O_NOFOLLOW`: fails if the last component is a symbolic link.
    package static var noFollow: OpenFlags { OpenFlags(rawValue: clinux_O_NOFOLLOW) }
    /// `O_PATH`: a handle on the place in the tree, without opening the file itself.
    package static var path: OpenFlags { OpenFlags(rawValue: clinux_O_PATH) }
    /// `O_TMPFILE`: a file without a name in the given directory.
    package static var temporaryFile: OpenFlags { OpenFlags(rawValue: clinux_O_TMPFILE) }
    /// `O_DIRECT`: past the page cache.
    package static var direct: OpenFlags { OpenFlags(rawValue: clinux_O_DIRECT) }
}
