extension RuntimeSpec {
    /// A resource limit of the process: setrlimit(2).
    package struct Rlimit: JSONCodable, Equatable {
        /// What is limited.
        package var type: Kind
        /// The ceiling of the soft limit; 2⁶⁴ − 1 is no limit.
        package var hard: UInt64
        /// The limit that the kernel enforces.
        package var soft: UInt64
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            type: Kind,
            hard: UInt64,
            soft: UInt64,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.type = type
            self.hard = hard
            self.soft = soft
            self.unknownFields = unknownFields
        }

        /// The resource that is limited.
        package enum Kind: String, JSONStringEnum {
            case addressSpace = "RLIMIT_AS"
            case core = "RLIMIT_CORE"
            case cpu = "RLIMIT_CPU"
            case data = "RLIMIT_DATA"
            case fileSize = "RLIMIT_FSIZE"
            case locks = "RLIMIT_LOCKS"
            case lockedMemory = "RLIMIT_MEMLOCK"
            case messageQueues = "RLIMIT_MSGQUEUE"
            case nice = "RLIMIT_NICE"
            case openFiles = "RLIMIT_NOFILE"
            case processes = "RLIMIT_NPROC"
            case residentSet = "RLIMIT_RSS"
            case realtimePriority = "RLIMIT_RTPRIO"
            case realtimeTime = "RLIMIT_RTTIME"
            case pendingSignals = "RLIMIT_SIGPENDING"
            case stack = "RLIMIT_STACK"
        }
    }

    /// A scheduling policy: sched_setattr(2).
    package struct Scheduler: JSONCodable, Equatable {
        /// The policy.
        package var policy: Policy
        /// The nice value of `SCHED_OTHER` and `SCHED_BATCH`.
        package var nice: Int32?
        /// The static priority of `SCHED_FIFO` and `SCHED_RR`.
        package var priority: Int32?
        /// Modifiers.
        package var flags: [Flag]
        /// The run time of `SCHED_DEADLINE`, in nanoseconds.
        package var runtime: UInt64?
        /// The deadline of `SCHED_DEADLINE`, in nanoseconds.
        package var deadline: UInt64?
        /// The period of `SCHED_DEADLINE`, in nanoseconds.
        package var period: UInt64?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            policy: Policy,
            nice: Int32? = nil,
            priority: Int32? = nil,
            flags: [Flag] = [],
            runtime: UInt64? = nil,
            deadline: UInt64? = nil,
            period: UInt64? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.policy = policy
            self.nice = nice
            self.priority = priority
            self.flags = flags
            self.runtime = runtime
            self.deadline = deadline
            self.period = period
            self.unknownFields = unknownFields
        }

        /// A scheduling policy.
        package enum Policy: String, JSONStringEnum {
            case other = "SCHED_OTHER"
            case fifo = "SCHED_FIFO"
            case roundRobin = "SCHED_RR"
            case batch = "SCHED_BATCH"
            case iso = "SCHED_ISO"
            case idle = "SCHED_IDLE"
            case deadline = "SCHED_DEADLINE"
        }

        /// A modifier of the policy.
        package enum Flag: String, JSONStringEnum {
            case resetOnFork = "SCHED_FLAG_RESET_ON_FORK"
            case reclaim = "SCHED_FLAG_RECLAIM"
            case deadlineOverrun = "SCHED_FLAG_DL_OVERRUN"
            case keepPolicy = "SCHED_FLAG_KEEP_POLICY"
            case keepParameters = "SCHED_FLAG_KEEP_PARAMS"
            case clampMinimum = "SCHED_FLAG_UTIL_CLAMP_MIN"
            case clampMaximum = "SCHED_FLAG_UTIL_CLAMP_MAX"
        }
    }

    /// An I/O priority: ioprio_set(2).
    package struct IOPriority: JSONCodable, Equatable {
        /// The scheduling class.
        package var `class`: Class
        /// The priority in the class: 0, the highest, to 7.
        package var priority: Int
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            class: Class,
            priority: Int,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.`class` = `class`
            self.priority = priority
            self.unknownFields = unknownFields
        }

        /// An I/O scheduling class.
        package enum Class: String, JSONStringEnum {
            case realtime = "IOPRIO_CLASS_RT"
            case bestEffort = "IOPRIO_CLASS_BE"
            case idle = "IOPRIO_CLASS_IDLE"
        }
    }

    /// The processors that a program may run on: sched_setaffinity(2).
    package struct CPUAffinity: JSONCodable, Equatable {
        /// While the runtime prepares the program: "0-3,7".
        package var initial: String?
        /// Once the program is about to run.
        package var final: String?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            initial: String? = nil,
            final: String? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.initial = initial
            self.final = final
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Rlimit {
    package init(from json: inout JSONReader) throws(JSONError) {
        var type: Kind?
        var hard: UInt64?
        var soft: UInt64?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "type": type = try json.read()
            case "hard": hard = try json.read()
            case "soft": soft = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            type: try json.required(type, "type"),
            hard: try json.required(hard, "hard"),
            soft: try json.required(soft, "soft"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", type)
        json.member("hard", hard)
        json.member("soft", soft)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Scheduler {
    package init(from json: inout JSONReader) throws(JSONError) {
        var policy: Policy?
        var nice: Int32?
        var priority: Int32?
        var flags: [Flag] = []
        var runtime: UInt64?
        var deadline: UInt64?
        var period: UInt64?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "policy": policy = try json.read()
            case "nice": nice = try json.read()
            case "priority": priority = try json.read()
            case "flags": flags = try json.read()
            case "runtime": runtime = try json.read()
            case "deadline": deadline = try json.read()
            case "period": period = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            policy: try json.required(policy, "policy"),
            nice: nice,
            priority: priority,
            flags: flags,
            runtime: runtime,
            deadline: deadline,
            period: period,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("policy", policy)
        json.optional("nice", nice)
        json.optional("priority", priority)
        json.optional("flags", flags)
        json.optional("runtime", runtime)
        json.optional("deadline", deadline)
        json.optional("period", period)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.IOPriority {
    package init(from json: inout JSONReader) throws(JSONError) {
        var `class`: Class?
        var priority: Int?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "class": `class` = try json.read()
            case "priority": priority = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            class: try json.required(`class`, "class"),
            priority: try json.required(priority, "priority"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("class", `class`)
        json.member("priority", priority)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.CPUAffinity {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "initial": initial = try json.read()
            case "final": final = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("initial", initial)
        json.optional("final", final)
        json.members(unknownFields)
        json.endObject()
    }
}
