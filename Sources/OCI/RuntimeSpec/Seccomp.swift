extension RuntimeSpec {
    /// A system call filter: seccomp(2) (config-linux.md § Seccomp).
    package struct Seccomp: JSONCodable, Equatable {
        /// What happens to calls that no rule names.
        package var defaultAction: Action
        /// The errno of a default action that takes one; nil is EPERM.
        package var defaultErrnoRet: UInt32?
        /// System call tables that the rules are for; empty is the native one.
        package var architectures: [Architecture]
        /// Flags of the load.
        package var flags: [Flag]
        /// The socket that gets the descriptor of `SCMP_ACT_NOTIFY`.
        package var listenerPath: String?
        /// Text for the process behind the socket.
        package var listenerMetadata: String?
        /// The rules.
        package var syscalls: [Rule]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            defaultAction: Action,
            defaultErrnoRet: UInt32? = nil,
            architectures: [Architecture] = [],
            flags: [Flag] = [],
            listenerPath: String? = nil,
            listenerMetadata: String? = nil,
            syscalls: [Rule] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.defaultAction = defaultAction
            self.defaultErrnoRet = defaultErrnoRet
            self.architectures = architectures
            self.flags = flags
            self.listenerPath = listenerPath
            self.listenerMetadata = listenerMetadata
            self.syscalls = syscalls
            self.unknownFields = unknownFields
        }

        /// What happens to a call.
        package enum Action: String, JSONStringEnum {
            /// Kills the thread; the old name.
            case kill = "SCMP_ACT_KILL"
            case killProcess = "SCMP_ACT_KILL_PROCESS"
            case killThread = "SCMP_ACT_KILL_THREAD"
            /// Sends SIGSYS.
            case trap = "SCMP_ACT_TRAP"
            /// Fails the call.
            case errno = "SCMP_ACT_ERRNO"
            /// Asks the tracer; without one the call fails with ENOSYS.
            case trace = "SCMP_ACT_TRACE"
            case allow = "SCMP_ACT_ALLOW"
            /// Allows and logs.
            case log = "SCMP_ACT_LOG"
            /// Asks the process behind the listener.
            case notify = "SCMP_ACT_NOTIFY"
        }

        /// A system call table.
        package enum Architecture: String, JSONStringEnum {
            case x86 = "SCMP_ARCH_X86"
            case x86_64 = "SCMP_ARCH_X86_64"
            case x32 = "SCMP_ARCH_X32"
            case arm = "SCMP_ARCH_ARM"
            case aarch64 = "SCMP_ARCH_AARCH64"
            case mips = "SCMP_ARCH_MIPS"
            case mips64 = "SCMP_ARCH_MIPS64"
            case mips64n32 = "SCMP_ARCH_MIPS64N32"
            case mipsel = "SCMP_ARCH_MIPSEL"
            case mipsel64 = "SCMP_ARCH_MIPSEL64"
            case mipsel64n32 = "SCMP_ARCH_MIPSEL64N32"
            case ppc = "SCMP_ARCH_PPC"
            case ppc64 = "SCMP_ARCH_PPC64"
            case ppc64le = "SCMP_ARCH_PPC64LE"
            case s390 = "SCMP_ARCH_S390"
            case s390x = "SCMP_ARCH_S390X"
            case parisc = "SCMP_ARCH_PARISC"
            case parisc64 = "SCMP_ARCH_PARISC64"
            case riscv64 = "SCMP_ARCH_RISCV64"
            case loongarch64 = "SCMP_ARCH_LOONGARCH64"
            case m68k = "SCMP_ARCH_M68K"
            case sh = "SCMP_ARCH_SH"
            case sheb = "SCMP_ARCH_SHEB"
        }

        /// A flag of the load: seccomp(2).
        package enum Flag: String, JSONStringEnum {
            case threadSync = "SECCOMP_FILTER_FLAG_TSYNC"
            case log = "SECCOMP_FILTER_FLAG_LOG"
            case allowSpeculation = "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
            case waitKillable = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
        }

        /// What happens to some calls, whatever their arguments or when these compare.
        package struct Rule: JSONCodable, Equatable {
            /// The calls.
            package var names: [String]
            /// What happens.
            package var action: Action
            /// The errno of an action that takes one; nil is EPERM.
            package var errnoRet: UInt32?
            /// Conditions that all have to hold.
            package var args: [Argument]
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                names: [String] = [],
                action: Action,
                errnoRet: UInt32? = nil,
                args: [Argument] = [],
                unknownFields: JSONObject = JSONObject()
            ) {
                self.names = names
                self.action = action
                self.errnoRet = errnoRet
                self.args = args
                self.unknownFields = unknownFields
            }
        }

        /// A condition on one argument of a call.
        package struct Argument: JSONCodable, Equatable {
            /// Which argument: 0 to 5.
            package var index: UInt32
            /// What it is compared with; the mask of `SCMP_CMP_MASKED_EQ`.
            package var value: UInt64
            /// What the masked argument is compared with.
            package var valueTwo: UInt64?
            /// The comparison.
            package var op: Operator
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                index: UInt32,
                value: UInt64,
                valueTwo: UInt64? = nil,
                op: Operator,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.index = index
                self.value = value
                self.valueTwo = valueTwo
                self.op = op
                self.unknownFields = unknownFields
            }

            /// A comparison of an argument with a value.
            package enum Operator: String, JSONStringEnum {
                case notEqual = "SCMP_CMP_NE"
                case less = "SCMP_CMP_LT"
                case lessOrEqual = "SCMP_CMP_LE"
                case equal = "SCMP_CMP_EQ"
                case greaterOrEqual = "SCMP_CMP_GE"
                case greater = "SCMP_CMP_GT"
                case maskedEqual = "SCMP_CMP_MASKED_EQ"
            }
        }
    }
}

