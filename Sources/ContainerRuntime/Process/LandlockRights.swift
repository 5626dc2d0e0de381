import Linux
import OCI

extension RuntimeSpec.Landlock {
    /// What a version of the kernel's interface can do of this.
    ///
    /// - Parameter version: 0 is a kernel without Landlock.
    /// - Returns: the policy without what the kernel does not know, and the words for that.
    func offered(by version: Int) -> (policy: RuntimeSpec.Landlock, left: [String]) {
        var (policy, left) = (self, [String]())
        policy.ruleset.handledAccessFS.removeAll { $0.bit.neededVersion > version }
        if version < 4 { policy.ruleset.handledAccessNet = [] }
        if version < 6 { policy.ruleset.scoped = [] }
        if version < 7 { policy.flags = [] }
        left += missing(ruleset.handledAccessFS, policy.ruleset.handledAccessFS)
        left += missing(ruleset.handledAccessNet, policy.ruleset.handledAccessNet)
        left += missing(ruleset.scoped, policy.ruleset.scoped)
        left += missing(flags, policy.flags)
        policy.rules.pathBeneath = rules.pathBeneath.compactMap { rule in
            var rule = rule
            rule.allowedAccess.removeAll { !policy.ruleset.handledAccessFS.contains($0) }
            return rule.allowedAccess.isEmpty ? nil : rule
        }
        if version < 4 { policy.rules.netPort = [] }
        return (policy, left)
    }

    private func missing<Word: JSONStringEnum>(_ all: [Word], _ known: [Word]) -> [String] {
        all.filter { !known.contains($0) }.map(\.rawValue)
    }

    var logFlags: Landlock.LogFlags {
        flags.reduce(into: []) { flags, flag in
            switch flag {
            case .notOwn: flags.insert(.notOwn)
            case .newPrograms: flags.insert(.newPrograms)
            case .notInner: flags.insert(.notInner)
            }
        }
    }
}

extension RuntimeSpec.Landlock.Ruleset {
    var isEmpty: Bool { handledAccessFS.isEmpty && handledAccessNet.isEmpty && scoped.isEmpty }

    var scopes: Landlock.Scopes {
        scoped.reduce(into: []) { scopes, scope in
            switch scope {
            case .abstractSockets: scopes.insert(.abstractSockets)
            case .signals: scopes.insert(.signals)
            }
        }
    }
}

extension Landlock.FileAccess {
    init(_ names: [RuntimeSpec.Landlock.FileAccess]) {
        self = names.reduce(into: []) { $0.insert($1.bit) }
    }
}

extension Landlock.PortAccess {
    init(_ names: [RuntimeSpec.Landlock.PortAccess]) {
        self = names.reduce(into: []) { access, name in
            switch name {
            case .bind: access.insert(.bind)
            case .connect: access.insert(.connect)
            }
        }
    }
}

extension RuntimeSpec.Landlock.FileAccess {
    var bit: Landlock.FileAccess {
        switch self {
        case .execute: .execute
        case .writeFile: .writeFile
        case .readFile: .readFile
        case .readDirectory: .readDirectory
        case .removeDirectory: .removeDirectory
        case .removeFile: .removeFile
        case .makeCharacterDevice: .makeCharacterDevice
        case .makeDirectory: .makeDirectory
        case .makeFile: .makeFile
        case .makeSocket: .makeSocket
        case .makeFifo: .makeFifo
        case .makeBlockDevice: .makeBlockDevice
        case .makeSymbolicLink: .makeSymbolicLink
        case .refer: .refer
        case .truncate: .truncate
        case .controlDevice: .controlDevice
        }
    }
}
