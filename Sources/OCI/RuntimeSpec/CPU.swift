extension RuntimeSpec {
    /// Processor time limits (config-linux.md § CPU).
    package struct CPU: JSONCodable, Equatable {
        /// The relative share under contention: 2 to 262144.
        package var shares: UInt64?
        /// Run time per period, in microseconds; −1 is no limit.
        package var quota: Int64?
        /// Unused run time that may be saved up, in microseconds.
        package var burst: UInt64?
        /// The period, in microseconds.
        package var period: UInt64?
        /// Realtime run time per period, in microseconds; cgroup v1.
        package var realtimeRuntime: Int64?
        /// The realtime period, in microseconds; cgroup v1.
        package var realtimePeriod: UInt64?
        /// Processors that may be used: "0-3,7".
        package var cpus: String?
        /// Memory nodes that may be used: "0-1".
        package var mems: String?
        /// 1 makes the cgroup SCHED_IDLE: `cpu.idle`.
        package var idle: Int64?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            shares: UInt64? = nil,
            quota: Int64? = nil,
            burst: UInt64? = nil,
            period: UInt64? = nil,
            realtimeRuntime: Int64? = nil,
            realtimePeriod: UInt64? = nil,
            cpus: String? = nil,
            mems: String? = nil,
            idle: Int64? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.shares = shares
            self.quota = quota
            self.burst = burst
            self.period = period
            self.realtimeRuntime = realtimeRuntime
            self.realtimePeriod = realtimePeriod
            self.cpus = cpus
            self.mems = mems
            self.idle = idle
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.CPU {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "shares": shares = try json.read()
            case "quota": quota = try json.read()
            case "burst": burst = try json.read()
            case "period": period = try json.read()
            case "realtimeRuntime": realtimeRuntime = try json.read()
            case "realtimePeriod": realtimePeriod = try json.read()
            case "cpus": cpus = try json.read()
            case "mems": mems = try json.read()
            case "idle": idle = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("shares", shares)
        json.optional("quota", quota)
        json.optional("burst", burst)
        json.optional("period", period)
        json.optional("realtimeRuntime", realtimeRuntime)
        json.optional("realtimePeriod", realtimePeriod)
        json.optional("cpus", cpus)
        json.optional("mems", mems)
        json.optional("idle", idle)
        json.members(unknownFields)
        json.endObject()
    }
}