extension RuntimeSpec.Seccomp.Rule {
    package init(from json: inout JSONReader) throws(JSONError) {
        var action: RuntimeSpec.Seccomp.Action?
        var names: [String] = []
        var errnoRet: UInt32?
        var args: [RuntimeSpec.Seccomp.Argument] = []
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "names": names = try json.read()
            case "action": action = try json.read()
            case "errnoRet": errnoRet = try json.read()
            case "args": args = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            names: names,
            action: try json.required(action, "action"),
            errnoRet: errnoRet,
            args: args,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("names", names)
        json.member("action", action)
        json.optional("errnoRet", errnoRet)
        json.optional("args", args)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Seccomp.Argument {
    package init(from json: inout JSONReader) throws(JSONError) {
        var index: UInt32?
        var value: UInt64?
        var op: Operator?
        var valueTwo: UInt64?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "index": index = try json.read()
            case "value": value = try json.read()
            case "valueTwo": valueTwo = try json.read()
            case "op": op = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            index: try json.required(index, "index"),
            value: try json.required(value, "value"),
            valueTwo: valueTwo,
            op: try json.required(op, "op"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("index", index)
        json.member("value", value)
        json.optional("valueTwo", valueTwo)
        json.member("op", op)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Seccomp {
    package init(from json: inout JSONReader) throws(JSONError) {
        var defaultAction: Action?
        var defaultErrnoRet: UInt32?
        var architectures: [Architecture] = []
        var flags: [Flag] = []
        var listenerPath: String?
        var listenerMetadata: String?
        var syscalls: [Rule] = []
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "defaultAction": defaultAction = try json.read()
            case "defaultErrnoRet": defaultErrnoRet = try json.read()
            case "architectures": architectures = try json.read()
            case "flags": flags = try json.read()
            case "listenerPath": listenerPath = try json.read()
            case "listenerMetadata": listenerMetadata = try json.read()
            case "syscalls": syscalls = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            defaultAction: try json.required(defaultAction, "defaultAction"),
            defaultErrnoRet: defaultErrnoRet,
            architectures: architectures,
            flags: flags,
            listenerPath: listenerPath,
            listenerMetadata: listenerMetadata,
            syscalls: syscalls,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("defaultAction", defaultAction)
        json.optional("defaultErrnoRet", defaultErrnoRet)
        json.optional("architectures", architectures)
        json.optional("flags", flags)
        json.optional("listenerPath", listenerPath)
        json.optional("listenerMetadata", listenerMetadata)
        json.optional("syscalls", syscalls)
        json.members(unknownFields)
        json.endObject()
    }
}
