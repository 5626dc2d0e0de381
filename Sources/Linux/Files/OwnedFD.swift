import Glibc

/// The one owner of an open descriptor.
///
/// It closes when its owner lets it go.
package struct OwnedFD: ~Copyable, Sendable {
    /// The descriptor's number, to borrow for a call.
    package let rawValue: CInt

    /// Takes ownership of an open descriptor.
    package init(adopting rawValue: CInt) { self.rawValue = rawValue }

    deinit { close(rawValue) }

    /// Hands the descriptor to something that closes it itself.
    package consuming func release() -> CInt {
        let raw = rawValue
        discard self
        return raw
    }
}
