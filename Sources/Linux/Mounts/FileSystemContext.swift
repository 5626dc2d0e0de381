import CLinux
import SystemPackage

/// A file system that is being configured for its mount: `fsopen(2)`.
package struct FileSystemContext: ~Copyable, Sendable {
    private let context: OwnedFD
    private let type: String

    /// Begins a file system of a type such as "overlay", "proc" or "tmpfs".
    package init(type: String) throws(SystemCallError) {
        self.type = type
        context = OwnedFD(
            adopting: try kernel("fsopen", type) {
                type.withCString { clinux_fsopen($0, Self.closeOnExec) }
            })
    }

    /// Sets an option that has a text as value.
    ///
    /// The system call is `fsconfig(2)` with `FSCONFIG_SET_STRING`.
    package borrowing func set(_ option: String, to value: String) throws(SystemCallError) {
        let descriptor = context.rawValue
        try kernel("fsconfig", "\(type) \(option)=\(value)\(messages)") {
            // A String that C takes as it is becomes an array first.
            option.withCString { option in
                value.withCString { clinux_fsconfig(descriptor, Self.setString, option, $0, 0) }
            }
        }
    }

    /// Sets an option that has no value, such as "ro".
    ///
    /// The system call is `fsconfig(2)` with `FSCONFIG_SET_FLAG`.
    package borrowing func set(_ option: String) throws(SystemCallError) {
        let descriptor = context.rawValue
        try kernel("fsconfig", "\(type) \(option)\(messages)") {
            option.withCString { clinux_fsconfig(descriptor, Self.setFlag, $0, nil, 0) }
        }
    }

    /// Sets options as mount(8) writes them: "size=1m", "sync".
    package borrowing func set(_ options: [String]) throws(SystemCallError) {
        for option in options {
            let text = option.utf8
            guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
                try set(option)
                continue
            }
            try set(
                String(Substring(text[..<equals])),
                to: String(Substring(text[text.index(after: equals)...])))
        }
    }

    /// Makes the file system and a detached mount of it.
    ///
    /// The system calls are `fsconfig(2)` with `FSCONFIG_CMD_CREATE` and `fsmount(2)`.
    package borrowing func mount(_ attributes: MountAttributes) throws(SystemCallError)
        -> DetachedMount
    {
        let descriptor = context.rawValue
        try kernel("fsconfig", "create \(type)\(messages)") {
            clinux_fsconfig(descriptor, Self.create, nil, nil, 0)
        }
        let mount = try kernel("fsmount", type) {
            clinux_fsmount(descriptor, Self.closeOnExec, UInt32(attributes.rawValue))
        }
        return DetachedMount(adopting: OwnedFD(adopting: mount))
    }

    /// What the kernel says about the last refusal, in parentheses; empty where it says nothing.
    ///
    /// Reading the descriptor gives one message at a time: "e overlay: Unknown parameter".
    private var messages: String {
        var lines: [String] = []
        while let line = try? context.read(upToBytes: 1024), !line.isEmpty {  // ENODATA: no more
            // Some file systems end it with a newline.
            let text = line.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
            lines.append(String(decoding: text, as: UTF8.self))
        }
        return lines.isEmpty ? "" : " (\(lines.joined(separator: "; ")))"
    }

    /// `FSOPEN_CLOEXEC` and `FSMOUNT_CLOEXEC`.
    private static let closeOnExec: UInt32 = 1
    /// `FSCONFIG_SET_FLAG`.
    private static let setFlag: UInt32 = 0
    /// `FSCONFIG_SET_STRING`.
    private static let setString: UInt32 = 1
    /// `FSCONFIG_CMD_CREATE`.
    private static let create: UInt32 = 6
}
